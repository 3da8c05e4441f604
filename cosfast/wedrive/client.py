"""`Client`: WeDrive's calls, and `upload` and `download`, which make the most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from cosfast.errors import InputError
from cosfast.transfer.cancellation import Cancellation
from cosfast.transfer.context import TransferContext
from cosfast.transfer.http import HttpClient
from cosfast.transfer.journal import DEFAULT_JOURNAL, DefaultJournal, Journal, journal_of
from cosfast.transfer.options import DownloadOptions
from cosfast.transfer.retry import RetryPolicy
from cosfast.transfer.urls import check_endpoint
from cosfast.wedrive import operations
from cosfast.wedrive.download import DownloadResult, download
from cosfast.wedrive.protocol import files
from cosfast.wedrive.protocol.files import MAX_PAGE_SIZE
from cosfast.wedrive.protocol.targets import Document, Folder, upload_target
from cosfast.wedrive.service import WeDriveService
from cosfast.wedrive.token import token_source
from cosfast.wedrive.upload import DocumentUploadResult, UploadOptions, UploadResult, upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import requests

    from cosfast.transfer.cancellation import CancelToken
    from cosfast.wedrive.protocol.files import DriveEntry
    from cosfast.wedrive.token import CorpToken

ENDPOINT = "https://qyapi.weixin.qq.com"
"""The service's own."""


