"""Sources of bytes: a path, a bytes-like object or a binary file object behind one interface.

A `Source` is read from start to end with `blocks`, or at any offset with `read_slice`, by many
threads at once. It detects if the file has changed since it was opened.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from abc import ABC, abstractmethod
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError, SourceChanged
from cosfast.parts.filestate import FileState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BLOCK_BYTES = 256 * 1024
"""Bytes read at a time, few enough for a block to be in the CPU cache when it is hashed."""

HAS_PREADV = hasattr(os, "preadv")
HAS_PREAD = hasattr(os, "pread")
"""Positioned reads, with which threads can share a descriptor; Windows has neither."""

READ_AHEAD_FROM = 32 * 1024 * 1024
"""Minimum file size in bytes for reading ahead: for less, a thread costs more than it saves."""

READ_AHEAD_BUFFERS = 3
READ_AHEAD_BYTES = 2 * 1024 * 1024
"""Size of each read-ahead buffer in bytes."""

MEMORY_BLOCK_BYTES = 16 * 1024 * 1024
"""Bytes of memory that are hashed in one call."""


class Source(ABC):
    """Bytes to hash or send.

    Attributes:
        name: Its name in messages.
        size: Bytes, or None if it is only known after reading to the end: of a pipe, and of a file
            that is longer or shorter than its `stat` says (in ``/proc`` and ``/sys``, on some FUSE
            mounts).
        seekable: Whether it can be read again; False for a pipe.
    """

    name: str
    size: int | None = None
    seekable: bool = True

    @abstractmethod
    def blocks(self) -> Iterator[memoryview]:
        """Yield everything from start to end; a block is valid until the next one is requested."""

    @abstractmethod
    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Return `length` bytes from `offset`; thread-safe.

        Args:
            offset: Bytes from the start.
            length: Number of bytes.
            buffer: At least `length` bytes, to read into unless the source is in memory; by
                default a new one.

        Raises:
            SourceChanged: If the source is shorter by now.
        """

    def check_unchanged(self, *, content_verified: bool = False) -> None:  # noqa: B027 - memory has nothing to compare
        """Compare the state of the file with that when it was opened.

        Args:
            content_verified: See `FileState.require`.

        Raises:
            SourceChanged: If it has changed.
        """

    def close(self) -> None:  # noqa: B027 - a caller's file object is the caller's to close
        """Close what was opened here; what the caller opened stays open."""

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class MemorySource(Source):
    """A bytes-like object; slices are views of it, not copies."""

    name = "<bytes>"

    def __init__(self, data: Any) -> None:
        self._view = byte_view(data)
        self.size: int = len(self._view)

    def blocks(self) -> Iterator[memoryview]:
        """Yield views of it, short enough to report progress and to react to an interrupt."""
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
    """A file opened by its path.

    Attributes:
        path: The path as it was given.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: str | os.PathLike[str] = path
        self.name: str = os.fspath(path)
        self._file = self._open()
        self._lock = Lock()
        self._state: FileState | None = None  # of a regular file
        try:
            status = self.status()
            self.seekable: bool = stat.S_ISREG(status.st_mode)
            if self.seekable:
                self._state = FileState.of(status)
                self.size: int | None = self._measure(status.st_size)
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> io.FileIO:
        return io.FileIO(self.name)

    def _measure(self, size: int) -> int | None:
        """Return `size` if the content ends there, else None."""
        try:
            if _ends_at(size, lambda offset: self._read_once(offset, memoryview(bytearray(1)))):
                return size
        except OSError:  # positioned reads fail; if all reads do, `blocks` raises the error
            pass
        self.check_unchanged()
        return None

    def blocks(self) -> Iterator[memoryview]:
        """Read the file once, ahead of the caller; at its end, check that it did not change."""
        total = 0
        for block in self._read_blocks():
            total += len(block)
            yield block
        self.check_unchanged()
        _check_total(self.name, self.size, total)

    def _read_blocks(self) -> Iterator[memoryview]:
        if self.size is None or self.size > READ_AHEAD_FROM:
            from cosfast.concurrency import read_ahead  # noqa: PLC0415 - few files are so large

            return read_ahead(
                self._reader(), buffers=READ_AHEAD_BUFFERS, buffer_size=READ_AHEAD_BYTES
            )
        return _fill_blocks(self._reader(), self.name)

    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Read one slice; see `Source.read_slice`."""
        view = _room(length, buffer)
        done = 0
        while done < length:
            count = self._read_once(offset + done, view[done:] if done else view)
            if not count:
                raise SourceChanged(
                    self.name, f"it was truncated to {offset + done} bytes while it was read"
                )
            done += count
        return view

    def status(self) -> os.stat_result:
        """Return the current result of `os.fstat`."""
        return os.fstat(self._file.fileno())

    def check_unchanged(self, *, content_verified: bool = False) -> None:
        """Compare the state of the file with that at opening; see `Source.check_unchanged`."""
        if self._state is not None:
            self._state.require(self.name, self.status(), content_verified=content_verified)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _reader(self) -> Callable[[memoryview], int | None]:
        """Return a `readinto` from the start that is independent of `read_slice`."""
        if self.size is None:  # in order, from one position: there may be no other way
            if self.seekable:
                with suppress(OSError):
                    self._file.seek(0)
            return self._read_next
        offset = 0

        def readinto(view: memoryview) -> int:
            nonlocal offset
            count = self._read_once(offset, view)
            offset += count
            return count

        return readinto

    def _read_next(self, view: memoryview) -> int:
        count = self._file.readinto(view)
        if count is None:
            raise BlockingIOError(errno.EAGAIN, "non-blocking, and no bytes are ready", self.name)
        return count

    def _read_once(self, offset: int, view: memoryview) -> int:
        try:
            if HAS_PREADV or HAS_PREAD:
                return read_at(self._file.fileno(), view, offset)
            with self._lock:  # all threads share one position
                return read_at(self._file.fileno(), view, offset)
        except OSError as exc:
            exc.filename = self.name
            raise


