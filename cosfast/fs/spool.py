"""`Spool`: bytes of a size yet unknown, in memory while they are few and on disk when many."""

from __future__ import annotations

import io
import tempfile
from typing import IO, Any

MEMORY = 8 * 1024 * 1024
"""Bytes that are kept in memory: what goes in one request anyway."""


class Spool:
    """Takes bytes, and gives them back from the beginning.

    `tempfile.SpooledTemporaryFile` is no binary file in Python 3.9 and 3.10: nobody could read it
    in any order.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = io.BytesIO()

    def write(self, data: Any) -> int:
        """Append a bytes-like object; return its bytes."""
        size = memoryview(data).nbytes
        if isinstance(self._file, io.BytesIO) and self._file.tell() + size > MEMORY:
            self._move_to_disk(self._file)
        self._file.write(data)
        return size

    def tell(self) -> int:
        """Return the bytes that were written."""
        return self._file.tell()

    def rewound(self) -> IO[bytes]:
        """Return all of it as a file that stands at its beginning."""
        self._file.seek(0)
        return self._file

    def close(self) -> None:
        """Throw it away."""
        self._file.close()

    def _move_to_disk(self, memory: io.BytesIO) -> None:
        disk = tempfile.TemporaryFile(prefix="cosfast-")  # noqa: SIM115 - `close` closes it
        disk.write(memory.getbuffer())
        self._file = disk
