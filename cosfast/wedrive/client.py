"""`Client`: uploads, downloads and file operations of WeDrive and WeDoc."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

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
"""Endpoint of the service."""


class Client:
    """Client of WeDrive and WeDoc for one app of a corporation. Threads may share it.

    A context manager that closes its connections on exit.

    Args:
        token: A `CorpToken`, an access token, or a function that returns an access token. The
            function is called for each request and has to cache the token itself.
        endpoint: URL of a server to use instead of `ENDPOINT`, such as an emulator.
        session: A `requests.Session` to send requests with; `close` does not close it.
        retry: Retry policy of every call.
        timeout: Seconds to connect, and seconds to wait for bytes: one number for both, or a tuple
            of two.
        journal: Stores parts lists and unfinished uploads for later processes; by default in a file
            in the user's cache folder. None to store nothing.

    Raises:
        InputError: If an argument is not valid.
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
        self._http = HttpClient(self.endpoint, session=session, timeout=timeout)
        cancellation = Cancellation()
        self.context: TransferContext = TransferContext(
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
        """Upload a file to a space, without sending blocks that the service already has.

        Files of up to 7.5 MiB are uploaded in one call, unless `skip_push_card` is set, which that
        call does not support. Larger files are uploaded in blocks of 2 MiB: one call to open the
        upload, one for each block, and one to finish. An interrupted upload is resumed, even if the
        process was killed: the journal has the blocks that were acknowledged.

        Args:
            source: Path, bytes-like object, or binary file, which is read from its current position
                to its end. A source that cannot seek, such as a pipe, is copied to a temporary file
                first.
            spaceid: Id of the space. Either this or `selected_ticket` is required.
            fatherid: Fileid of the folder; by default the spaceid, which is the root of the space.
            selected_ticket: Ticket of a folder that the user chose in the file picker.
            name: Name of the file, with a width of at most 255: an ASCII character counts 1, any
                other 2. By default the name of the source.
            skip_push_card: Whether to suppress the card that members get about the new file.
            concurrency: Number of blocks in flight, from 1 to 10.
            progress: Called with numbers of bytes that the service acknowledged, or that were sent
                if one call sends all; negative if they must be sent again.
            hash_progress: Called with numbers of bytes hashed before the upload.
            max_rate: Bandwidth limit in bytes a second, over all connections of this upload.
            deadline: Seconds that the upload may take.
            cancel: Token that cancels the upload from another thread.

        Raises:
            InputError: If an argument is not valid, or the source is empty or larger than 20 GiB.
            OSError: If the source cannot be opened or read.
            SourceChanged: If the source changed during the upload, which is then not finished.
            wedrive.QuotaError: If the calls of this month are used up; the same call resumes the
                upload later.
            wedrive.UnconfirmedError: If a response was lost and the service has no call to check
                whether the file exists, as with a ticket.
            wedrive.WeDriveError: If the service refuses the upload for another reason.
            Cancelled: If `cancel` was used.
            DeadlineExceeded: If `deadline` was exceeded.
            CosError: If the connection fails in another way.
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
        """Upload a file to a document of WeDoc, in blocks; otherwise like `upload`.

        Args:
            source: As for `upload`.
            docid: Id of the document.
            name: As for `upload`.
            concurrency: Number of blocks in flight, from 1 to 10.
            progress: Called with numbers of bytes that the service acknowledged; negative if they
                must be sent again.
            hash_progress: Called with numbers of bytes hashed before the upload.
            max_rate: Bandwidth limit in bytes a second, over all connections of this upload.
            deadline: Seconds that the upload may take.
            cancel: Token that cancels the upload from another thread.

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
        """Iterate over the entries of a folder; pages are requested when they are needed.

        Args:
            spaceid: Id of the space.
            fatherid: Fileid of the folder; by default the root of the space.
            sort_type: Order: by name (1, descending 2), size (3, 4) or time (5, 6).
            page_size: Entries per page, up to 1000; each page takes one call.

        Raises:
            InputError: If an argument is not valid; at once. The other errors are raised by the
                iterator.
            AnswerError: If the service returns a page twice, so that the list would not end, or
                another response that is not valid.
            CosError: As `upload` does.
        """
        folder = Folder(spaceid, fatherid or "")
        files.file_list(folder, limit=page_size, sort_type=sort_type)
        return operations.list_folder(self.context, folder, sort_type, page_size)

    def info(self, fileid: str) -> DriveEntry:
        """Return the metadata of a file or folder.

        Raises:
            wedrive.NotFoundError: If it does not exist.
            CosError: As `upload` does.
        """
        return self.context.call(files.file_info(fileid))

    def download(
        self,
        fileid: str,
        target: Any,
        *,
        overwrite: bool = False,
        concurrency: int = 4,
        progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
        verify: bool = True,
        known: DriveEntry | None = None,
    ) -> DownloadResult:
        """Download a file and check it against the service's SHA-1.

        It takes two calls, and one more every two hours, when the URL of the file expires.

        Args:
            fileid: Fileid of the file.
            target: Path, or binary file that is written in order from its current position. A file
                at a path gets its name when it is complete; an interrupted download is resumed.
            overwrite: Whether to replace an existing file of different content at the path;
                otherwise it is an error. A file of the same content stays as it is.
            concurrency: Number of ranges in flight, at least 1.
            progress: Called with numbers of bytes that were received; negative if they must be
                received again.
            max_rate: Bandwidth limit in bytes a second, over all connections of this download.
            deadline: Seconds that the download may take.
            cancel: Token that cancels the download from another thread.
            verify: Whether to compare the SHA-1; without it, nothing is hashed or resumed.
            known: Result of `info`, or an entry of `list`, which saves a call.

        Raises:
            InputError: If an argument is not valid, or the fileid is that of a folder or an online
                document.
            OSError: If the target cannot be written; FileExistsError if it exists with different
                content and `overwrite` is false.
            wedrive.NotFoundError: If the file does not exist.
            IntegrityError: If the content does not match the SHA-1.
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
        """Create a folder and return its fileid.

        Args:
            name: Name of the folder.
            spaceid: Id of the space.
            fatherid: Fileid of the parent folder; by default the root of the space.

        Raises:
            CosError: As `upload` does.
        """
        return operations.create_folder(self.context, Folder(spaceid, fatherid or ""), name)

    def rename(self, fileid: str, name: str) -> None:
        """Rename a file or folder.

        Raises:
            CosError: As `upload` does.
        """
        self.context.call(files.file_rename(fileid, name))

    def move(self, *fileids: str, fatherid: str, replace: bool = False) -> None:
        """Move files or folders to another folder, in one call.

        Args:
            fileids: Fileids of the files and folders.
            fatherid: Fileid of the folder to move them to.
            replace: Whether to replace entries of the same names; otherwise the service adds a
                number to the names that are taken: ``name(1).ext``.

        Raises:
            CosError: As `upload` does.
        """
        self.context.call(files.file_move(fileids, fatherid, replace=replace))

    def delete(self, *fileids: str) -> None:
        """Delete files or folders, in one call.

        Raises:
            wedrive.NotFoundError: If one does not exist.
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
        raise TypeError(
            "a WeDrive client cannot be pickled, since it contains secrets: create one in the other"
            " process"
        )