class PlainFile(PathSource):
    """A regular file; a folder, a pipe or a device is refused without waiting for it.

    Raises:
        OSError: If it cannot be opened, or is not a regular file; it names the path.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        super().__init__(path)
        if not self.seekable:
            self.close()
            raise OSError(errno.EINVAL, "not a regular file", self.name)

    def _open(self) -> io.FileIO:
        try:
            return io.FileIO(self.name, opener=_open_at_once)
        except ValueError as exc:  # a NUL in the path
            raise OSError(errno.EINVAL, str(exc), self.name) from exc


def _open_at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


class FileSource(Source):
    """A binary file object of the caller, read from its current position to its end."""

    def __init__(self, file: Any) -> None:
        self._file = file
        self.name: str = str(getattr(file, "name", f"<{type(file).__name__}>"))
        self._lock = Lock()
        self._start: int = 0
        raw = getattr(file, "raw", file)
        # The descriptor of another kind of object may have other content, as in `gzip`.
        self._raw = raw if isinstance(raw, io.FileIO) else None
        self._state: FileState | None = None  # of a regular file from `open`
        seekable = getattr(file, "seekable", None)
        self.seekable: bool = callable(seekable) and bool(seekable())
        if self.seekable:
            self.size: int | None = self._measure()

    def _measure(self) -> int | None:
        """Return the bytes up to the end of the object, or None if its content ends elsewhere.

        The position of the object is restored.
        """
        self._start = self._file.tell()
        if self._raw is not None:
            self._file.flush()  # so that pending writes of the caller do not count as a change
            status = os.fstat(self._raw.fileno())
            self._state = FileState.of(status) if stat.S_ISREG(status.st_mode) else None
        try:
            self._file.seek(0, io.SEEK_END)
            end: int = max(self._start, self._file.tell())
            ends_there = _ends_at(end - self._start, self._probe)
        except (OSError, ValueError) as exc:
            if isinstance(exc, InputError):
                raise
            ends_there = False  # such as a file in /proc that cannot seek to its end
        self._file.seek(self._start)
        if ends_there:
            return end - self._start
        self.check_unchanged()
        return None

    def _probe(self, offset: int) -> int:
        """Try to read one byte, if possible not through the object; return the number read."""
        if self._raw is not None and (HAS_PREADV or HAS_PREAD):
            return read_at(self._raw.fileno(), memoryview(bytearray(1)), self._start + offset)
        self._file.seek(self._start + offset)
        return sum(map(len, _take(self._file, self.name, 1)))

    def blocks(self) -> Iterator[memoryview]:
        """Read from the position that the object had at first."""
        if self.seekable:
            self._file.seek(self._start)
        total = 0
        for block in read_blocks(self._file, self.name):
            total += len(block)
            yield block
        self.check_unchanged()
        _check_total(self.name, self.size, total)

    def read_slice(self, offset: int, length: int, buffer: memoryview | None = None) -> memoryview:
        """Read one slice; a lock guards the position of the object."""
        if self.size is None:
            raise InputError(f"{self.name} cannot be read at an offset: it is not seekable")
        view = _room(length, buffer)
        done = 0
        with self._lock:
            self._file.seek(self._start + offset)
            for data in _take(self._file, self.name, length):
                view[done : done + len(data)] = data
                done += len(data)
        if done < length:
            raise SourceChanged(
                self.name, f"it was truncated to {offset + done} bytes while it was read"
            )
        return view

    def check_unchanged(self, *, content_verified: bool = False) -> None:
        """Compare the state of a file from `open`; see `Source.check_unchanged`."""
        if self._raw is not None and self._state is not None:
            status = os.fstat(self._raw.fileno())
            self._state.require(self.name, status, content_verified=content_verified)


def open_source(source: Any) -> Source:
    """Open a path, or wrap a bytes-like object or a binary file object.

    Raises:
        OSError: If the path cannot be opened.
        InputError: If `source` is none of the three, such as a text file.
    """
    if isinstance(source, (str, os.PathLike)):
        return PathSource(source)
    if callable(getattr(source, "read", None)):
        return FileSource(source)
    try:
        return MemorySource(source)
    except (TypeError, BufferError) as exc:
        raise InputError(
            "a source must be a path, a contiguous bytes-like object or a binary file,"
            f" not {type(source).__name__}"
        ) from exc


def read_at(descriptor: int, view: memoryview, offset: int) -> int:
    """Read once from `offset` into `view`; return the number of bytes, 0 at the end of the file.

    If the system has no positioned reads, this moves the descriptor's position, and threads must
    take turns.
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
    """Read a binary file object to its end through one buffer."""
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
            raise InputError(f"{name} is non-blocking and has no bytes ready: make it blocking")
        if not count:
            return
        yield buffer[:count]