class Client:
    """Talks to WeDrive and WeDoc for one app of a corporation; threads may share it.

    A context manager: leaving it closes its connections.

    Args:
        token: A `CorpToken`; or an access token; or a function that returns one, which is called
            for each request and does its own caching.
        endpoint: Another server in the place of the service's own, such as an emulator's.
        session: A `requests.Session` to send with; it is not closed here.
        retry: The policy for every call.
        timeout: Seconds to connect, and seconds to wait for bytes: one number for both, or a
            tuple of two.
        journal: Remembers lists, and uploads that are not finished, from one run to the next; by
            default a file in the user's cache folder. None remembers nothing.

    Raises:
        InputError: If an argument is not usable.
    """

    def __init__(
        self,
        token: CorpToken | str | Callable[[], str],
        *,
        endpoint: str | None = None,
        session: requests.Session | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        timeout: float | tuple[float, float] = (10.0, 60.0),
        journal: Journal | DefaultJournal | None = DEFAULT_JOURNAL,
    ) -> None:
        tokens = token_source(token)
        self.endpoint: str = check_endpoint(ENDPOINT if endpoint is None else endpoint)
        self.journal: Journal = journal_of(journal)
        if not isinstance(retry, RetryPolicy):
            raise InputError(f"retry must be a RetryPolicy, not {type(retry).__name__}")
        self._http = HttpClient(self.endpoint, session=session, timeout=timeout)
        cancellation = Cancellation()
        self.context = TransferContext(
            self._http,
            WeDriveService(self._http, tokens, retry, cancellation),
            retry,
            self.journal,
            cancellation,
        )

    def upload(
        self,
        source: Any,
        *,
        spaceid: str | None = None,
        fatherid: str | None = None,
        selected_ticket: str | None = None,
        name: str | None = None,
        skip_push_card: bool = False,
        concurrency: int = 8,
        progress: Callable[[int], object] | None = None,
        hash_progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
    ) -> UploadResult:
        """Upload a file to a space, sending no byte that the service has already.

        Up to 7.5 MiB go in one call, unless `skip_push_card` is set, which that call does not
        know. More goes in blocks of 2 MiB: one call to open the upload, one for each block, one to
        finish. An upload that was not finished is resumed, also if its process was killed: the
        journal knows the blocks that were acknowledged.

        Args:
            source: A path, a bytes-like object, or a binary file, taken from its present position
                to its end; what cannot seek, such as a pipe, is copied to a temporary file first.
            spaceid: The space. Give either this or `selected_ticket`.
            fatherid: The folder's fileid; by default the spaceid, which is the space's root.
            selected_ticket: A folder that the user chose in the file picker.
            name: The file's name, at most 255 wide: an ASCII character counts 1, any other 2. By
                default the source's own.
            skip_push_card: Do not send the members a card when the file is there.
            concurrency: Blocks in flight, from 1 to 10.
            progress: Called with each number of bytes that the service has acknowledged; negative
                if they have to be sent again.
            hash_progress: Called with each number of bytes hashed before the upload starts.
            max_rate: Bytes a second at most, as they are sent, over all connections.
            deadline: Seconds that all of it may take.
            cancel: Stops it from another thread.

        Raises:
            InputError: If an argument is not usable, or the source is empty or above 20 GiB.
            OSError: If the source cannot be opened or read.
            SourceChanged: If it changed meanwhile; nothing counts as uploaded then.
            wedrive.QuotaError: If the month's calls are used up; the same call later resumes.
            wedrive.UnconfirmedError: If an answer was lost, and whether the file is there cannot
                be looked up, as with a ticket.
            wedrive.WeDriveError: What else the service refuses.
            Cancelled: By `cancel`.
            DeadlineExceeded: By `deadline`.
            CosError: What else the way to the service comes to.
        """
        target = upload_target(spaceid, fatherid, selected_ticket)
        options = UploadOptions(
            skip_push_card=skip_push_card,
            concurrency=concurrency,
            progress=progress,
            hash_progress=hash_progress,
            max_rate=max_rate,
            deadline=deadline,
            cancel=cancel,
        )
        return UploadResult(*upload(self.context, source, target, name, options))

    def upload_document_file(
        self,
        source: Any,
        *,
        docid: str,
        name: str | None = None,
        concurrency: int = 8,
        progress: Callable[[int], object] | None = None,
        hash_progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
    ) -> DocumentUploadResult:
        """Upload a file to a document of WeDoc, always in blocks; the rest is as for `upload`.

        Args:
            source: As for `upload`.
            docid: The document.
            name: As for `upload`, and so are the rest.
            concurrency: Blocks in flight, from 1 to 10.
            progress: Called with each number of bytes acknowledged.
            hash_progress: Called with each number of bytes hashed.
            max_rate: Bytes a second at most.
            deadline: Seconds that all of it may take.
            cancel: Stops it from another thread.

        Raises:
            CosError: As `upload` does.
        """
        options = UploadOptions(
            concurrency=concurrency,
            progress=progress,
            hash_progress=hash_progress,
            max_rate=max_rate,
            deadline=deadline,
            cancel=cancel,
        )
        report = upload(self.context, source, Document(docid), name, options)
        return DocumentUploadResult(*report)

    def list(
        self,
        spaceid: str,
        fatherid: str | None = None,
        *,
        sort_type: int = 1,
        page_size: int = MAX_PAGE_SIZE,
    ) -> Iterator[DriveEntry]:
        """Return what is in a folder, fetched a page at a time as it is needed.

        Args:
            spaceid: The space.
            fatherid: The folder; by default the space's root.
            sort_type: By name (1, descending 2), size (3, 4) or time (5, 6).
            page_size: Entries asked for at a time, up to 1000; each page is a call.

        Raises:
            InputError: If an argument is not usable; at once. The rest, while it is read:
            AnswerError: If the service's list goes round and does not end, among others.
            CosError: As `upload` does.
        """
        folder = Folder(spaceid, fatherid or "")
        files.file_list(folder, limit=page_size, sort_type=sort_type)
        return operations.list_folder(self.context, folder, sort_type, page_size)

    def info(self, fileid: str) -> DriveEntry:
        """Ask what the service knows of a file or a folder.

        Raises:
            wedrive.NotFoundError: If there is none.
            CosError: As `upload` does.
        """
        return self.context.call(files.file_info(fileid))

    def download(
        self,
        fileid: str,
        target: Any,
        *,
        overwrite: bool = True,
        concurrency: int = 4,
        progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
        verify: bool = True,
        known: DriveEntry | None = None,
    ) -> DownloadResult:
        """Download a file, whole and checked against the SHA-1 that the service has of it.

        It takes two calls; a further one every two hours, when the file's URL expires.

        Args:
            fileid: The file.
            target: A path; or a binary file, written in order from its present position. A file
                gets its name only when it is whole; one that was interrupted is resumed.
            overwrite: Replace a file that is at the path; else that is an error.
            concurrency: Ranges in flight, from 1.
            progress: Called with each number of bytes that are here; negative if they have to
                come again.
            max_rate: Bytes a second at most, over all connections of this download.
            deadline: Seconds that all of it may take.
            cancel: Stops it from another thread.
            verify: Compare the SHA-1; without, nothing is hashed and nothing is resumed.
            known: What `info` or `list` said of it, which saves a call.

        Raises:
            InputError: If an argument is not usable, or the fileid is a folder's or an online
                document's.
            OSError: If the target cannot be written; FileExistsError if it is there and not to be
                replaced.
            wedrive.NotFoundError: If there is no such file.
            IntegrityError: If the content does not have the SHA-1.
            CosError: As `upload` does.
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
        return download(self.context, fileid, target, options, known)

    def create_space(self, name: str, *, managers: Sequence[str] = ()) -> str:
        """Make a space, which belongs to the app; return its spaceid: keep it, no call lists them.

        Args:
            name: Its name.
            managers: The userids of up to three people who see the space and manage it. Without
                any, only the app has access to it.

        Raises:
            InputError: If an argument is not usable.
            wedrive.UnconfirmedError: If the answer was lost; the space may be there.
            CosError: As `upload` does.
        """
        return operations.create_space(self.context, name, managers)

    def create_folder(self, name: str, *, spaceid: str, fatherid: str | None = None) -> str:
        """Make a folder; return its fileid.

        Args:
            name: Its name.
            spaceid: The space.
            fatherid: The folder that it is in; by default the space's root.

        Raises:
            CosError: As `upload` does.
        """
        return operations.create_folder(self.context, Folder(spaceid, fatherid or ""), name)

    def rename(self, fileid: str, name: str) -> None:
        """Give a file or a folder another name.

        Raises:
            CosError: As `upload` does.
        """
        self.context.call(files.file_rename(fileid, name))

    def move(self, *fileids: str, fatherid: str, replace: bool = False) -> None:
        """Move files or folders to another folder, in one call.

        Args:
            fileids: What to move.
            fatherid: The folder to move them to.
            replace: Replace what has their names there; else they get a number: ``name(1).ext``.

        Raises:
            CosError: As `upload` does.
        """
        self.context.call(files.file_move(fileids, fatherid, replace=replace))

    def delete(self, *fileids: str) -> None:
        """Delete files or folders, in one call.

        Raises:
            wedrive.NotFoundError: If one is not there.
            CosError: As `upload` does.
        """
        operations.delete(self.context, fileids)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cosfast.wedrive.Client at {self.endpoint}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a WeDrive client does not pickle, as its secrets would: make one there")
