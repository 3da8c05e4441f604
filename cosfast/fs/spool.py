"""`Spool`: bytes of a size yet unknown, in memory while they are few and on disk when many."""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

MEMORY = 8 * 1024 * 1024
"""Bytes that are kept in memory: what goes in one request anyway."""


class Spool:
    """A binary file for writing at any position, which is then read from the beginning.

    `tempfile.SpooledTemporaryFile` is no binary file in Python 3.9 and 3.10: nobody could read it
    in any order.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = io.BytesIO()

    def write(self, data: Any) -> int:
        """Write a bytes-like object at the current position; return its number of bytes."""
        size = memoryview(data).nbytes
        self._reserve(self._file.tell() + size)
        self._file.write(data)
        return size

    def tell(self) -> int:
        """Return the current position."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = 0) -> int:
        """Set the current position as `io.IOBase.seek` does, and return it.

        Raises:
            ValueError: If `whence` is not 0, 1 or 2, or the position would be negative.
        """
        start = {0: 0, 1: self._file.tell(), 2: self._size()}.get(whence)
        if start is None:
            raise ValueError(f"whence is 0, 1 or 2, not {whence!r}")
        if start + offset < 0:
            raise ValueError(f"seek to {start + offset}, before the beginning of the file")
        return self._file.seek(start + offset)

    def truncate(self, size: int) -> None:
        """Cut the content to `size`, or extend it with zeros; the position stays."""
        position, missing = self._file.tell(), size - self._size()
        self._reserve(size)
        if missing > 0 and isinstance(self._file, io.BytesIO):
            self._file.seek(0, io.SEEK_END)
            self._file.write(bytes(missing))
        self._file.truncate(size)
        self._file.seek(position)

    def rewound(self) -> IO[bytes]:
        """Return all of it as a file that stands at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Throw it away."""
        self._file.close()

    def _size(self) -> int:
        position = self._file.tell()
        try:
            return self._file.seek(0, io.SEEK_END)
        finally:
            self._file.seek(position)

    def _reserve(self, size: int) -> None:
        """Go on on disk if the content is to be larger than `MEMORY`."""
        if not isinstance(self._file, io.BytesIO) or size <= MEMORY:
            return
        position = self._file.tell()
        disk = tempfile.TemporaryFile(prefix="cosfast-")  # noqa: SIM115 - `close` closes it
        disk.write(self._file.getbuffer())
        disk.seek(position)
        self._file = disk
