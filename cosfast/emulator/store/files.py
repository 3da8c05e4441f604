"""The content files of the data folder, which have random names, and the folder's lock.

A file is created, filled and flushed first; then a transaction writes the row that refers to it, of
a session or of a content. When a session finishes, a transaction passes its file to a content in
the same way; nothing is renamed. So at any time a file either has a row and is complete, or has no
row and is removed at the next start.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
import sys
from typing import IO, TYPE_CHECKING, BinaryIO

from cosfast.emulator.errors import RootInUseError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


BLOCK_SIZE = 1024 * 1024

RESERVE = 16 * 1024 * 1024
"""Free bytes on the disk that contents must leave, so that deletions can still be recorded."""

_HELD_BY_ANOTHER = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK})

# fdatasync also flushes the size of a growing file; it omits only the times.
_flush_data = getattr(os, "fdatasync", os.fsync)


class ByteFiles:
    """A flat folder of content files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def create(self, size: int) -> str:
        """Create a sparse file of `size` bytes; return its name."""
        return self._make(lambda file: file.truncate(size))

    def save(self, blocks: Iterable[bytes], size: int) -> str:
        """Create a file of the bytes of `blocks`, `size` in total; return its name."""
        self._require_room(size)
        return self._make(lambda file: file.writelines(blocks))

    def _make(self, fill: Callable[[BinaryIO], object]) -> str:
        """Create a file and flush it to disk. It is removed on failure."""
        name = secrets.token_hex(16)
        try:
            with (self._folder / name).open("xb") as file:
                fill(file)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self._folder)
        except BaseException:
            self.remove(name)
            raise
        return name

    def write_at(self, name: str, offset: int, blocks: Iterable[bytes], size: int) -> None:
        """Write the bytes of `blocks`, `size` in total, at an offset and flush them to disk."""
        self._require_room(size)
        with (self._folder / name).open("r+b") as file:
            file.seek(offset)
            file.writelines(blocks)
            file.flush()
            _flush_data(file.fileno())

    def holds_at(self, name: str, offset: int, blocks: Iterable[bytes]) -> bool:
        """Return whether the file contains these bytes at an offset."""
        with self.open(name) as file:
            file.seek(offset)
            return all(file.read(len(block)) == block for block in blocks)

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. It stays readable if it is removed while it is open."""
        return (self._folder / name).open("rb")

    def blocks(self, name: str) -> Iterable[bytes]:
        """Yield the bytes of a file in order, in blocks."""
        with self.open(name) as file:
            while True:
                block = file.read(BLOCK_SIZE)
                if not block:
                    return
                yield block

    def remove(self, name: str) -> None:
        """Remove a file. On Windows, a file that is open stays until the next start."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except PermissionError:
            return

    def _require_room(self, size: int) -> None:
        if shutil.disk_usage(self._folder).free < size + RESERVE:
            raise OSError(errno.ENOSPC, "not enough free disk space for contents")

    def sweep(self, keep: set[str]) -> int:
        """Remove all files except `keep`; return the number of removed files."""
        stray = [path for path in self._folder.iterdir() if path.name not in keep]
        for path in stray:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return len(stray)


def sync_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, if the system supports it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class RootLock:
    """An exclusive lock of a data folder, held until `close` or the end of the process."""

    def __init__(self, path: Path) -> None:
        self._file = _open_plain(path)
        try:
            _lock(self._file)
        except OSError as error:
            self._file.close()
            if error.errno not in _HELD_BY_ANOTHER:
                raise
            raise RootInUseError(
                f"another server is using {path.parent}: stop it, or use another folder (--root)"
            ) from None

    def close(self) -> None:
        """Release the lock."""
        self._file.close()


def _open_plain(path: Path) -> IO[bytes]:
    """Open or create a regular file, without blocking on a named pipe or following a symlink."""
    flags = os.O_RDWR | os.O_CREAT
    for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RootInUseError(f"{path} is not a regular file: choose another folder for the server")
    return os.fdopen(descriptor, "r+b")
