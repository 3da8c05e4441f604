"""Temporary files for content of unknown size.

`Spool` is such a file; `spooled` copies a source into one, and `measured` does so if needed.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.parts.sources import FileSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.parts.sources import Source

MEMORY_BYTES = 8 * 1024 * 1024
"""Maximum bytes in memory; larger content is written to disk."""


class Spool:
    """A temporary binary file: in memory while it is small, then on disk; a context manager.

    `tempfile.SpooledTemporaryFile` with the semantics of a local file: `truncate` extends, a
    position before the beginning is an error, and a hole beyond `MEMORY_BYTES` takes no memory.

    Args:
        name: Name in error messages.

    Attributes:
        name: The given name.
    """

    def __init__(self, name: str) -> None:
        import tempfile  # noqa: PLC0415 - slow to import, and most sources are not spooled

        self.name = name
        self._file = tempfile.SpooledTemporaryFile(MEMORY_BYTES, prefix="cosfast-")  # noqa: SIM115 - `close` closes it

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the current position."""
        return self._file.tell()

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set the current position as `io.IOBase.seek` does, and return it.

        Raises:
            ValueError: If `whence` is not 0, 1 or 2, or the position would be negative.
        """
        if whence == os.SEEK_SET:
            start = 0
        elif whence == os.SEEK_CUR:
            start = self._file.tell()
        elif whence == os.SEEK_END:
            start = self._size()
        else:
            raise ValueError(f"whence must be 0, 1 or 2, not {whence!r}")
        if start + offset < 0:
            raise ValueError(f"seek to {start + offset}, before the beginning of the file")
        return self._file.seek(start + offset)

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes, or to the end, from the current position."""
        return self._file.read(size)

    def write(self, data: Any) -> int:
        """Write a bytes-like object at the current position; return its number of bytes."""
        self._reserve(self._file.tell() + memoryview(data).nbytes)
        return self._file.write(data)

    def truncate(self, size: int) -> None:
        """Cut the content to `size`, or extend it with zeros; the position stays."""
        self._reserve(size)
        position = self._file.tell()
        if size > self._size():
            self._file.seek(size - 1)
            self._file.write(b"\0")
        else:
            self._file.truncate(size)
        self._file.seek(position)

    def close(self) -> None:
        """Delete the file. Idempotent."""
        self._file.close()

    def __enter__(self) -> Spool:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _size(self) -> int:
        position = self._file.tell()
        try:
            return self._file.seek(0, os.SEEK_END)
        finally:
            self._file.seek(position)

    def _reserve(self, size: int) -> None:
        """Move the content to disk before it grows beyond `MEMORY_BYTES`."""
        if size > MEMORY_BYTES:
            self._file.rollover()


@contextmanager
def spooled(
    source: Source, taken: Callable[[memoryview], object] | None = None
) -> Iterator[Source]:
    """Copy a source to a temporary file; yield the copy, which has the name of the source.

    Args:
        source: A pipe, or a file whose size in `stat` is wrong.
        taken: Called with each block that was copied.
    """
    with Spool(source.name) as spool:
        for block in source.blocks():
            spool.write(block)
            if taken is not None:
                taken(block)
        spool.seek(0)
        yield FileSource(spool)


@contextmanager
def measured(source: Source, purpose: str) -> Iterator[Source]:
    """Yield a source that has a size and can be read at any offset: `source` itself, or a copy.

    Args:
        source: The source to read.
        purpose: What it is read for, a participle for the message, such as ``"verified"``.

    Raises:
        InputError: If the source cannot be read again, such as a pipe.
    """
    if not source.seekable:
        raise InputError(f"{source.name} cannot be {purpose}: it is not seekable")
    if source.size is not None:
        yield source
        return
    with spooled(source) as copy:
        yield copy
