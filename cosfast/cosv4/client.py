"""`Client`: the calls of the service, and `upload`, which makes the most of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

from cosfast.cosv4 import objects as operations
from cosfast.cosv4.download import DownloadOptions, DownloadResult, download, read
from cosfast.cosv4.listing import list_folder, walk
from cosfast.cosv4.many import Outcome, UploadJob, upload_many
from cosfast.cosv4.protocol import mutations, objects, slices
from cosfast.cosv4.protocol.addresses import ObjectAddress, api_base, download_url, require_file
from cosfast.cosv4.protocol.listing import MAX_PAGE_SIZE
from cosfast.cosv4.service import CosService
from cosfast.cosv4.upload import UploadOptions, upload
from cosfast.deprecation import renamed_keywords
from cosfast.errors import InputError
from cosfast.transfer.context import TransferContext
from cosfast.transfer.http import HttpClient
from cosfast.transfer.journal import NO_JOURNAL, Journal
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


class _UsersJournal:
    """Stands for the journal in the user's cache folder, looked up for each client anew."""

    def __repr__(self) -> str:
        return "<the user's>"


DEFAULT_JOURNAL = _UsersJournal()


class Client:
    """Talks to one region, or one endpoint, on behalf of one account; threads may share it.

    A context manager: leaving it closes its connections.

    Args:
        credentials: sign every request.
        region: a short name such as ``gz``, reached over HTTPS with certificates verified.
        endpoint: an address in the region's place, such as an emulator's.
        session: a `requests.Session` to send with; it is not closed here.
        retry: the policy for every request.
        timeout: seconds to connect, and seconds to wait for bytes: one number for both, or a
            tuple of two. A server that sends or takes less than 1,024 bytes a second, on average
            over the second of them, is taken not to answer.
        journal: remembers parts lists and unfinished uploads from one run to the next; by default
            a file in the user's cache folder, None remembers nothing.

    Raises:
        InputError: If neither region nor endpoint is given, or one is malformed, or the
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
        journal: Journal | _UsersJournal | None = DEFAULT_JOURNAL,
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
        if isinstance(journal, _UsersJournal):
            journal = Journal()
        self.journal: Journal = NO_JOURNAL if journal is None else journal
        if not isinstance(retry, RetryPolicy):
            raise InputError(f"retry must be a RetryPolicy, not {type(retry).__name__}")
        self._http = HttpClient(self.endpoint, session=session, timeout=timeout)
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
        """Upload a file, whole and checked, sending no byte that the server holds already.

        Up to 8 MiB go in one request; more in slices (PROTOCOL.md, section 4), as many at a time
        as `concurrency` and the server allow. An unfinished upload of the same content is gone on
        with, also one that another process has left. Missing folders are made.

        Args:
            source: a path, a bytes-like object, or a binary file, taken from its present position
                to its end; what cannot seek, as a pipe, is copied to a temporary file first.
            bucket: the bucket's name.
            path: where in the bucket.
            overwrite: replace what is there, a finished file or an unfinished upload of other
                content; else both are errors. A file of the same content is left as it is.
            biz_attr: a text that the file carries. If a file of the same content is there and
                `overwrite` is not set, that file keeps its own.
            integrity: ``"parts"``: all is hashed first; the server may have the content already,
                and checks every slice. ``"stream"``: slices leave at once and are hashed as they
                do, in one reading; the server's SHA-1 is compared in the end. ``"none"``: nothing
                is hashed, nothing can be checked. Only the first can go on with an unfinished
                upload without sending its slices again.
            slice_size: bytes; with ``"parts"`` always 1048576, else one of the protocol's four.
            concurrency: slices on their way at a time, from 1.
            progress: called with each number of bytes that the server has acknowledged; negative
                where they have to be sent again.
            hash_progress: called with each number of bytes hashed before the upload starts.
            max_rate: bytes a second at most, over all connections of this upload.
            deadline: seconds that all of it may take.
            cancel: stops it from another thread.

        Raises:
            InputError: where an argument, the path in the bucket among them, is not usable.
            OSError: where the source cannot be opened or read.
            SourceChanged: where it changed under way; nothing counts as uploaded then.
            ExistsError: If other content is there and `overwrite` is not set.
            UnfinishedUploadError: where an upload of other content is, and it is not set either.
            Cancelled: by `cancel`.
            DeadlineExceeded: by `deadline`. What the server has by then can be gone on with.
            CosError: what else the server or the way to it comes to.
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
        """Upload many files; yield each job with its result or its error when it is done.

        One failure does not stop the rest.

        Args:
            jobs: The uploads; taken as they are needed.
            executor: Runs the uploads; by default threads of this process do. Any
                `concurrent.futures` executor, such as a `ProcessPoolExecutor` or a Dask cluster's
                ``client.get_executor()``; this client is pickled for it, with its secret key.
            max_workers: Files to upload at a time, without an executor.

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
        """Open an upload session (`upload_slice_init`), or have the file taken instantly.

        Raises:
            UnfinishedUploadError: where one is open for this path already: see `slice_list`.
            CosError: as `upload` does.
        """
        return self.context.call(
            slices.slice_init(
                self._address(bucket, path),
                filesize=filesize,
                slice_size=slice_size,
                sha=None if parts is None else parts.sha1,
                uploadparts=None if parts is None else parts.to_json(),
                biz_attr=biz_attr,
                overwrite=overwrite,
            )
        )

    def slice_list(self, bucket: str, path: str) -> slices.UnfinishedUpload | slices.Uploaded:
        """Ask which slices of an unfinished upload the server has (`upload_slice_list`).

        Raises:
            NotFoundError: where there is no upload of this path.
            CosError: as `upload` does.
        """
        return self.context.call(slices.slice_list(self._address(bucket, path)))

    def slice_data(
        self,
        bucket: str,
        path: str,
        *,
        session: str,
        offset: int,
        content: Any,
        sha: str | None = None,
    ) -> None:
        """Send one slice (`upload_slice_data`); it is acknowledged when this returns.

        Raises:
            IntegrityError: where the server finds that the bytes are not those announced.
            SessionError: where it does not know the session.
            CosError: as `upload` does.
        """
        request = slices.slice_data(
            self._address(bucket, path), session=session, offset=offset, content=content, sha=sha
        )
        self.context.call(request)

    def slice_finish(
        self, bucket: str, path: str, *, session: str, filesize: int, sha: str | None = None
    ) -> slices.Uploaded:
        """Make the file of its slices (`upload_slice_finish`).

        Raises:
            CosError: as `upload` does; the server refuses while slices are missing.
        """
        request = slices.slice_finish(
            self._address(bucket, path), session=session, filesize=filesize, sha=sha
        )
        return self.context.call(request)

    def create_folder(
        self, bucket: str, path: str, *, biz_attr: str = "", parents: bool = False
    ) -> None:
        """Make a folder (`create`).

        Args:
            bucket: the bucket's name.
            path: the folder, with or without the ``/`` at its end.
            biz_attr: a text that it carries.
            parents: make those above it too, where they are missing.

        Raises:
            ExistsError: where it is there already.
            NotFoundError: where the one above is not, without `parents`.
            CosError: as `upload` does.
        """
        address = self._folder(bucket, path)
        operations.create_folder(self.context, address, biz_attr, parents=parents)

    def stat(self, bucket: str, path: str) -> ObjectStat:
        """Ask what the server knows of a file, or of a folder where `path` ends in ``/`` (`stat`).

        Raises:
            NotFoundError: where there is none.
            CosError: as `upload` does.
        """
        return self.context.call(objects.stat(self._address(bucket, path)))

    def exists(self, bucket: str, path: str) -> bool:
        """Tell whether there is a file, or a folder where `path` ends in ``/``.

        Raises:
            CosError: as `upload` does, where the server does not say.
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
        """Return what is in a folder (`list`), fetched a page at a time as it is needed.

        Args:
            bucket: the bucket's name.
            path: the folder, with or without the ``/`` at its end.
            prefix: only what has a name, in this folder, that begins so.
            recursive: after each folder what is in it, at any depth.
            page_size: entries asked for at a time, up to 1000.
            onerror: called with each entry of which only the name makes sense: its `path`, `name`,
                `is_folder` and `error`, an `AnswerError`. By default the error is raised.

        Raises:
            InputError: where an argument is not usable; at once. The rest, while it is read:
            NotFoundError: where there is no such folder.
            AnswerError: where the server's list goes round and does not end, among others.
            CosError: as `upload` does.
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
        """Change what a file, or a folder, carries (`update`); None leaves it as it is.

        Args:
            bucket: the bucket's name.
            path: the file; or a folder, ending in ``/``, which has a `biz_attr` alone.
            biz_attr: a text.
            authority: who may read and write it.
            headers: to download it with: ``Cache-Control``, ``Content-Type``,
                ``Content-Disposition``, ``Content-Language``, ``Content-Encoding``, which
                replace all five, and ``x-cos-meta-*``. A file that is served with a
                ``Content-Encoding`` is still downloaded here as it is stored.

        Raises:
            InputError: where nothing is given, or something that cannot be.
            NotFoundError: where there is none.
            CosError: as `upload` does.
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
        """Give a file the path `target` in its bucket (`move`).

        Where the answer of a try was lost, it counts as done if only `target` is there.

        Raises:
            NotFoundError: where there is none, or no folder for it.
            ExistsError: where something is at `target`, and `overwrite` is not set.
            CosError: as `upload` does.
        """
        source, aim = self._address(bucket, path), self._address(bucket, target)
        operations.move(self.context, source, aim, overwrite=overwrite)

    def copy(self, bucket: str, path: str, target: str, *, overwrite: bool = False) -> None:
        """Put a file at the path `target` in its bucket too (`copy`); no bytes travel.

        Raises:
            CosError: as `move` does.
        """
        source, aim = self._address(bucket, path), self._address(bucket, target)
        operations.copy(self.context, source, aim, overwrite=overwrite)

    def delete(self, bucket: str, path: str, *, recursive: bool = False) -> None:
        """Delete a file, an unfinished upload, or an empty folder (`delete`).

        Args:
            bucket: the bucket's name.
            path: a file; or a folder, ending in ``/``.
            recursive: delete the folder `path`, here also without the ``/``, and all that is in
                it. An unfinished upload in it is not seen, and makes the server refuse.

        Raises:
            NotFoundError: where there is none.
            ServerError: code -173 where the folder is not empty.
            CosError: as `upload` does.
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
        overwrite: bool = True,
        concurrency: int = 4,
        progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
        verify: bool = True,
        known: ObjectStat | None = None,
    ) -> DownloadResult:
        """Download a file, whole and checked against the SHA-1 that the server has of it.

        To a path, it goes into a hidden file beside it, which gets the name only when it is
        whole, checked and on disk. If that was interrupted, even by the death of the process,
        the next download resumes it, after hashing again what it finds. The hidden file is
        readable by its user alone; in the end it gets the mode of the file that it replaces,
        without setuid, setgid and sticky bits, or that of a new file. A link at the path is
        followed.

        Args:
            bucket: the bucket's name.
            path: where in the bucket.
            target: a path; or a binary file, written in order from where it stands, where bytes
                may have been written by the time that something is found wrong.
            overwrite: replace a file that is at the path; else that is an error.
            concurrency: ranges on their way at a time, from 1.
            progress: called with each number of bytes that are here; negative where they have to
                come again.
            max_rate: bytes a second at most, over all connections of this download.
            deadline: seconds that all of it may take.
            cancel: stops it from another thread.
            verify: compare the SHA-1; without, nothing is hashed and nothing is resumed.
            known: what `stat` said of it, or `list` where that told as much; asked otherwise.

        Raises:
            InputError: where an argument is not usable.
            OSError: where the target cannot be written; FileExistsError where it is there and not
                to be replaced, BlockingIOError where another download to it is under way.
            NotFoundError: where there is no such file.
            AnswerError: where the server sends other ranges than were asked for, or with `verify`
                has no SHA-1.
            IntegrityError: where the content does not have the SHA-1.
            Cancelled: by `cancel`.
            DeadlineExceeded: by `deadline`. The next download goes on from there.
            CosError: what else the server or the way to it comes to.
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
        """Return the bytes of a file, or a range of them, as far as the file goes.

        The whole is checked against the server's SHA-1 where it has one, a range cannot be.

        Args:
            bucket: the bucket's name.
            path: where in the bucket.
            start: bytes to leave out.
            length: bytes to return at most; None for all the rest.
            known: what `stat` said of it, where that was asked already.

        Raises:
            CosError: as `download` does.
        """
        address = self._address(bucket, path)
        return read(self.context, address, start, length, known=known)

    def download_url(self, bucket: str, path: str, *, expires_in: int) -> str:
        """Return a URL that downloads a file, for whoever has it, until it expires.

        With a region it is made here, whether or not there is such a file; with an endpoint the
        server is asked where the file is.

        Args:
            bucket: the bucket's name.
            path: where in the bucket.
            expires_in: seconds, at most 90 days.

        Raises:
            InputError: where an argument is not usable.
            NotFoundError: where the server is asked, and there is none.
            CosError: as `upload` does.
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
        """Send a request that `cosfast.cosv4.protocol` built, signed and retried, and read it."""
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
        # Connections stay behind: on the other side it makes its own.
        settings = {**self._settings, "journal": self.journal}
        return _rebuild, (type(self), self.credentials, settings)

    def _address(self, bucket: str, path: str) -> ObjectAddress:
        return ObjectAddress(self.credentials.appid, bucket, path)

    def _folder(self, bucket: str, path: str) -> ObjectAddress:
        return ObjectAddress.folder(self.credentials.appid, bucket, path)


def _rebuild(kind: type[Client], credentials: Credentials, settings: dict[str, Any]) -> Client:
    return kind(credentials, **settings)
