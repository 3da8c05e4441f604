"""`FileLanes`: large files hashed side by side, each in a lane of its own, a piece at a time."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cosfast.hashing.core import ffi, lib
from cosfast.hashing.hashes import digest_of_end
from cosfast.hashing.state import BLOCK_SIZE, INITIAL_WORDS
from cosfast.parts.model import UploadParts

if TYPE_CHECKING:
    import os

    from cosfast.parts.sources import PlainFile

    Path = str | os.PathLike[str]
    Result = tuple[Path, UploadParts | OSError]

LANES = 16
"""Files at once: as many as the widest kernel takes."""

PIECE_BYTES = 128 * 1024
"""Bytes of each file read at a time; a multiple of 64. Larger ones would leave the L2 cache."""


_WORDS = struct.Struct("<5I")


class FileLanes:
    """A fixed number of lanes; a context manager that closes the files still in them.

    Args:
        slice_size: bytes in a slice.
    """

    def __init__(self, slice_size: int) -> None:
        self._slice_size = slice_size
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
        """Whether any lane has one."""
        return bool(self._lanes)

    def add(self, file: PlainFile, size: int) -> None:
        """Give a file of `size` bytes a lane, which closes it in the end; one must be free."""
        number = self._free.pop()
        room = self._buffer[number * PIECE_BYTES : (number + 1) * PIECE_BYTES]
        self._streams[number].h = INITIAL_WORDS
        self._lanes[number] = _Lane(file, size, room)

    def step(self) -> list[Result]:
        """Hash the next piece of every file; return those that are done or have failed."""
        results: list[Result] = []
        for number, lane in list(self._lanes.items()):
            try:
                self._streams[number].blocks = lane.read(self._slice_size)
            except OSError as exc:
                results.append((self._leave(number), exc))
        lib.cosfast_compress_many(lib.COSFAST_SHA1, self._streams, LANES)
        for number, lane in list(self._lanes.items()):
            try:
                parts = lane.settle(tuple(self._streams[number].h[0:5]), self._slice_size)
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
    """A file under way: how far it is, and the entries of the slices behind it."""

    __slots__ = ("_offset", "_piece", "_raw", "_room", "_size", "file")

    def __init__(self, file: PlainFile, size: int, room: memoryview) -> None:
        self.file = file
        self._size = size
        self._room = room
        self._piece = 0
        self._offset = 0
        self._raw = bytearray()

    def read(self, slice_size: int) -> int:
        """Read the next piece, of one slice; return its whole blocks."""
        left_of_slice = slice_size - self._offset % slice_size
        self._piece = min(PIECE_BYTES, left_of_slice, self._size - self._offset)
        self.file.read_slice(self._offset, self._piece, self._room)
        return self._piece // BLOCK_SIZE

    def settle(self, words: tuple[int, ...], slice_size: int) -> UploadParts | None:
        """Take the state after the piece; return the parts where that was the last one."""
        self._offset += self._piece
        if self._offset < self._size:
            if self._offset % slice_size == 0:
                self._raw += _WORDS.pack(*words)
            return None
        self.file.check_unchanged()
        tail = self._room[self._piece - self._piece % BLOCK_SIZE : self._piece]
        digest = digest_of_end(words, self._offset - len(tail), tail)
        return UploadParts.from_raw(bytes(self._raw) + digest, self._offset, slice_size)
