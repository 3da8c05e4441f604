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
    from collections.abc import Callable, Iterator

BLOCK_BYTES = 256 * 1024
"""Bytes read at a time: small enough that a block is still in the core's cache when hashed."""

HAS_PREADV = hasattr(os, "preadv")
HAS_PREAD = hasattr(os, "pread")
"""Whether threads can read one descriptor at different places at once; on Windows neither is."""

READ_AHEAD_FROM = 32 * 1024 * 1024
"""Bytes: with a smaller file, a thread and its buffers would cost more than they save."""

MEMORY_BLOCK_BYTES = 16 * 1024 * 1024
"""Bytes of memory hashed in one go."""


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
    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Return `length` bytes from `offset`; any thread may ask.

        Args:
            offset: bytes from the start.
            length: bytes.
            buffer: of at least `length` bytes, to read into where there is anything to read;
                by default a new one.

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
        """Yield views of it, small enough that progress is seen and an interrupt is heard."""
        for start in range(0, len(self._view), MEMORY_BLOCK_BYTES):
            yield self._view[start : start + MEMORY_BLOCK_BYTES]

    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Return a view of the memory itself."""
        del buffer
        return self._view[offset : offset + length]

    def close(self) -> None:
        """Release the view, so that a bytearray may be resized again."""
        self._view.release()


class PathSource(Source):
    """A file opened by its path."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name: str = os.fspath(path)
        self._file = io.FileIO(self.name)
        try:
            self._snapshot = _snapshot(self._file.fileno())
        except BaseException:
            self._file.close()
            raise
        self.size: int | None = self._snapshot[0] if self._snapshot else None
        self._lock = Lock()

    def blocks(self) -> Iterator[memoryview]:
        """Read the file once, ahead of whoever hashes; see at its end that it stayed as it was."""
        if self.size is None or self.size > READ_AHEAD_FROM:
            from cosfast.parts.readahead import read_ahead  # noqa: PLC0415 - few files are so large

            yield from read_ahead(self._reader())
        else:
            yield from _fill_blocks(self._reader(), self.name)
        self.check_unchanged()

    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Read one slice; see `Source.read_slice`."""
        view = _room(length, buffer)
        done = 0
        while done < length:
            count = self._read_once(offset + done, view[done:] if done else view)
            if not count:
                raise SourceChanged(
                    self.name, f"it was truncated under way, to {offset + done} bytes"
                )
            done += count
        return view

    def status(self) -> os.stat_result:
        """Return what the system says of the file now."""
        return os.fstat(self._file.fileno())

    def check_unchanged(self) -> None:
        """Compare size and modification time with those at opening."""
        now = _snapshot(self._file.fileno())
        if now != self._snapshot:
            raise SourceChanged(self.name)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _reader(self) -> Callable[[memoryview], int | None]:
        """Return what reads from the beginning on, wherever `read_slice` reads meanwhile."""
        if self.size is None:
            return self._file.readinto  # a pipe has no places to read at
        offset = 0

        def readinto(view: memoryview) -> int:
            nonlocal offset
            count = self._read_once(offset, view)
            offset += count
            return count

        return readinto

    def _read_once(self, offset: int, view: memoryview) -> int:
        if HAS_PREADV or HAS_PREAD:
            return read_at(self._file.fileno(), view, offset)
        with self._lock:  # one position for all threads
            return read_at(self._file.fileno(), view, offset)


class FileSource(Source):
    """A binary file object of the caller's, taken from its present position to its end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.name: str = str(getattr(file, "name", f"<{type(file).__name__}>"))
        self._lock = Lock()
        self.size: int | None
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

    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Read one slice under a lock, since the object has one position."""
        if not self.seekable:
            raise InputError(f"{self.name} cannot be read out of order: it is not seekable")
        view = _room(length, buffer)
        done = 0
        with self._lock:
            self._file.seek(self._start + offset)
            for data in _take(self._file, self.name, length):
                view[done : done + len(data)] = data
                done += len(data)
        if done < length:
            raise SourceChanged(self.name, f"it was truncated under way, to {offset + done} bytes")
        return view


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


def read_at(descriptor: int, view: memoryview, offset: int) -> int:
    """Read once from `offset` into `view`; return the bytes read, 0 at the end of the file.

    Where the system has no positioned read this moves the descriptor's one position, and threads
    must take turns.
    """
    if HAS_PREADV:
        return os.preadv(descriptor, [view], offset)
    if HAS_PREAD:
        data = os.pread(descriptor, len(view), offset)
    else:
        os.lseek(descriptor, offset, os.SEEK_SET)
        data = os.read(descriptor, len(view))
    view[: len(data)] = data
    return len(data)


def read_blocks(file: Any, name: str) -> Iterator[memoryview]:
    """Read a binary file object to its end through one buffer, however little a read gives."""
    if not callable(getattr(file, "readinto", None)):
        for data in _take(file, name, None):
            yield memoryview(data)
        return
    yield from _fill_blocks(file.readinto, name)


def _fill_blocks(readinto: Callable[[memoryview], int | None], name: str) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(BLOCK_BYTES))
    while True:
        count = readinto(buffer)
        if count is None:
            raise InputError(f"{name} is non-blocking and has no bytes ready")
        if not count:
            return
        yield buffer[:count]


def _room(length: int, buffer: memoryview | None) -> memoryview:
    return memoryview(bytearray(length)) if buffer is None else buffer[:length]


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
