"""`Client`: uploads, downloads and file operations on one drive of a PDS domain."""

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
"""Endpoint of a domain."""

_DOMAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")


class Client:
    """Client of PDS for one drive of a domain. Threads may share it.

    A context manager that closes its connections on exit.

    Args:
        domain_id: Id of the domain, whose endpoint is ``https://DOMAIN.api.aliyunpds.com``.
        token: An access token, or a function that returns a valid one. The function is called
            again when the server refuses the token as expired or invalid. Any thread may call it,
            but only one at a time.
        drive_id: Id of the drive.
        endpoint: URL of a server to use instead of the domain's endpoint, such as an emulator.
        session: A `requests.Session` to send requests with; `close` does not close it.
        retry: Retry policy of every request.
        timeout: Seconds to connect, and seconds to wait for bytes: one number for both, or a tuple
            of two.
        journal: Stores parts lists and unfinished uploads for later processes; by default in a file
            in the user's cache folder. None to store nothing.

    Raises:
        InputError: If neither domain nor endpoint is given, or an argument is not valid.
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
        """Upload a file without sending parts that the server already has, and compare its hash.

        The file is hashed once. If the server already has its content, no byte is sent. Otherwise
        its parts are sent in parallel and in any order, each with the chaining state of the hash
        before it. An interrupted upload is resumed by the same call.

        Args:
            source: Path, bytes-like object, or binary file, which is read from its current position
                to its end. A source that cannot seek, such as a pipe, is copied to a temporary file
                first.
            name: Name of the file on the drive; by default the name of the source.
            parent_file_id: Id of the folder.
            check_name_mode: What to do if the name is taken: ``"ignore"`` creates a second file of
                that name, ``"auto_rename"`` gives the new file another name, and ``"refuse"``
                raises `ExistsError`.
            content_type: Media type of the file; by default none is sent.
            part_size: Bytes per part except the last, a multiple of 64; the service accepts 100 KB
                to 5 GB. By default 50 MiB, or more for a file that would exceed 9,000 parts.
            concurrency: Number of parts in flight.
            algorithm: ``"sha1"`` or ``"sha256"``: the hash that the domain uses for its files.
            pre_hash: Whether to ask the server first if it knows the beginning of the file. If it
                does not, parts are sent while the rest is still being hashed. It is meant for large
                files that are likely to be new. Until the whole file is hashed, such an upload
                cannot be resumed.
            progress: Called with numbers of bytes that the server acknowledged; negative if they
                must be sent again.
            hash_progress: Called with numbers of bytes hashed.
            max_rate: Bandwidth limit in bytes a second, over all connections of this upload.
            deadline: Seconds that the upload may take.
            cancel: Token that cancels the upload from another thread.

        Raises:
            InputError: If an argument is not valid.
            OSError: If the source cannot be opened or read.
            SourceChanged: If the source changed during the upload, which then does not count as
                completed.
            ExistsError: If the name is taken and `check_name_mode` is ``"refuse"``.
            PdsError: If the server refuses the upload for another reason.
            Cancelled: If `cancel` was used.
            DeadlineExceeded: If `deadline` was exceeded; the parts that the server has by then can
                be resumed.
            CosError: If the upload fails in another way.
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
        """Download a file and check it against the server's hash.

        A file at a path gets its name when it is complete and verified; an interrupted download is
        resumed by the same call.

        Args:
            file_id: Id of the file.
            target: Path, or binary file that is open for writing.
            overwrite: Whether to replace an existing file of different content at the path;
                otherwise it is an error. A file of the same content stays as it is.
            concurrency: Number of ranges in flight.
            progress: Called with numbers of bytes that were received; negative if they must be
                received again.
            max_rate: Bandwidth limit in bytes a second, over all connections of this download.
            deadline: Seconds that the download may take.
            cancel: Token that cancels the download from another thread.
            verify: Whether to compare the hash; without it, nothing is hashed or resumed.

        Raises:
            InputError: If an argument is not valid.
            OSError: If the target cannot be written; FileExistsError if it exists with different
                content and `overwrite` is false.
            NotFoundError: If the file does not exist.
            IntegrityError: If the content does not match the server's hash.
            CosError: If the download fails in another way.
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
        """Return the metadata of a file or folder.

        Raises:
            NotFoundError: If it does not exist.
            CosError: If the call fails in another way.
        """
        values.check_id("file_id", file_id)
        return self.context.call(
            calls.get(self._target(file_id), drive_id=self.drive_id, file_id=file_id)
        )

    def list(self, parent_file_id: str = ROOT, *, page_size: int = MAX_PAGE_SIZE) -> Iterator[File]:
        """Iterate over the entries of a folder; pages are requested when they are needed.

        Args:
            parent_file_id: Id of the folder; by default the root of the drive.
            page_size: Entries per page, up to 100.

        Raises:
            InputError: If an argument is not valid; at once. The other errors are raised by the
                iterator.
            NotFoundError: If the folder does not exist.
            AnswerError: If the server repeats a page marker, so that the list would not end, or
                returns another response that is not valid.
            CosError: If a call fails in another way.
        """
        values.check_id("parent_file_id", parent_file_id)
        if type(page_size) is not int or not 1 <= page_size <= MAX_PAGE_SIZE:
            raise InputError(f"page_size must be from 1 to {MAX_PAGE_SIZE}, not {shown(page_size)}")
        return self._entries(parent_file_id, page_size)

    def create_folder(
        self, name: str, *, parent_file_id: str = ROOT, check_name_mode: str = "refuse"
    ) -> File:
        """Create a folder and return it.

        Args:
            name: Name of the folder.
            parent_file_id: Id of the parent folder.
            check_name_mode: As for `upload`; by default a name that is taken is refused.

        Raises:
            ExistsError: If the name is taken and `check_name_mode` is ``"refuse"``; its `file_id`
                is the id of the existing entry.
            CosError: If the call fails in another way.
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
            # An earlier attempt, whose response was lost, may have created it.
            found = None
            if refusal.tried_before and refusal.file_id:
                found = self.get(refusal.file_id)
            if found is None or not found.is_folder:
                raise
            return found

    def delete(self, file_id: str) -> None:
        """Delete a file, or a folder with everything in it.

        Raises:
            NotFoundError: If it does not exist.
            CosError: If the call fails in another way.
        """
        if values.check_id("file_id", file_id) == ROOT:
            raise InputError("the drive's own folder cannot be deleted")
        request = calls.delete(self._target(file_id), drive_id=self.drive_id, file_id=file_id)
        try:
            self.context.call(request)
        except NotFoundError as refusal:
            if not refusal.tried_before:  # otherwise an earlier attempt may have deleted it
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
    """Return the base URL of the API.

    Raises:
        InputError: If neither is given, or one is not valid.
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