def _room(length: int, buffer: memoryview | None) -> memoryview:
    return memoryview(bytearray(length)) if buffer is None else buffer[:length]


def _take(file: Any, name: str, wanted: int | None) -> Iterator[bytes]:
    """Yield `wanted` bytes, or all to the end, from the `read` method of an object."""
    while wanted is None or wanted > 0:
        data = file.read(BLOCK_BYTES if wanted is None else wanted)
        if data is None:
            raise InputError(f"{name} is non-blocking and has no bytes ready: make it blocking")
        if isinstance(data, str):
            raise InputError(f"{name} is a text file: open it in binary mode")
        if not data:
            return
        yield data
        if wanted is not None:
            wanted -= len(data)


def _ends_at(size: int, probe: Callable[[int], int]) -> bool:
    """Return whether content ends at `size`; `probe` reads at an offset and returns 1, or 0."""
    return (not size or probe(size - 1) == 1) and not probe(size)


def _check_total(name: str, size: int | None, total: int) -> None:
    if size is not None and total != size:
        raise SourceChanged(name, f"it had {size} bytes, but {total} were read")


def byte_view(data: Any) -> memoryview:
    """Return a one-dimensional view of the bytes of a contiguous bytes-like object.

    Raises:
        TypeError: If `data` is not bytes-like, or not contiguous.
    """
    view = memoryview(data)
    if view.nbytes:
        return view.cast("B")
    view.release()
    return memoryview(b"")  # `cast` fails for an empty array
