"""One server per folder: a lock that the operating system drops with the process."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING

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


class RootInUseError(RuntimeError):
    """Another server has this folder."""


class RootLock:
    """Held from construction to `close`, or until the process dies."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb")
        try:
            _lock(self._file)
        except OSError:
            self._file.close()
            raise RootInUseError(f"another server is using {path.parent}") from None

    def close(self) -> None:
        """Let the next server in."""
        self._file.close()
