"""Hashing several files at once in one thread: `FileLanes` for large files, and `SmallFiles`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import SourceChanged
from cosfast.hashing.core import ffi, lib
from cosfast.hashing.hashes import digest_of_end
from cosfast.hashing.state import BLOCK_SIZE, Algorithm
from cosfast.parts.model import UploadParts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosfast.parts.sources import PlainFile

    Path = str | os.PathLike[str]
    Result = tuple[Path, UploadParts | OSError]

LANES = 16
"""Files or slices that a thread hashes in parallel: the number of lanes of the widest kernel."""

PIECE_BYTES = 128 * 1024
"""Bytes of each that are read at a time; a multiple of 64. Larger ones would leave the L2 cache."""

SMALL_BYTES = 128 * 1024
"""Maximum size of a small file in bytes; larger files are worth their own lane."""

HEAP_BYTES = 2 * 1024 * 1024
"""Bytes of small files read before they are hashed: enough for all lanes, and still in cache."""


class FileLanes:
    """Hashes large files, each in its own lane, one piece at a time.

    The number of lanes is fixed. A context manager that closes the files that are in lanes.

    Args:
        slice_size: Slice size in bytes.
        algorithm: The hash algorithm.
    """

    def __init__(self, slice_size: int, algorithm: Algorithm) -> None:
        self._slice_size = slice_size
        self._algorithm = algorithm
        self._streams = ffi.new("cosfast_stream[]", LANES)
        self._lanes: dict[int, _Lane] = {}
        self._free = list(range(LANES))
        self._buffer = memoryview(bytearray(LANES * PIECE_BYTES))
        start = ffi.from_buffer("uint8_t[]", self._buffer)
        for number, stream in enumerate(self._streams):
            stream.data = start + number * PIECE_BYTES

    @property
    def full(self) -> bool:
        """Whether every lane has a file."""
        return not self._free

    @property
    def busy(self) -> bool:
        """Whether any lane has a file."""
        return bool(self._lanes)

    def add(self, file: PlainFile, size: int) -> None:
        """Put a file of `size` bytes in a free lane, which closes it when it is done."""
        number = self._free.pop()
        room = self._buffer[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
        self._streams[number].h = self._algorithm.initial_words
        self._lanes[number] = _Lane(file, size, room, self._slice_size, self._algorithm)

    def step(self) -> list[Result]:
        """Hash the next piece of every file; return the results of finished and failed files."""
        results: list[Result] = []
        words = len(self._algorithm.initial_words)
        for number, lane in list(self._lanes.items()):
            try:
                self._streams[number].blocks = lane.read()
            except OSError as exc:
                results.append((self._leave(number), exc))
        lib.cosfast_compress_many(self._algorithm.number, self._streams, LANES)
        for number, lane in list(self._lanes.items()):
            try:
                parts = lane.settle(tuple(self._streams[number].h[0:words]))
            except OSError as exc:
                results.append((self._leave(number), exc))
            else:
                if parts is not None:
                    results.append((self._leave(number), parts))
        return results

    def _leave(self, number: int) -> Path:
        file = self._lanes.pop(number).file
        file.close()
        self._streams[number].blocks = 0
        self._free.append(number)
        return file.path

    def __enter__(self) -> FileLanes:
        return self

    def __exit__(self, *exc_info: object) -> None:
        for number in list(self._lanes):
            self._leave(number)


class _Lane:
    """A file in progress: its current offset, and the states of its finished slices."""

    __slots__ = ("_algorithm", "_offset", "_piece", "_raw", "_room", "_size", "_slice_size", "file")

    def __init__(
        self, file: PlainFile, size: int, room: memoryview, slice_size: int, algorithm: Algorithm
    ) -> None:
        self.file = file
        self._size = size
        self._room = room
        self._slice_size = slice_size
        self._algorithm = algorithm
        self._piece = 0
        self._offset = 0
        self._raw = bytearray()

    def read(self) -> int:
        """Read the next piece, within one slice; return its number of whole blocks."""
        left_of_slice = self._slice_size - self._offset % self._slice_size
        self._piece = min(PIECE_BYTES, left_of_slice, self._size - self._offset)
        self.file.read_slice(self._offset, self._piece, self._room)
        return self._piece // BLOCK_SIZE

    def settle(self, words: tuple[int, ...]) -> UploadParts | None:
        """Record the state after the piece; return the parts list after the last piece."""
        self._offset += self._piece
        if self._offset < self._size:
            if self._offset % self._slice_size == 0:
                self._raw += self._algorithm.words.pack(*words)
            return None
        self.file.check_unchanged()
        tail = self._room[self._piece - self._piece % BLOCK_SIZE : self._piece]
        digest = digest_of_end(self._algorithm, words, self._offset - len(tail), tail)
        raw = bytes(self._raw) + digest
        return UploadParts.from_raw(raw, self._offset, self._slice_size, self._algorithm.name)


class Sorted(NamedTuple):
    """Results of hashing small files, and the paths of files that are not small."""

    results: list[Result]
    others: list[Path]


class SmallFiles:
    """Hashes files of one slice; the core opens, reads and hashes many of them in one call.

    Only one thread at a time may use it.

    Args:
        slice_size: Slice size in bytes; a file of more than one slice is not small.
        algorithm: The hash algorithm.
    """

    def __init__(self, slice_size: int, algorithm: Algorithm) -> None:
        self._slice_size = slice_size
        self._algorithm = algorithm
        self._limit = min(SMALL_BYTES, slice_size)
        self._heap = ffi.new("uint8_t[]", HEAP_BYTES)

    def hash(self, paths: Sequence[Path]) -> Sorted:
        """Hash the small files among `paths`; the result of a file that failed is its error."""
        names = [os.fsencode(path) for path in paths]
        plain = [name if b"\0" not in name else b"" for name in names]  # cannot be opened
        count = len(paths)
        errors = ffi.new("int32_t[]", count)
        sizes = ffi.new("uint64_t[]", count)
        digests = ffi.new("uint8_t[]", count * self._algorithm.digest_size)
        joined = b"\0".join(plain)
        limits = (self._limit, self._heap, HEAP_BYTES)
        number = self._algorithm.number
        lib.cosfast_hash_files(number, joined, count, *limits, errors, sizes, digests)
        return self._sort(
            paths, ffi.unpack(errors, count), ffi.unpack(sizes, count), ffi.buffer(digests)[:]
        )

    def _sort(
        self, paths: Sequence[Path], errors: list[int], sizes: list[int], digests: bytes
    ) -> Sorted:
        results: list[Result] = []
        others: list[Path] = []
        length = self._algorithm.digest_size
        for number, (path, error, size) in enumerate(zip(paths, errors, sizes, strict=True)):
            if error == 0:
                raw = digests[number * length : (number + 1) * length] if size else b""
                parts = UploadParts.from_raw(raw, size, self._slice_size, self._algorithm.name)
                results.append((path, parts))
            elif error == lib.COSFAST_FILE_OTHER:
                others.append(path)
            else:
                results.append((path, _error(path, error)))
        return Sorted(results, others)


def _error(path: Path, number: int) -> OSError:
    name = os.fspath(path)
    if number == lib.COSFAST_FILE_CHANGED:
        return SourceChanged(name, "it changed while it was read")
    return OSError(number, os.strerror(number), name)
