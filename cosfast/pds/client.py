"""`Client`: uploads, downloads and what is around them, on one drive of a PDS domain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cosfast.errors import AnswerError, InputError
from cosfast.parsing import shown
from cosfast.pds.download import DownloadResult, download
from cosfast.pds.errors import ExistsError, NotFoundError
from cosfast.pds.options import UploadOptions, UploadResult
from cosfast.pds.protocol import calls, values
from cosfast.pds.protocol.values import MAX_PAGE_SIZE, ROOT, File
from cosfast.pds.service import PdsService, Token
from cosfast.pds.upload import upload
from cosfast.transfer.context import TransferContext
from cosfast.transfer.http import HttpClient
from cosfast.transfer.journal import DEFAULT_JOURNAL, DefaultJournal, Journal, journal_of
from cosfast.transfer.options import DownloadOptions
from cosfast.transfer.retry import RetryPolicy
from cosfast.transfer.urls import check_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import requests

    from cosfast.transfer.cancellation import CancelToken

ENDPOINT = "https://{domain_id}.api.aliyunpds.com"
"""Where a domain is reached."""

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class Client:
    """Talks to one domain of PDS about one drive. Threads may share it.

    A context manager: leaving it closes its connections.

    Args:
        domain_id: The domain, reached at ``https://DOMAIN.api.aliyunpds.com``.
        token: The access token, or a callable that returns a valid one: it is called again when
            the server says that a token has expired. Any thread may call it, one at a time.
        drive_id: The drive.
        endpoint: An address in the domain's place, such as an emulator's.
        session: A `requests.Session` to send with; it is not closed here.
        retry: The policy for every request.
        timeout: Seconds to connect, and seconds to wait for bytes: one number for both, or a
            tuple of two.
        journal: Remembers parts lists and unfinished uploads from one run to the next; by default
            a file in the user's cache folder, None remembers nothing.

    Raises:
        InputError: If neither domain nor endpoint is given, or an argument is malformed.
    """

    def __init__(
        self,
        domain_id: str | None = None,
        *,
        token: str | Callable[[], str],
        drive_id: str,
        endpoint: str | None = None,
        session: requests.Session | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        timeout: float | tuple[float, float] = (10.0, 60.0),
        journal: Journal | DefaultJournal | None = DEFAULT_JOURNAL,
    ) -> None:
        self.drive_id: str = values.check_id("drive_id", drive_id)
        self.endpoint: str = _api_base(domain_id, endpoint)
        self.journal: Journal = journal_of(journal)
        self._http = HttpClient(self.endpoint, session=session, timeout=timeout)
        self.context: TransferContext = TransferContext(
            http=self._http,
            service=PdsService(Token(token), self.endpoint),
            retry=retry,
            journal=self.journal,
        )

    def upload(
        self,
        source: Any,
        *,
        name: str | None = None,
        parent_file_id: str = ROOT,
        check_name_mode: str = "ignore",
        content_type: str = "",
        part_size: int | None = None,
        concurrency: int = 5,
        algorithm: str = "sha1",
        pre_hash: bool = False,
        progress: Callable[[int], object] | None = None,
        hash_progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
    ) -> UploadResult:
        """Upload a file, whole and compared, sending no part that the server holds already.

        The file is hashed once. If the server has its content already, no byte is sent; else its
        parts go side by side in any order, each with the hash's chaining state before it. An
        upload that was interrupted is resumed by the same call.

        Args:
            source: A path, a bytes-like object, or a binary file, taken from its present position
                to its end; what cannot seek, as a pipe, is copied to a temporary file first.
            name: The name on the drive; by default the source's own.
            parent_file_id: The folder.
            check_name_mode: What happens if the name is taken: ``"ignore"``: two files have it;
                ``"auto_rename"``: the new one gets another; ``"refuse"``: an `ExistsError`.
            content_type: The file's media type; by default none is told.
            part_size: Bytes in each part but the last, a multiple of 64; the service takes 100 KB
                to 5 GB. By default 50 MiB, or what makes 9,000 parts of a larger file.
            concurrency: Parts in flight.
            algorithm: ``"sha1"`` or ``"sha256"``, as the domain hashes its files.
            pre_hash: Ask first whether the server knows how the file begins. If it does not, parts
                leave while the rest is still being hashed: for large files that are likely to
                be new. Until all is hashed, such an upload cannot be resumed.
            progress: Called with each number of bytes that the server has acknowledged; negative
                if they have to be sent again.
            hash_progress: Called with each number of bytes hashed.
            max_rate: Bytes a second at most, over all connections of this upload.
            deadline: Seconds that all of it may take.
            cancel: Stops it from another thread.

        Raises:
            InputError: If an argument makes no sense.
            OSError: If the source cannot be opened or read.
            SourceChanged: If it changed meanwhile; nothing counts as uploaded then.
            ExistsError: If the name is taken, with ``"refuse"``.
            PdsError: What else the server refuses.
            Cancelled: By `cancel`.
            DeadlineExceeded: By `deadline`. What the server has by then can be resumed.
            CosError: What else goes wrong on the way.
        """
        options = UploadOptions(
            check_name_mode=check_name_mode,
            content_type=content_type,
            part_size=part_size,
            algorithm=algorithm,
            pre_hash=pre_hash,
            concurrency=concurrency,
            progress=progress,
            hash_progress=hash_progress,
            max_rate=max_rate,
            deadline=deadline,
            cancel=cancel,
        )
        return upload(
            self.context,
            source,
            options,
            drive_id=self.drive_id,
            parent_file_id=parent_file_id,
            name=name,
        )

    def download(
        self,
        file_id: str,
        target: Any,
        *,
        overwrite: bool = False,
        concurrency: int = 4,
        progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
        verify: bool = True,
    ) -> DownloadResult:
        """Download a file, whole, and compare its hash with the server's.

        A path gets the file only once all of it is here and right; an interrupted download is
        resumed by the same call.

        Args:
            file_id: The file.
            target: A path, or a file open for writing bytes.
            overwrite: Whether to replace an existing file of different content at the path;
                otherwise it is an error. A file of the same content stays as it is.
            concurrency: Ranges in flight.
            progress: Called with each number of bytes received; negative if they have to be
                received again.
            max_rate: Bytes a second at most.
            deadline: Seconds that all of it may take.
            cancel: Stops it from another thread.
            verify: Compare the hash; without, nothing is hashed and nothing is resumed.

        Raises:
            InputError: If an argument makes no sense.
            OSError: If the target cannot be written; FileExistsError if it exists with different
                content and `overwrite` is false.
            NotFoundError: If there is no such file.
            IntegrityError: If the content does not have the server's hash.
            CosError: What else the server or the way to it comes to.
        """
        options = DownloadOptions(
            overwrite=overwrite,
            concurrency=concurrency,
            progress=progress,
            max_rate=max_rate,
            deadline=deadline,
            cancel=cancel,
            verify=verify,
        )
        return download(self.context, self.drive_id, file_id, target, options)

    def get(self, file_id: str) -> File:
        """Ask what the server knows of a file or a folder.

        Raises:
            NotFoundError: If there is none of that id.
            CosError: What else the server or the way to it comes to.
        """
        values.check_id("file_id", file_id)
        return self.context.call(
            calls.get(self._target(file_id), drive_id=self.drive_id, file_id=file_id)
        )

    def list(self, parent_file_id: str = ROOT, *, page_size: int = MAX_PAGE_SIZE) -> Iterator[File]:
        """Return what is in a folder, fetched a page at a time as it is needed.

        Args:
            parent_file_id: The folder; the drive's own by default.
            page_size: Entries asked for at a time, up to 100.

        Raises:
            InputError: If an argument makes no sense; at once. The rest, while it is read:
            NotFoundError: If there is no such folder.
            AnswerError: If the server's list does not end, among others.
            CosError: What else the server or the way to it comes to.
        """
        values.check_id("parent_file_id", parent_file_id)
        if type(page_size) is not int or not 1 <= page_size <= MAX_PAGE_SIZE:
            raise InputError(f"page_size must be from 1 to {MAX_PAGE_SIZE}, not {shown(page_size)}")
        return self._entries(parent_file_id, page_size)

    def create_folder(
        self, name: str, *, parent_file_id: str = ROOT, check_name_mode: str = "refuse"
    ) -> File:
        """Make a folder, and return it.

        Args:
            name: Its name.
            parent_file_id: The folder that it is made in.
            check_name_mode: As for `upload`; by default a name that is taken is refused.

        Raises:
            ExistsError: If the name is taken, with ``"refuse"``; its `file_id` says by what.
            CosError: What else the server or the way to it comes to.
        """
        values.check_id("parent_file_id", parent_file_id)
        request = calls.create_folder(
            f"{self._target(parent_file_id)}/{values.check_name(name)}",
            drive_id=self.drive_id,
            parent_file_id=parent_file_id,
            name=name,
            check_name_mode=values.check_name_mode(check_name_mode),
        )
        try:
            return self.get(self.context.call(request).file_id)
        except ExistsError as refusal:
            # An earlier try, whose response was lost, may have made it.
            found = None
            if refusal.tried_before and refusal.file_id:
                found = self.get(refusal.file_id)
            if found is None or not found.is_folder:
                raise
            return found

    def delete(self, file_id: str) -> None:
        """Delete a file, or a folder with all that is in it.

        Raises:
            NotFoundError: If there is none of that id.
            CosError: What else the server or the way to it comes to.
        """
        if values.check_id("file_id", file_id) == ROOT:
            raise InputError("the drive's own folder cannot be deleted")
        request = calls.delete(self._target(file_id), drive_id=self.drive_id, file_id=file_id)
        try:
            self.context.call(request)
        except NotFoundError as refusal:
            if not refusal.tried_before:  # else it may have gone by that try
                raise

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cosfast.pds.Client {self.endpoint} drive {self.drive_id}>"

    def _target(self, file_id: str) -> str:
        return f"pds://{self.drive_id}/{file_id}"

    def _entries(self, parent_file_id: str, page_size: int) -> Iterator[File]:
        marker, seen = "", {""}
        while True:
            request = calls.list_folder(
                self._target(parent_file_id),
                drive_id=self.drive_id,
                parent_file_id=parent_file_id,
                page_size=page_size,
                marker=marker,
            )
            page = self.context.call(request)
            yield from page.entries
            marker = page.next_marker
            if not marker:
                return
            if marker in seen:
                raise AnswerError(
                    "the list goes round and does not end",
                    operation=request.operation,
                    target=request.target,
                )
            seen.add(marker)


def _api_base(domain_id: str | None, endpoint: str | None) -> str:
    """Return what every URL of the API starts with.

    Raises:
        InputError: If neither is given, or one is malformed.
    """
    if domain_id is not None and (
        not isinstance(domain_id, str) or not _DOMAIN.fullmatch(domain_id)
    ):
        raise InputError(f"domain_id is a short name such as 'bj1', not {shown(domain_id)}")
    if endpoint is not None:
        return check_endpoint(endpoint)
    if domain_id is None:
        raise InputError("neither a domain_id nor an endpoint is given")
    return ENDPOINT.format(domain_id=domain_id)
