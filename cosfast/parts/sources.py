"""Where bytes come from: a path, a buffer or a binary file object, read in one manner.

A `Source` is read from front to back with `blocks`, or at any place with `read_slice`, by many
threads at once. It knows what it was when it was opened and notices when that has changed.
"""

from __future__ import annotations

import io
import os
import stat
from abc import ABC, abstractmethod
from threading import Lock
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError, SourceChanged

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK_BYTES = 256 * 1024
"""Bytes read at a time: small enough that a block is still in the core's cache when hashed."""


class Source(ABC):
    """Bytes to be hashed or sent.

    Attributes:
        name: how messages call it.
        size: bytes in all, or None where only reading to the end tells.
    """

    name: str
    size: int | None

    @abstractmethod
    def blocks(self) -> Iterator[memoryview]:
        """Read everything from front to back; a block is valid until the next is asked for."""

    @abstractmethod
    def read_slice(self, offset: int, length: int) -> memoryview:
        """Return `length` bytes from `offset`; any thread may ask.

        Raises:
            SourceChanged: where they are no longer there.
        """

    def check_unchanged(self) -> None:  # noqa: B027 - memory has nothing to compare with
        """Raise `SourceChanged` where this is known to have changed since it was opened."""

    def close(self) -> None:  # noqa: B027 - a caller's file object is the caller's to close
        """Let go of what was opened here; what the caller opened stays open."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class MemorySource(Source):
    """A bytes-like object: slices are views of it, never copies."""

    name = "<bytes>"

    def __init__(self, data: Any) -> None:
        self._view = memoryview(data).cast("B")
        self.size: int = len(self._view)

    def blocks(self) -> Iterator[memoryview]:
        """Yield the whole buffer at once."""
        yield self._view

    def read_slice(self, offset: int, length: int) -> memoryview:
        """Return a view of the buffer."""
        return self._view[offset : offset + length]

    def close(self) -> None:
        """Release the view, so that a bytearray may be resized again."""
        self._view.release()


class PathSource(Source):
    """A file opened by its path."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        self._file = io.FileIO(self.name)
        try:
            self._snapshot = _snapshot(self._file.fileno())
        except BaseException:
            self._file.close()
            raise
        self.size = self._snapshot[0] if self._snapshot else None
        self._lock = Lock()

    def blocks(self) -> Iterator[memoryview]:
        """Read the file once, and see at its end that it stayed as it was."""
        yield from read_blocks(self._file, self.name)
        self.check_unchanged()

    def readinto_at(self, offset: int, view: memoryview) -> int:
        """Fill `view` from `offset`; return the bytes read, fewer only at the end of the file."""
        done = 0
        while done < len(view):
            count = self._read_once(offset + done, view[done:])
            if not count:
                break
            done += count
        return done

    def read_slice(self, offset: int, length: int) -> memoryview:
        """Read one slice; see `Source.read_slice`."""
        buffer = memoryview(bytearray(length))
        done = self.readinto_at(offset, buffer)
        if done < length:
            raise SourceChanged(self.name, f"it was truncated under way, to {offset + done} bytes")
        return buffer

    def check_unchanged(self) -> None:
        """Compare size and modification time with those at opening."""
        now = _snapshot(self._file.fileno())
        if now != self._snapshot:
            raise SourceChanged(self.name)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _read_once(self, offset: int, view: memoryview) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [view], offset)
        with self._lock:  # one position for all threads, where the system has no positioned read
            self._file.seek(offset)
            return self._file.readinto(view) or 0


class FileSource(Source):
    """A binary file object of the caller's, taken from its present position to its end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.name = str(getattr(file, "name", f"<{type(file).__name__}>"))
        self._lock = Lock()
        self._start, self.size = _extent(file)

    @property
    def seekable(self) -> bool:
        """Whether slices can be read in any order."""
        return self.size is not None

    def blocks(self) -> Iterator[memoryview]:
        """Read from the position at which the object was handed over."""
        if self.seekable:
            self._file.seek(self._start)
        total = 0
        for block in read_blocks(self._file, self.name):
            total += len(block)
            yield block
        if self.size is not None and total != self.size:
            raise SourceChanged(self.name, f"it had {self.size} bytes, and then {total}")

    def read_slice(self, offset: int, length: int) -> memoryview:
        """Read one slice under a lock, since the object has one position."""
        if not self.seekable:
            raise InputError(f"{self.name} cannot be read out of order: it is not seekable")
        with self._lock:
            self._file.seek(self._start + offset)
            data = b"".join(_take(self._file, self.name, length))
        if len(data) < length:
            raise SourceChanged(
                self.name, f"it was truncated under way, to {offset + len(data)} bytes"
            )
        return memoryview(data)


def open_source(source: Any) -> Source:
    """Open a path, wrap a bytes-like object or a binary file object.

    Raises:
        OSError: where the path cannot be opened: missing, a directory, forbidden.
        InputError: where `source` is none of the three; a text file is not one of them.
    """
    if isinstance(source, (str, os.PathLike)):
        return PathSource(source)
    if callable(getattr(source, "read", None)):
        return FileSource(source)
    try:
        return MemorySource(source)
    except (TypeError, BufferError) as exc:
        raise InputError(
            "a source is a path, a contiguous bytes-like object or a binary file,"
            f" not {type(source).__name__}"
        ) from exc


def read_blocks(file: Any, name: str) -> Iterator[memoryview]:
    """Read a binary file object to its end through one buffer, however little a read gives."""
    if not callable(getattr(file, "readinto", None)):
        for data in _take(file, name, None):
            yield memoryview(data)
        return
    buffer = memoryview(bytearray(BLOCK_BYTES))
    while True:
        count = file.readinto(buffer)
        if count is None:
            raise InputError(f"{name} is non-blocking and has no bytes ready")
        if not count:
            return
        yield buffer[:count]


def _take(file: Any, name: str, wanted: int | None) -> Iterator[bytes]:
    """Read `wanted` bytes, or to the end, with an object's plain `read`."""
    while wanted is None or wanted > 0:
        data = file.read(BLOCK_BYTES if wanted is None else wanted)
        if data is None:
            raise InputError(f"{name} is non-blocking and has no bytes ready")
        if isinstance(data, str):
            raise InputError(f"{name} is a text file: open it in binary mode")
        if not data:
            return
        yield data
        if wanted is not None:
            wanted -= len(data)


def _snapshot(descriptor: int) -> tuple[int, int] | None:
    """Return what a change would alter: size and modification time; None unless a plain file."""
    status = os.fstat(descriptor)
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _extent(file: Any) -> tuple[int, int | None]:
    """Return where a file object stands and how many bytes follow; None where it cannot seek."""
    seekable = getattr(file, "seekable", None)
    if not callable(seekable) or not seekable():
        return 0, None
    start = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(start)
    return start, max(0, end - start)
