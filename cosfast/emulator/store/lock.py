"""One server per folder: a lock that the operating system drops with the process."""

from __future__ import annotations

import errno
import os
import stat
import sys
from typing import IO, TYPE_CHECKING

from cosfast.emulator.errors import RootInUseError

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


_HELD_BY_ANOTHER = frozenset({errno.EAGAIN, errno.EACCES, errno.EDEADLK})


class RootLock:
    """Held from construction to `close`, or until the process dies."""

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
        """Let the next server in."""
        self._file.close()


def _open_plain(path: Path) -> IO[bytes]:
    """Open a file, made if need be, without waiting at a named pipe or writing through a link."""
    flags = os.O_RDWR | os.O_CREAT
    for name in ("O_BINARY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, 0o600)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RootInUseError(f"{path} is not a file; choose another folder for the server")
    return os.fdopen(descriptor, "r+b")
