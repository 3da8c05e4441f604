"""`verify`: which slices of a file differ from its parts list, each checked on its own.

A slice needs only its neighbour's state, its bytes and its own entry, so many are hashed at once:
each worker reads as many slices as the core has lanes, a piece of each at a time, into a buffer
that stays in the core's cache.
"""

from __future__ import annotations

from threading import Event, Lock, local
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.concurrency import Progress, count_workers, run_tasks
from cosfast.deprecation import renamed_keywords
from cosfast.errors import InputError
from cosfast.hashing.core import ffi, lib
from cosfast.hashing.hashes import digest_of_end, hash_class
from cosfast.hashing.state import BLOCK_SIZE, algorithm_named
from cosfast.parts.lanes import LANES, PIECE_BYTES
from cosfast.parts.sources import open_source
from cosfast.parts.spool import measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


class _Slice(NamedTuple):
    """A slice that file and list both have, of the same length."""

    number: int
    offset: int
    length: int


@renamed_keywords(workers="max_workers")
def verify(
    source: Any,
    parts: UploadParts,
    *,
    max_workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[int]:
    """Return the indices of the slices in which `source` and `parts` differ; [] is a match.

    Each slice is checked alone, from the state that its neighbour's entry holds (PROTOCOL.md,
    section 3, the consequence), so a slice may also differ because the entry before it is wrong.
    If the file is longer or shorter than the list says, the slices that only one of the two
    has differ, and so does the one that the shorter one ends in. The index of a slice that only
    the file has is beyond the list: it begins at ``index * parts.slice_size``.

    The last slice is compared by the file's digest. A list that was read from hash contexts alone
    may lack that (`UploadParts.has_digest`): then only the length of the last slice is compared.

    Args:
        source: A path, a bytes-like object, or a seekable binary file, taken from its present
            position to its end.
        parts: What to compare with.
        max_workers: Threads; by default one a core.
        progress: Called with each number of bytes checked, one call at a time.

    Raises:
        InputError: If `source` cannot seek, `max_workers` is no positive number, or the list is
            empty and the file is not: then there is no slice that an index could name.
        OSError: If the file cannot be opened or read.
        SourceChanged: If it changed while it was read.
    """
    with open_source(source) as opened, measured(opened, "verified") as whole:
        return verify_source(whole, parts, max_workers=max_workers, progress=progress)


def verify_source(
    source: Source,
    parts: UploadParts,
    *,
    max_workers: int | None = None,
    progress: Callable[[int], object] | None = None,
    stop: Event | None = None,
) -> list[int]:
    """Compare an opened source, whose size is known; see `verify`.

    If `stop` is set by another thread, it returns soon, and the result is worthless.
    """
    threads = count_workers(max_workers)
    size = source.size or 0
    if size and not parts:
        raise InputError(
            f"the parts list is empty, as an empty file's is, but {source.name} has {size} bytes:"
            " verify it against its own list"
        )
    common, differing = _compare_lengths(size, parts)
    batch = _batch_size(parts.slice_size)
    batches = [common[start : start + batch] for start in range(0, len(common), batch)]
    check = _Check(source, parts, progress, differing)
    workers = max(1, min(threads, len(batches)))
    run_tasks(check.batch, batches, max_workers=workers, stop=stop or Event())
    source.check_unchanged()
    return sorted(check.differing)


def slice_matches(parts: UploadParts, index: int, data: Any) -> bool:
    """Check one slice alone: from its neighbour's state, its bytes and its own entry.

    Args:
        parts: The list of the whole file.
        index: Which slice, from 0.
        data: That slice's bytes, all of them.

    Raises:
        InputError: If it is the last slice, and the list lacks the file's digest.
    """
    running = hash_class(algorithm_named(parts.algorithm)).from_state(parts.state_before(index))
    running.update(data)
    if index == len(parts) - 1:
        return running.digest() == parts.raw(index)
    return running.chaining_words() == parts.raw(index)


def _compare_lengths(size: int, parts: UploadParts) -> tuple[list[_Slice], list[int]]:
    """Return the slices worth hashing, and the indices of those that differ without a look."""
    slice_size = parts.slice_size
    common, differing = [], []
    for index in range(max(len(parts), -(-size // slice_size))):
        offset = index * slice_size
        here, listed = size - offset, parts.filesize - offset
        length = min(here, slice_size)
        if length <= 0 or length != min(listed, slice_size):
            differing.append(index)
        elif parts.has_digest or index < len(parts) - 1:
            common.append(_Slice(index, offset, length))
    return common, differing


def _batch_size(slice_size: int) -> int:
    """Return how many slices one batch has: a buffer's worth where slices are small."""
    return max(LANES, LANES * PIECE_BYTES // slice_size)


class _Check:
    """What the workers share: the source, the list, and what they found."""

    def __init__(
        self,
        source: Source,
        parts: UploadParts,
        progress: Callable[[int], object] | None,
        differing: list[int],
    ) -> None:
        self._source = source
        self._parts = parts
        self._algorithm = algorithm_named(parts.algorithm)
        self._progress = Progress(progress)
        self._lock = Lock()
        self._local = local()
        self.differing = differing

    def batch(self, slices: list[_Slice]) -> None:
        """Hash these slices, which follow one another, side by side; keep those that differ."""
        streams = ffi.new("cosfast_stream[]", len(slices))
        for stream, checked in zip(streams, slices, strict=True):
            stream.h = self._parts.words_before(checked.number)
        if self._parts.slice_size <= PIECE_BYTES:
            tail = self._hash_together(streams, slices)
        else:
            tail = self._hash_pieces(streams, slices)
        words = len(self._algorithm.initial_words)
        found = [
            checked.number
            for stream, checked in zip(streams, slices, strict=True)
            if not self._matches(checked, stream.h[0:words], tail)
        ]
        with self._lock:
            self.differing += found
        self._progress.advance(sum(checked.length for checked in slices))

    def _hash_together(self, streams: Any, slices: list[_Slice]) -> bytes:
        """Hash small slices, all read at once; return what is left of the last after its blocks."""
        first, last = slices[0].offset, slices[-1]
        data = self._source.read_slice(first, last.offset + last.length - first, self._buffer())
        start = ffi.from_buffer("uint8_t[]", data)
        for stream, checked in zip(streams, slices, strict=True):
            stream.data = start + (checked.offset - first)
            stream.blocks = checked.length // BLOCK_SIZE
        lib.cosfast_compress_many(self._algorithm.number, streams, len(slices))
        return _tail(data)

    def _hash_pieces(self, streams: Any, slices: list[_Slice]) -> bytes:
        """Hash large slices, a piece of each at a time; return what is left of the last."""
        buffer = self._buffer()
        tail = b""
        for done in range(0, slices[0].length, PIECE_BYTES):
            held = []  # the memory that the streams point to
            for lane, checked in enumerate(slices):
                length = max(0, min(PIECE_BYTES, checked.length - done))
                room = buffer[lane * PIECE_BYTES : (lane + 1) * PIECE_BYTES]
                data = self._source.read_slice(checked.offset + done, length, room)
                held.append(ffi.from_buffer("uint8_t[]", data))
                streams[lane].data = held[-1]
                streams[lane].blocks = length // BLOCK_SIZE
                tail = _tail(data) if length % BLOCK_SIZE else tail
            lib.cosfast_compress_many(self._algorithm.number, streams, len(slices))
        return tail

    def _buffer(self) -> memoryview:
        """Return this thread's buffer, made once: fresh memory costs as much as hashing it."""
        buffer: memoryview | None = getattr(self._local, "buffer", None)
        if buffer is None:
            buffer = self._local.buffer = memoryview(bytearray(LANES * PIECE_BYTES))
        return buffer

    def _matches(self, checked: _Slice, words: Any, tail: bytes) -> bool:
        expected = self._parts.raw(checked.number)
        if checked.number < len(self._parts) - 1:
            return self._algorithm.words.pack(*words) == expected
        end = checked.offset + checked.length
        return digest_of_end(self._algorithm, tuple(words), end - len(tail), tail) == expected


def _tail(data: memoryview) -> bytes:
    """Return the bytes behind the last whole block."""
    return bytes(data[len(data) - len(data) % BLOCK_SIZE :])
