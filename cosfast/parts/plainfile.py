"""`PlainFile`: a file on disk, read at any place, that says when it has changed."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Union

from cosfast.errors import SourceChanged
from cosfast.parts.sources import read_at

if TYPE_CHECKING:
    Path = Union[str, os.PathLike[str]]

_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NONBLOCK", 0)  # so that a named pipe is refused rather than waited for
)


class PlainFile:
    """An open file; one thread at a time reads it.

    Attributes:
        path: as it was given.
        size: bytes, when it was opened.

    Raises:
        OSError: where it cannot be opened, or is no plain file; it names the path.
    """

    __slots__ = ("_descriptor", "_mtime_ns", "path", "size")

    def __init__(self, path: Path) -> None:
        self.path: Path = path
        try:
            self._descriptor = os.open(path, _OPEN_FLAGS)
        except ValueError as exc:  # a NUL in the path
            raise OSError(errno.EINVAL, str(exc), os.fspath(path)) from exc
        status = os.fstat(self._descriptor)
        self.size: int = status.st_size
        self._mtime_ns = status.st_mtime_ns
        if not stat.S_ISREG(status.st_mode):
            self.close()
            raise _not_plain(status.st_mode, path)

    def fill(self, view: memoryview, offset: int) -> None:
        """Read from `offset` until `view` is full.

        Raises:
            SourceChanged: where the file ends before.
            OSError: where it cannot be read; it names the path.
        """
        done = 0
        while done < len(view):
            try:
                count = read_at(self._descriptor, view[done:] if done else view, offset + done)
            except OSError as exc:
                exc.filename = os.fspath(self.path)
                raise
            if not count:
                raise SourceChanged(os.fspath(self.path), "it was truncated while it was read")
            done += count

    def check_unchanged(self) -> None:
        """Raise `SourceChanged` where size or modification time differ from those at opening."""
        status = os.fstat(self._descriptor)
        if (status.st_size, status.st_mtime_ns) != (self.size, self._mtime_ns):
            raise SourceChanged(os.fspath(self.path), "it changed while it was read")

    def close(self) -> None:
        """Close it."""
        os.close(self._descriptor)


def _not_plain(mode: int, path: Path) -> OSError:
    number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
    reason = os.strerror(number) if stat.S_ISDIR(mode) else "not a plain file"
    return OSError(number, reason, os.fspath(path))
