"""Downloads from PDS: requests for ranges, with a signed URL that is renewed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.errors import AnswerError
from cosfast.pds.protocol import calls, values
from cosfast.pds.urls import ContentUrl
from cosfast.transfer import download as engine
from cosfast.transfer.download_ranges import RemoteFile

if TYPE_CHECKING:
    from cosfast.pds.protocol.messages import ContentRequest
    from cosfast.transfer.context import TransferContext
    from cosfast.transfer.options import DownloadOptions

URL_SECONDS = 15 * 60
"""Requested lifetime of a download URL in seconds; a longer download fetches further URLs."""


@dataclass(frozen=True)
class DownloadResult:
    """A completed download.

    Attributes:
        target: The target that was given.
        size: Size in bytes.
        algorithm: Hash algorithm by which the content was compared.
        digest: Hash of the downloaded bytes, in lower-case hex; empty if nothing was hashed.
        resumed_bytes: Bytes that an earlier, interrupted download had received.
        received_bytes: Bytes of content that this call received.
        existed: Whether a file of this content existed at the target and was left as it is.
    """

    target: Any
    size: int
    algorithm: str
    digest: str
    resumed_bytes: int
    received_bytes: int
    existed: bool = False


def download(
    client_context: TransferContext,
    drive_id: str,
    file_id: str,
    target: Any,
    options: DownloadOptions,
) -> DownloadResult:
    """Download a file to `target`; see `Client.download`."""
    values.check_id("file_id", file_id)
    engine.check_target(target)
    place = f"pds://{drive_id}/{file_id}"
    with client_context.transfer(
        progress=options.progress,
        max_rate=options.max_rate,
        deadline=options.deadline,
        cancel=options.cancel,
    ) as context:
        found = context.call(calls.get(place, drive_id=drive_id, file_id=file_id))
        if found.is_folder or found.size is None or found.status not in {"", "available"}:
            raise AnswerError("it is not a whole file", operation="download", target=place)
        url_request = calls.get_download_url(
            place, drive_id=drive_id, file_id=file_id, expire_sec=URL_SECONDS
        )
        url = ContentUrl(lambda: context.call(url_request), URL_SECONDS)

        def request(start: int, length: int) -> ContentRequest:
            url.ensure()
            return calls.download(place, url, start, length)

        algorithm = "sha1" if found.sha256 is None else "sha256"
        file = RemoteFile(place, found.size, found.sha1 or found.sha256, request, algorithm)
        outcome = engine.download(
            context,
            file,
            target,
            max_workers=options.concurrency,
            overwrite=bool(options.overwrite),
            verify=options.verify,
        )
    return DownloadResult(target, file.size, found.content_hash_name, *outcome)
