"""Downloads from WeDrive: requests for ranges, with a URL and cookie that are renewed."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NoReturn

from cosfast.errors import AnswerError, InputError
from cosfast.transfer import download as engine
from cosfast.transfer.download_ranges import RemoteFile
from cosfast.transfer.ranges import byte_range
from cosfast.transfer.request import HttpRequest
from cosfast.wedrive.protocol.files import file_download, file_info
from cosfast.wedrive.protocol.messages import ANSWER_LIMIT
from cosfast.wedrive.protocol.targets import check_fileid
from cosfast.wedrive.service import WeDriveService, counted
from cosfast.wedrive.shared import SharedValue

if TYPE_CHECKING:
    from cosfast.errors import RequestError
    from cosfast.transfer.context import TransferContext
    from cosfast.transfer.options import DownloadOptions
    from cosfast.transfer.request import HttpResponse
    from cosfast.wedrive.protocol.files import DownloadLocation, DriveEntry

LOCATION_LIFETIME = 6600.0
"""Seconds that a download URL is used; by the documentation it is valid for 2 hours."""

_RENEWALS = 2
_FORBIDDEN = 403
_SERVER_FAILURES = range(500, 600)


@dataclass(frozen=True)
class DownloadResult:
    """A completed download.

    Attributes:
        target: The target that was given.
        name: Name of the file in the drive.
        size: Size in bytes.
        sha1: SHA-1 of the downloaded bytes, 40 hex digits; empty if nothing was hashed.
        resumed_bytes: Bytes that an earlier, interrupted download had received.
        received_bytes: Bytes of content that this call received.
        calls: Number of API calls; requests for ranges of the file do not count.
        existed: Whether a file of this content existed at the target and was left as it is.
    """

    target: Any
    name: str
    size: int
    sha1: str
    resumed_bytes: int
    received_bytes: int
    calls: int
    existed: bool = False


def download(
    client_context: TransferContext,
    fileid: str,
    target: Any,
    options: DownloadOptions,
    known: DriveEntry | None,
) -> DownloadResult:
    """Download a file; see `Client.download`."""
    check_fileid(fileid)
    engine.check_target(target)
    with client_context.transfer(
        progress=options.progress,
        max_rate=options.max_rate,
        deadline=options.deadline,
        cancel=options.cancel,
    ) as transfer:
        context, calls = counted(transfer)
        found = context.call(file_info(fileid)) if known is None else known
        outcome = engine.download(
            _with_location(context, fileid),
            _remote_file(found),
            target,
            max_workers=options.concurrency,
            overwrite=bool(options.overwrite),
            verify=options.verify,
        )
    digest, resumed, received, existed = outcome
    return DownloadResult(
        target, found.name, found.size, digest, resumed, received, calls.count, existed
    )


def _remote_file(found: DriveEntry) -> RemoteFile:
    if not found.is_file:
        kind = "a folder" if found.is_folder else "an online document"
        raise InputError(
            f"{found.name} ({found.fileid}) is {kind}; only regular files can be downloaded"
        )
    target = f"wedrive:{found.fileid}"
    return RemoteFile(
        target=target,
        size=found.size,
        digest=found.sha1,
        request=lambda start, length: _RangeRequest(target, start, length),
    )


@dataclass(frozen=True)
class _RangeRequest:
    """A request for a range of a file; its URL is looked up for each attempt."""

    target: str
    start: int
    length: int
    operation: str = "wedrive/download"
    answer_limit: int = ANSWER_LIMIT

    def read_response(self, response: HttpResponse) -> NoReturn:
        """Raise the error for a response without content."""
        raise AnswerError(
            "the server does not send the content of the file",
            operation=self.operation,
            target=self.target,
            http_status=response.status,
            lost=response.status in _SERVER_FAILURES,
        )


@dataclass(frozen=True)
class _DownloadService(WeDriveService):
    """The service, extended by requests for the ranges of one file.

    Attributes:
        fileid: Fileid of the file.
        location: URL and cookie of the content, shared by the threads of the download.
    """

    fileid: str = ""
    location: SharedValue[DownloadLocation] = field(default_factory=SharedValue)

    def encode(self, request: Any) -> HttpRequest:
        """Return a request for one attempt; for a range, with the current URL of the file."""
        if not isinstance(request, _RangeRequest):
            return super().encode(request)
        location = self.location.get(self._locate, self.cancellation.check_going)
        return HttpRequest(
            "GET",
            location.url,
            headers={
                "Cookie": location.cookie,
                "Range": byte_range(request.start, request.length),
            },
        )

    def is_retryable(self, error: RequestError, tried: HttpRequest | None) -> bool:
        """Return whether the request may be retried; drop the URL if it has expired."""
        cookie = None if tried is None else tried.headers.get("Cookie")
        if cookie is None or error.http_status != _FORBIDDEN:
            return super().is_retryable(error, tried)
        self.location.drop(lambda location: location.cookie == cookie)
        return error.tries_alike <= _RENEWALS

    def _locate(self) -> tuple[DownloadLocation, float]:
        return self.call_first(file_download(self.fileid)), LOCATION_LIFETIME


def _with_location(context: TransferContext, fileid: str) -> TransferContext:
    service: Any = context.service
    own = _DownloadService(
        service.http,
        service.tokens,
        service.retry,
        service.cancellation,
        service.calls,
        fileid=fileid,
    )
    return replace(context, service=own)
