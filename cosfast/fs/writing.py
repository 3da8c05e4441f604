"""`WritingFile`: a file open for writing, which is uploaded when it is closed."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fsspec.spec import AbstractBufferedFile

from cosfast.cosv4 import UploadOptions
from cosfast.fs.oserrors import os_error
from cosfast.fs.spool import Spool

if TYPE_CHECKING:
    from cosfast.fs.filesystem import CosV4FileSystem

MODES = ("wb", "xb", "ab")


class WritingFile(AbstractBufferedFile):
    """Keeps what is written, as the service wants the size before the first byte.

    Until it is closed it can be written at any position.

    It is uploaded by `close`; in a transaction by `commit`. A ``with`` block that ends by an
    exception uploads nothing; one around a wrapper, for text or compression, does, since that
    closes this without a word of it: there, a transaction is what helps.

    Args:
        fs: where it will be.
        path: of the file.
        mode: ``wb``; ``xb``, which never replaces a file; ``ab``, which takes over what is there
            when it is opened.
        autocommit: upload at `close`; else at `commit`.
        options: of `Client.upload`.

    Raises:
        FileExistsError: with ``xb``, where there is something; again when it is uploaded.
        IsADirectoryError: where the path is a bucket, or with ``ab`` a folder.
        InputError: where the protocol allows no such path.
        NotImplementedError: for another mode.
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
        if mode not in MODES:
            raise NotImplementedError(f"mode {mode!r}: files open for {', '.join(MODES)} or rb")
        fs.buckets.address(path)
        UploadOptions(**options)  # complains now, not when all has been written
        if mode == "xb" and fs.exists(path, refresh=True):
            raise os_error(errno.EEXIST, path)
        # Before there is a file, which `__del__` would close, and so upload.
        spool = self._beginning(fs, path) if mode == "ab" else Spool()
        super().__init__(fs, path, mode, autocommit=autocommit, **options)
        self.buffer: Spool | None = spool
        self.loc: int = spool.tell()

    def seekable(self) -> bool:
        """Tell whether it is open, as nothing is sent before it is closed.

        Python's text layer writes a byte order mark, and only at the beginning, by this.
        """
        return not self.closed

    def seek(self, loc: int, whence: int = 0) -> int:
        """Set where the next bytes are written, and return it; with ``ab`` they are appended.

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
        """Cut the file to `size`, by default at the position, or extend it; return the size.

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
        """Do nothing: only `close` knows that all is there.

        Args:
            force: it is closed.
        """
        if self.closed:
            raise ValueError("flush of a closed file")
        if not force or self.forced:
            return
        self.forced = True
        if self.autocommit:
            self.commit()

    def commit(self) -> None:
        """Upload what was written, unless it was discarded.

        Raises:
            OSError: as `Buckets.upload` does; what was written is gone then.
        """
        self.forced = True
        spool, self.buffer = self.buffer, None
        if spool is None:
            return
        try:
            source, overwrite = spool.rewound(), self.mode != "xb"
            self.fs.buckets.upload(source, self.path, overwrite=overwrite, **self.kwargs)
        finally:
            spool.close()
            self.fs.invalidate_cache(self.path)

    def discard(self) -> None:
        """Throw away what was written."""
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

    @staticmethod
    def _beginning(fs: CosV4FileSystem, path: str) -> Spool:
        """Return what is there, to be appended to."""
        spool = Spool()
        with suppress(FileNotFoundError):
            known = fs.buckets.stat_file(path)
            fs.buckets.download(path, spool, verify=known.sha1 is not None)
        return spool
