"""`Client`: the operations of COS v4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from cosfast.cosv4 import objects as operations
from cosfast.cosv4.download import DownloadResult, download, read
from cosfast.cosv4.listing import list_folder, walk
from cosfast.cosv4.many import Outcome, UploadJob, upload_many
from cosfast.cosv4.protocol import mutations, objects, slices
from cosfast.cosv4.protocol.addresses import ObjectAddress, api_base, download_url, require_file
from cosfast.cosv4.protocol.listing import MAX_PAGE_SIZE
from cosfast.cosv4.service import CosService
from cosfast.cosv4.upload import UploadOptions, upload
from cosfast.deprecation import renamed_keywords
from cosfast.transfer.context import TransferContext
from cosfast.transfer.http import HttpClient
from cosfast.transfer.journal import DEFAULT_JOURNAL, DefaultJournal, Journal, journal_of
from cosfast.transfer.options import DownloadOptions
from cosfast.transfer.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Executor

    import requests

    from cosfast.cosv4.credentials import Credentials
    from cosfast.cosv4.protocol.listing import UnreadableEntry
    from cosfast.cosv4.protocol.messages import Request
    from cosfast.cosv4.protocol.stats import Authority, ObjectStat
    from cosfast.cosv4.upload import UploadResult
    from cosfast.parts.model import UploadParts
    from cosfast.transfer.cancellation import CancelToken


T = TypeVar("T")


_REGION_ADVICE = (
    "check the region, which in COS v4 is a short name such as 'gz', 'sh' or 'tj', and the network"
)


class Client:
    """A client of one account in one region or at one endpoint. Thread-safe.

    A context manager, which closes the connections when it exits.

    Args:
        credentials: Account and key that sign every request.
        region: Short name of the region, such as ``gz``. Requests use HTTPS and verify
            certificates.
        endpoint: Base URL to use instead of a region, such as the emulator's.
        session: `requests.Session` that sends the requests; the client does not close it.
        retry: Retry policy of every request.
        timeout: Connect and read timeout in seconds: one number for both, or a tuple of two. The
            read timeout is also exceeded if the server sends or receives less than 1,024 bytes a
            second on average over its duration.
        journal: Stores parts lists and unfinished uploads between runs. Default: a file in the
            user's cache folder; None stores nothing.

    Raises:
        InputError: If neither region nor endpoint is given, if one is malformed, or if the
            timeout is not positive.
    """

    def __init__(
        self,
        credentials: Credentials,
        *,
        region: str | None = None,
        endpoint: str | None = None,
        session: requests.Session | None = None,
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 - immutable
        timeout: float | tuple[float, float] = (10.0, 60.0),
        journal: Journal | DefaultJournal | None = DEFAULT_JOURNAL,
    ) -> None:
        self.credentials = credentials
        self._settings = {
            "region": region,
            "endpoint": endpoint,
            "session": session,
            "retry": retry,
            "timeout": timeout,
        }
        self.endpoint: str = api_base(region, endpoint)
        self.journal: Journal = journal_of(journal)
        self._http = HttpClient(
            self.endpoint,
            session=session,
            timeout=timeout,
            host_advice="check the endpoint and the network" if endpoint else _REGION_ADVICE,
        )
        self.context: TransferContext = TransferContext(
            http=self._http,
            service=CosService(credentials, self.endpoint),
            retry=retry,
            journal=self.journal,
        )

    def upload(
        self,
        source: Any,
        bucket: str,
        path: str,
        *,
        overwrite: bool = False,
        biz_attr: str = "",
        integrity: str = "parts",
        slice_size: int = slices.PARTS_SLICE_SIZE,
        concurrency: int = 8,
        progress: Callable[[int], object] | None = None,
        hash_progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
    ) -> UploadResult:
        """Upload a file, without sending content that the server already has.

        A file of up to 8 MiB goes in one request, a larger one in slices (PROTOCOL.md, section 4),
        up to `concurrency` at a time. An unfinished upload of the same content is resumed, also one
        of another process. Missing folders are created.

        Args:
            source: Path, bytes-like object or binary file, which is read from its current position
                to its end. A source that cannot seek, such as a pipe, is first copied to a
                temporary file.
            bucket: Name of the bucket.
            path: Path in the bucket.
            overwrite: Whether to replace an existing file or an unfinished upload of different
                content; otherwise both are errors. A file of the same content stays as it is.
            biz_attr: Text attribute of the file. If a file of the same content exists and
                `overwrite` is false, that file keeps its own.
            integrity: ``"parts"``: hash everything first; the server checks every slice, and may
                already have the content. ``"stream"``: read the source once and hash slices while
                they are sent; compare the server's SHA-1 at the end. ``"none"``: hash and check
                nothing. Only ``"parts"`` resumes an upload without sending its slices again.
            slice_size: Bytes in a slice; 1048576 with ``"parts"``, otherwise one of the four sizes
                of the protocol.
            concurrency: Number of slices in flight, at least 1.
            progress: Called with numbers of bytes that the server has acknowledged, or that have
                been sent if all go in one request; negative if they must be sent again.
            hash_progress: Called with numbers of bytes hashed before the upload starts.
            max_rate: Bandwidth limit in bytes a second, over all connections of this upload.
            deadline: Seconds that the upload may take.
            cancel: Token that cancels the upload from another thread.

        Raises:
            InputError: If an argument is not valid, including the path in the bucket.
            OSError: If the source cannot be opened or read.
            SourceChanged: If the source changed during the upload, which then does not complete.
            ExistsError: If different content exists at the path and `overwrite` is false.
            UnfinishedUploadError: If an unfinished upload of different content exists at the path
                and `overwrite` is false.
            Cancelled: If `cancel` was used. The same call resumes the upload.
            DeadlineExceeded: If `deadline` was exceeded. The same call resumes the upload.
            CosError: If the server or the connection fails in another way.
        """
        options = UploadOptions(
            overwrite=overwrite,
            biz_attr=biz_attr,
            integrity=integrity,
            slice_size=slice_size,
            concurrency=concurrency,
            progress=progress,
            hash_progress=hash_progress,
            max_rate=max_rate,
            deadline=deadline,
            cancel=cancel,
        )
        address = self._address(bucket, path)
        return upload(self.context, source, address, options)

    @renamed_keywords(files="max_workers")
    def upload_many(
        self,
        jobs: Iterable[UploadJob],
        *,
        executor: Executor | None = None,
        max_workers: int = 4,
    ) -> Iterator[tuple[UploadJob, Outcome]]:
        """Upload many files; yield each job with its result or error, in order of completion.

        One failure does not stop the other uploads.

        Args:
            jobs: Files and their destinations, taken as they are needed.
            executor: Executor that runs the jobs, by default threads of this process. Executors of
                other processes, such as `ProcessPoolExecutor` or a Dask cluster's
                ``client.get_executor()``, receive a pickle of this client, including its key.
            max_workers: Number of files to upload at a time, without an executor.

        Raises:
            InputError: If `max_workers` is not a positive number; at once.
        """
        return upload_many(self, jobs, executor=executor, max_workers=max_workers)

    def slice_init(
        self,
        bucket: str,
        path: str,
        *,
        filesize: int,
        slice_size: int = slices.PARTS_SLICE_SIZE,
        parts: UploadParts | None = None,
        biz_attr: str = "",
        overwrite: bool = False,
    ) -> slices.SliceSession | slices.Uploaded:
        """Open an upload session, or complete an instant upload (`upload_slice_init`).

        Raises:
            UnfinishedUploadError: If a session of this path is already open; see `slice_list`.
            CosError: As `upload` does.
        """
        return self.context.call(
            slices.slice_init(
                self._address(bucket, path),
                filesize=filesize,
                slice_size=slice_size,
                sha1=None if parts is None else parts.sha1,
                uploadparts=None if parts is None else parts.to_json(),
                biz_attr=biz_attr,
                overwrite=overwrite,
            )
        )

    def slice_list(self, bucket: str, path: str) -> slices.UnfinishedUpload | slices.Uploaded:
        """Return which slices of an unfinished upload the server has (`upload_slice_list`).

        Raises:
            NotFoundError: If there is no upload of this path.
            CosError: As `upload` does.
        """
        return self.context.call(slices.slice_list(self._address(bucket, path)))

    @renamed_keywords(sha="sha1")
    def slice_data(
        self,
        bucket: str,
        path: str,
        *,
        session: str,
        offset: int,
        content: Any,
        sha1: str | None = None,
    ) -> None:
        """Send one slice and wait for its acknowledgement (`upload_slice_data`).

        Args:
            bucket: The bucket's name.
            path: The file's path in it.
            session: From `slice_init` or `slice_list`.
            offset: Bytes from the start of the file.
            content: The slice, a bytes-like object.
            sha1: The whole file's SHA-1, 40 hex digits.

        Raises:
            IntegrityError: If the slice does not match the announced SHA-1.
            SessionError: If the server does not know the session.
            CosError: As `upload` does.
        """
        request = slices.slice_data(
            self._address(bucket, path),
            session=session,
            offset=offset,
            content=content,
            sha1=sha1,
        )
        self.context.call(request)

    @renamed_keywords(sha="sha1")
    def slice_finish(
        self,
        bucket: str,
        path: str,
        *,
        session: str,
        filesize: int,
        sha1: str | None = None,
    ) -> slices.Uploaded:
        """Complete an upload, which creates the file (`upload_slice_finish`).

        Args:
            bucket: The bucket's name.
            path: The file's path in it.
            session: From `slice_init` or `slice_list`.
            filesize: Bytes.
            sha1: The whole file's SHA-1, 40 hex digits; required if `slice_init` had it.

        Raises:
            CosError: As `upload` does; the server refuses if slices are missing.
        """
        request = slices.slice_finish(
            self._address(bucket, path), session=session, filesize=filesize, sha1=sha1
        )
        return self.context.call(request)

    def create_folder(
        self, bucket: str, path: str, *, biz_attr: str = "", parents: bool = False
    ) -> None:
        """Create a folder (`create`).

        Args:
            bucket: Name of the bucket.
            path: Path of the folder, with or without a trailing ``/``.
            biz_attr: Text attribute of the folder.
            parents: Whether to create missing parent folders too.

        Raises:
            ExistsError: If the folder exists.
            NotFoundError: If the parent folder does not exist and `parents` is false.
            CosError: As `upload` does.
        """
        address = self._folder(bucket, path)
        operations.create_folder(self.context, address, biz_attr, parents=parents)

    def stat(self, bucket: str, path: str) -> ObjectStat:
        """Return the attributes of a file, or of a folder if `path` ends in ``/`` (`stat`).

        Raises:
            NotFoundError: If nothing exists at the path.
            CosError: As `upload` does.
        """
        return self.context.call(objects.stat(self._address(bucket, path)))

    def exists(self, bucket: str, path: str) -> bool:
        """Return whether a file exists, or a folder if `path` ends in ``/``.

        Raises:
            CosError: As `upload` does, except `NotFoundError`.
        """
        return operations.exists(self.context, self._address(bucket, path))

    def list(
        self,
        bucket: str,
        path: str = "/",
        *,
        prefix: str = "",
        recursive: bool = False,
        page_size: int = MAX_PAGE_SIZE,
        onerror: Callable[[UnreadableEntry], object] | None = None,
    ) -> Iterator[ObjectStat]:
        """Iterate over the entries of a folder (`list`); pages are requested as they are needed.

        All errors except `InputError` are raised during the iteration.

        Args:
            bucket: Name of the bucket.
            path: Path of the folder, with or without a trailing ``/``.
            prefix: Only entries of this folder whose names start with it.
            recursive: Whether to list each folder's entries after the folder, at any depth.
            page_size: Number of entries per request, at most 1000.
            onerror: Called with each entry of which only the name is readable: it has `path`,
                `name`, `is_folder` and `error`, an `AnswerError`. By default the error is raised.

        Raises:
            InputError: If an argument is not valid; raised by the call itself.
            NotFoundError: If the folder does not exist.
            AnswerError: If the server's list is not readable or never ends.
            CosError: As `upload` does.
        """
        entries = walk if recursive else list_folder
        folder = self._folder(bucket, path)
        return entries(self.context, folder, prefix=prefix, page_size=page_size, onerror=onerror)

    def update(
        self,
        bucket: str,
        path: str,
        *,
        biz_attr: str | None = None,
        authority: Authority | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Change the attributes of a file or a folder (`update`); None keeps an attribute.

        Args:
            bucket: Name of the bucket.
            path: Path of the file, or of a folder, ending in ``/``, which has only a `biz_attr`.
            biz_attr: Text attribute.
            authority: Who may read and write the file.
            headers: Headers of downloads of the file: ``Cache-Control``, ``Content-Type``,
                ``Content-Disposition``, ``Content-Language`` and ``Content-Encoding``, which are
                replaced together, and ``x-cos-meta-*``. `download` returns the stored bytes,
                whatever the ``Content-Encoding``.

        Raises:
            InputError: If no attribute is given, or one is not valid.
            NotFoundError: If nothing exists at the path.
            CosError: As `upload` does.
        """
        self.context.call(
            mutations.update(
                self._address(bucket, path),
                biz_attr=biz_attr,
                authority=authority,
                headers=headers,
            )
        )

    def move(self, bucket: str, path: str, target: str, *, overwrite: bool = False) -> None:
        """Move a file to the path `target` in its bucket (`move`).

        If the response of an attempt was lost, the move has succeeded if only `target` exists. A
        file of the same content at `target` is no obstacle: one of the two remains.

        Raises:
            NotFoundError: If the file or the folder of `target` does not exist.
            ExistsError: If `target` exists with different content and `overwrite` is false.
            CosError: As `upload` does.
        """
        source, aim = self._address(bucket, path), self._address(bucket, target)
        operations.move(self.context, source, aim, overwrite=overwrite)

    def copy(self, bucket: str, path: str, target: str, *, overwrite: bool = False) -> None:
        """Copy a file to the path `target` in its bucket, on the server (`copy`).

        A file of the same content at `target` stays as it is, unless `overwrite` is set.

        Raises:
            CosError: As `move` does.
        """
        source, aim = self._address(bucket, path), self._address(bucket, target)
        operations.copy(self.context, source, aim, overwrite=overwrite)

    def delete(self, bucket: str, path: str, *, recursive: bool = False) -> None:
        """Delete a file, an unfinished upload, or an empty folder (`delete`).

        Args:
            bucket: Name of the bucket.
            path: Path of a file, or of a folder, ending in ``/``.
            recursive: Whether to delete a folder, with or without a trailing ``/``, and everything
                in it. Unfinished uploads in it are not listed, and make the server refuse.

        Raises:
            NotFoundError: If nothing exists at the path.
            ServerError: If the folder is not empty (code -173).
            CosError: As `upload` does.
        """
        if recursive:
            operations.delete_tree(self.context, self._folder(bucket, path))
        else:
            operations.delete(self.context, self._address(bucket, path))

    def download(
        self,
        bucket: str,
        path: str,
        target: Any,
        *,
        overwrite: bool = False,
        concurrency: int = 4,
        progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
        verify: bool = True,
        known: ObjectStat | None = None,
    ) -> DownloadResult:
        """Download a file and check it against the server's SHA-1.

        A download to a path is written to a hidden file beside it, which is renamed when it is
        complete, checked and on disk. If the download is interrupted, even if the process is
        killed, the next one resumes it after hashing the partial file. The hidden file is readable
        by its user alone; at the end it gets the mode of the file that it replaces, without setuid,
        setgid and sticky bits, or that of a new file. A link at the path is followed.

        Args:
            bucket: Name of the bucket.
            path: Path in the bucket.
            target: Path, or binary file that is written in order from its current position. Bytes
                may already be written to such a file when an error is found.
            overwrite: Whether to replace an existing file of different content at the path;
                otherwise it is an error. A file of the same content stays as it is.
            concurrency: Number of ranges in flight, at least 1.
            progress: Called with numbers of bytes that were received, or found in a file that
                exists; negative if they must be received again.
            max_rate: Bandwidth limit in bytes a second, over all connections of this download.
            deadline: Seconds that the download may take.
            cancel: Token that cancels the download from another thread.
            verify: Whether to compare the SHA-1; without it, nothing is resumed, and hashed only an
                existing file of the same size that `overwrite` does not allow to replace.
            known: Result of `stat`, or of `list` if it has an `access_url`; requested by default.

        Raises:
            InputError: If an argument is not valid.
            OSError: If the target cannot be written; FileExistsError if it exists with different
                content and `overwrite` is false, BlockingIOError if another download to it is in
                progress.
            NotFoundError: If the file does not exist.
            AnswerError: If the server sends other ranges than requested, or has no SHA-1 although
                `verify` is set.
            IntegrityError: If the content does not match the SHA-1.
            Cancelled: If `cancel` was used. The next download resumes.
            DeadlineExceeded: If `deadline` was exceeded. The next download resumes.
            CosError: If the server or the connection fails in another way.
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
        return download(self.context, self._address(bucket, path), target, options, known)

    def read(
        self,
        bucket: str,
        path: str,
        start: int = 0,
        length: int | None = None,
        *,
        known: ObjectStat | None = None,
    ) -> bytes:
        """Return the bytes of a file, or a range of them up to the end of the file.

        A whole file is checked against the server's SHA-1 if there is one; a range cannot be.

        Args:
            bucket: Name of the bucket.
            path: Path in the bucket.
            start: Offset of the first byte.
            length: Maximum number of bytes; None for all the rest.
            known: Result of `stat`; requested by default.

        Raises:
            CosError: As `download` does.
        """
        address = self._address(bucket, path)
        return read(self.context, address, start, length, known=known)

    def download_url(self, bucket: str, path: str, *, expires_in: int) -> str:
        """Return a signed URL from which anyone can download the file until it expires.

        With a region, the URL is made without a request, whether or not the file exists. With an
        endpoint, the server's `stat` tells the location of the file.

        Args:
            bucket: Name of the bucket.
            path: Path in the bucket.
            expires_in: Seconds until the URL expires, at most 90 days.

        Raises:
            InputError: If an argument is not valid.
            NotFoundError: If the client has an endpoint and the file does not exist.
            CosError: As `upload` does.
        """
        address = self._address(bucket, path)
        require_file(address)
        signature = self.credentials.sign_download(bucket, path, expires_in=expires_in)
        region = None if self._settings["endpoint"] else self._settings["region"]
        if isinstance(region, str):
            location: str | None = download_url(address, region)
        else:
            location = self.stat(bucket, path).access_url
        return f"{location}?sign={quote(signature, safe='')}"

    def call(self, request: Request[T]) -> T:
        """Sign and send a request of `cosfast.cosv4.protocol`, with retries; return its result."""
        return self.context.call(request)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<cosfast.Client of {self.credentials.appid} at {self.endpoint}>"

    def __reduce__(self) -> tuple[Any, ...]:
        # Connections are not pickled: the copy opens its own.
        settings = {**self._settings, "journal": self.journal}
        return _rebuild, (type(self), self.credentials, settings)

    def _address(self, bucket: str, path: str) -> ObjectAddress:
        return ObjectAddress(self.credentials.appid, bucket, path)

    def _folder(self, bucket: str, path: str) -> ObjectAddress:
        return ObjectAddress.folder(self.credentials.appid, bucket, path)


def _rebuild(kind: type[Client], credentials: Credentials, settings: dict[str, Any]) -> Client:
    return kind(credentials, **settings)
