"""The files that `CosV4FileSystem` opens: `ReadingFile` and `WritingFile`."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractBufferedFile

from cosfast.cosv4 import UploadOptions
from cosfast.fs.buckets import describe
from cosfast.fs.oserrors import os_error
from cosfast.parts.spool import Spool

if TYPE_CHECKING:
    from cosfast.fs.filesystem import CosV4FileSystem

WRITING_MODES = ("wb", "xb", "ab")


class ReadingFile(AbstractBufferedFile):
    """A file open for reading, through one of fsspec's caches.

    It reads ranges of the content that the file had when it was opened. A read of the whole content
    at once is checked against the server's SHA-1.

    Args:
        fs: The filesystem.
        path: The file's path.
        options: Options of fsspec's `AbstractBufferedFile`, such as `cache_type` and `block_size`.

    Raises:
        FileNotFoundError: If it does not exist.
        IsADirectoryError: If it is a folder.
    """

    DEFAULT_BLOCK_SIZE = 4 * 1024 * 1024  # fetched by one request

    def __init__(self, fs: CosV4FileSystem, path: str, **options: Any) -> None:
        self._known = fs.buckets.stat_file(path)
        super().__init__(fs, path, "rb", **{**options, "size": self._known.filesize})
        self.details: dict[str, Any] = describe(path, self._known)

    def _fetch_range(self, start: int, end: int) -> bytes:
        content: bytes = self.fs.buckets.read(self.path, start, end - start, self._known)
        return content


class WritingFile(AbstractBufferedFile):
    """A file open for writing, which is uploaded by `close`, or by `commit` in a transaction.

    The content is kept in memory or on disk, since the service needs the size before the first
    byte. Until the file is closed, it can be written at any position.

    A ``with`` block that ends with an exception uploads nothing. A block around a wrapper, for text
    or compression, does upload, since the wrapper closes this file even after an exception; a
    transaction prevents that.

    Args:
        fs: The filesystem.
        path: The file's path.
        mode: ``wb``; ``xb``, which never replaces a file; ``ab``, which starts with the content
            that the file has when it is opened.
        autocommit: Whether to upload in `close`; otherwise in `commit`.
        options: Options of `Client.upload`.

    Raises:
        FileExistsError: If the mode is ``xb`` and the path exists; checked again by the upload.
        IsADirectoryError: If the path is a bucket, or the mode is ``ab`` and it is a folder.
        InputError: If the protocol does not allow the path.
        NotImplementedError: If the mode is another one.
    """

    closed: bool
    forced: bool

    def __init__(
        self,
        fs: CosV4FileSystem,
        path: str,
        mode: str,
        *,
        autocommit: bool = True,
        **options: Any,
    ) -> None:
        if mode not in WRITING_MODES:
            raise NotImplementedError(
                f"mode {mode!r} is not supported: use {', '.join(WRITING_MODES)} or rb"
            )
        fs.buckets.address(path)
        UploadOptions(**options)  # check them now, not when everything has been written
        if mode == "xb" and fs.exists(path, refresh=True):
            raise os_error(errno.EEXIST, path)
        spool = Spool(path)
        try:
            if mode == "ab":
                _copy_content(fs, path, spool)
        except BaseException:  # before super().__init__: `__del__` would upload a part of it
            spool.close()
            raise
        super().__init__(fs, path, mode, autocommit=autocommit, **options)
        self.buffer: Spool | None = spool
        self.loc: int = spool.tell()

    def seekable(self) -> bool:
        """Return whether the file is open, since nothing is sent before it is closed.

        Python's text layer needs this to write a byte order mark only at the beginning.
        """
        return not self.closed

    def seek(self, loc: int, whence: int = 0) -> int:
        """Set the position of the next write, and return it; with ``ab`` writes append.

        Raises:
            ValueError: If the file is closed, or there is no such position.
        """
        self.loc = self._open_spool().seek(loc, whence)
        return self.loc

    def write(self, data: Any) -> int:
        """Write a bytes-like object, and return its number of bytes.

        Raises:
            ValueError: If the file is closed.
        """
        spool = self._open_spool()
        if self.mode == "ab":
            spool.seek(0, os.SEEK_END)
        size = spool.write(data)
        self.loc = spool.tell()
        return size

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend the file to `size`, by default to the position; return the size.

        Raises:
            ValueError: If the file is closed, or the size is negative.
        """
        spool = self._open_spool()
        size = self.loc if size is None else size
        if size < 0:
            raise ValueError(f"truncate to {size} bytes: a size cannot be negative")
        spool.truncate(size)
        return size

    def flush(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 - fsspec's interface
        """Do nothing, since the file is uploaded as a whole.

        Args:
            force: Set by fsspec's `close`: upload now, unless that is left to `commit`.
        """
        if self.closed:
            raise ValueError("flush of a closed file")
        if not force or self.forced:
            return
        self.forced = True
        if self.autocommit:
            self.commit()

    def commit(self) -> None:
        """Upload the written content, unless it was discarded.

        Raises:
            OSError: As in `Buckets.upload`; the written content is deleted nevertheless.
        """
        self.forced = True
        spool, self.buffer = self.buffer, None
        if spool is None:
            return
        try:
            with spool:
                spool.seek(0)
                overwrite = self.mode != "xb"
                self.fs.buckets.upload(spool, self.path, overwrite=overwrite, **self.kwargs)
        finally:
            self.fs.invalidate_cache(self.path)

    def discard(self) -> None:
        """Close the file without uploading it. Idempotent."""
        self.forced = True
        self.closed = True
        spool, self.buffer = self.buffer, None
        if spool is not None:
            spool.close()

    def __exit__(self, kind: object, *exc_info: object) -> None:
        if kind is None:
            self.close()
        else:
            self.discard()

    def _open_spool(self) -> Spool:
        if self.closed or self.forced or self.buffer is None:
            raise ValueError("I/O operation on closed file")
        return self.buffer


def _copy_content(fs: CosV4FileSystem, path: str, spool: Spool) -> None:
    """Write the file's content, if it exists, to `spool`."""
    with suppress(FileNotFoundError):
        known = fs.buckets.stat_file(path)
        fs.buckets.download(path, spool, verify=known.sha1 is not None)
