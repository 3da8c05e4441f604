"""Making parts lists: `PartsBuilder`, `uploadparts` and `extend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.errors import SourceChanged
from cosfast.hashing.hashes import Sha1
from cosfast.parts.model import SLICE_SIZE, UploadParts, check_slice_size
from cosfast.parts.sources import BLOCK_BYTES, byte_view, open_source
from cosfast.parts.spool import measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.parts.sources import Source


class PartsBuilder:
    """Hashes bytes as they come and keeps the state at the end of each slice.

    Args:
        slice_size: bytes in a slice, a positive multiple of 64.

    Raises:
        InputError: for any other slice size.
    """

    def __init__(self, slice_size: int = SLICE_SIZE) -> None:
        check_slice_size(slice_size)
        self._slice_size = slice_size
        self._sha1 = Sha1()
        self._raw = bytearray()
        self._length = 0

    @classmethod
    def go_on(cls, parts: UploadParts) -> PartsBuilder:
        """Return a builder that stands where the last slice of `parts` begins."""
        self = cls(parts.slice_size)
        interior = max(0, len(parts) - 1)
        if interior:
            self._sha1 = Sha1.from_state(parts.state_before(interior))
            self._raw += b"".join(parts.raw(index) for index in range(interior))
            self._length = interior * parts.slice_size
        return self

    def update(self, data: Any) -> None:
        """Take in the next bytes of the file, cut anyhow."""
        view = byte_view(data)
        while len(view):
            room = self._slice_size - self._length % self._slice_size
            piece = view[:room]
            self._sha1.update(piece)
            self._length += len(piece)
            if len(piece) == room:
                self._raw += self._sha1.chaining_words()
            view = view[room:]

    @property
    def length(self) -> int:
        """Bytes taken in so far."""
        return self._length

    @property
    def sha1(self) -> str:
        """The SHA-1 of the bytes so far, 40 hex digits."""
        return self._sha1.hexdigest()

    def finish(self) -> UploadParts:
        """Return the parts of all bytes so far; the last carries the digest, not a state."""
        raw = bytearray(self._raw)
        digest = self._sha1.digest()
        if self._length % self._slice_size:
            raw += digest
        else:
            raw[-len(digest) :] = digest if raw else b""
        return UploadParts.from_raw(bytes(raw), self._length, self._slice_size)


def uploadparts(
    source: Any,
    *,
    slice_size: int = SLICE_SIZE,
    progress: Callable[[int], object] | None = None,
) -> UploadParts:
    """Hash `source` once and return its parts (PROTOCOL.md, section 3).

    Args:
        source: a path, a bytes-like object, or a binary file, which is read from its present
            position to its end.
        slice_size: bytes in a slice, a positive multiple of 64.
        progress: called with each number of bytes hashed.

    Raises:
        InputError: for a bad slice size, or a source that is none of the three.
        OSError: where the file cannot be opened or read; it names the path.
        SourceChanged: where the file changed while it was read.
    """
    check_slice_size(slice_size)
    with open_source(source) as opened:
        return parts_of(opened, slice_size=slice_size, progress=progress)


def parts_of(
    source: Source,
    *,
    slice_size: int = SLICE_SIZE,
    progress: Callable[[int], object] | None = None,
) -> UploadParts:
    """Return the parts of an opened source; see `uploadparts`."""
    builder = PartsBuilder(slice_size)
    for block in source.blocks():
        builder.update(block)
        if progress is not None:
            progress(len(block))
    return builder.finish()


def extend(source: Any, parts: UploadParts) -> UploadParts:
    """Return the parts of a file that grew, hashing only what came after its last whole slice.

    The bytes before that slice are not read again; the slice itself is, and is checked.

    Args:
        source: a path, a bytes-like object, or a seekable binary file: the whole file as it is.
        parts: its list from before.

    Raises:
        InputError: where `source` is a file object that cannot seek.
        SourceChanged: where the file is shorter than `parts` says, where its last slice is no
            longer what it was, or where it changed while it was read.
    """
    with open_source(source) as opened, measured(opened, "extended") as whole:
        size = whole.size or 0
        if size < parts.filesize:
            raise SourceChanged(whole.name, f"it shrank to {size} bytes from {parts.filesize}")
        builder = PartsBuilder.go_on(parts)
        _hash_range(whole, builder, parts.filesize)
        if builder.sha1 != parts.sha1:
            raise SourceChanged(
                whole.name, f"it did not only grow: bytes before {parts.filesize} changed"
            )
        _hash_range(whole, builder, size)
        whole.check_unchanged()
        return builder.finish()


def _hash_range(source: Source, builder: PartsBuilder, end: int) -> None:
    while builder.length < end:
        count = min(BLOCK_BYTES, end - builder.length)
        builder.update(source.read_slice(builder.length, count))
