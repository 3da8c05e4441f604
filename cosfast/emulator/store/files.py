"""Files of bytes with meaningless names.

A file is created, filled and flushed first; then a transaction writes the row that says
what it is: an upload session's, or a content's. A session that finishes hands its file
over in that same way, with nothing renamed. So at any instant each file either has a
row and is whole, or has none and is swept away by the next start.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

BLOCK_SIZE = 1024 * 1024

RESERVE = 16 * 1024 * 1024
"""Bytes of the disk that contents may not take, so that deleting still has room to be recorded."""

# The size of a file that grows is flushed by fdatasync too; only its times are left out.
_flush_data = getattr(os, "fdatasync", os.fsync)


class ByteFiles:
    """A flat folder of files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def create(self, size: int) -> str:
        """Make a file of `size` bytes, all zero and without space of their own yet."""
        return self._make(lambda file: file.truncate(size))

    def save(self, blocks: Iterable[bytes], size: int) -> str:
        """Make a file of these bytes, `size` of them."""
        self._require_room(size)
        return self._make(lambda file: file.writelines(blocks))

    def _make(self, fill: Callable[[BinaryIO], object]) -> str:
        """Make a file that has reached the disk. A failure leaves nothing behind."""
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
        """Put bytes into a file, `size` of them, and flush them to the disk."""
        self._require_room(size)
        with (self._folder / name).open("r+b") as file:
            file.seek(offset)
            file.writelines(blocks)
            file.flush()
            _flush_data(file.fileno())

    def holds_at(self, name: str, offset: int, blocks: Iterable[bytes]) -> bool:
        """Whether the file has just these bytes there."""
        with self.open(name) as file:
            file.seek(offset)
            return all(file.read(len(block)) == block for block in blocks)

    def open(self, name: str) -> BinaryIO:
        """Open a file for reading. It can be read to its end even if it is removed meanwhile."""
        return (self._folder / name).open("rb")

    def blocks(self, name: str) -> Iterable[bytes]:
        """Read a whole file in order."""
        with self.open(name) as file:
            while True:
                block = file.read(BLOCK_SIZE)
                if not block:
                    return
                yield block

    def remove(self, name: str) -> None:
        """Remove a file. One that is held open by a reader (Windows) stays for the sweep."""
        try:
            (self._folder / name).unlink(missing_ok=True)
        except PermissionError:
            return

    def _require_room(self, size: int) -> None:
        if shutil.disk_usage(self._folder).free < size + RESERVE:
            raise OSError(errno.ENOSPC, "no room for contents is left on the disk")

    def sweep(self, keep: set[str]) -> int:
        """Remove all files but these; returns how many there were."""
        stray = [path for path in self._folder.iterdir() if path.name not in keep]
        for path in stray:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return len(stray)


def sync_folder(folder: Path) -> None:
    """Flush a folder's list of names, where the system has that notion."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
