"""Functions that make parts lists: `PartsBuilder`, `uploadparts` and `extend`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError, SourceChanged
from cosfast.hashing.hashes import hash_class
from cosfast.hashing.state import SHA1, algorithm_named
from cosfast.parts.formats import SLICE_SIZE, check_slice_size
from cosfast.parts.model import UploadParts
from cosfast.parts.sources import BLOCK_BYTES, byte_view, open_source
from cosfast.parts.spool import measured

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.hashing.state import HashState
    from cosfast.parts.sources import Source


class PartsBuilder:
    """Hashes a stream of bytes and records the state at the end of each slice.

    Args:
        slice_size: Slice size in bytes, a positive multiple of 64.
        algorithm: ``"sha1"`` or ``"sha256"``.

    Raises:
        InputError: If an argument is not valid.
    """

    def __init__(self, slice_size: int = SLICE_SIZE, *, algorithm: str = "sha1") -> None:
        check_slice_size(slice_size)
        self._slice_size = slice_size
        self._algorithm = algorithm_named(algorithm)
        self._hash = hash_class(self._algorithm)()
        self._raw = bytearray()
        self._length = 0

    @classmethod
    def resume(cls, parts: UploadParts) -> PartsBuilder:
        """Return a builder that has hashed everything before the last slice of `parts`."""
        self = cls(parts.slice_size, algorithm=parts.algorithm)
        interior = max(0, len(parts) - 1)
        if interior:
            self._hash = hash_class(self._algorithm).from_state(parts.state_before(interior))
            self._raw += b"".join(parts.raw(index) for index in range(interior))
            self._length = interior * parts.slice_size
        return self

    def update(self, data: Any) -> None:
        """Hash the next bytes of the file, of any length."""
        view = byte_view(data)
        while len(view):
            room = self._slice_size - self._length % self._slice_size
            piece = view[:room]
            self._hash.update(piece)
            self._length += len(piece)
            if len(piece) == room:
                self._raw += self._hash.chaining_words()
            view = view[room:]

    @property
    def length(self) -> int:
        """Bytes hashed so far."""
        return self._length

    @property
    def algorithm(self) -> str:
        """``"sha1"`` or ``"sha256"``."""
        return self._algorithm.name

    @property
    def digest(self) -> str:
        """Digest of the bytes so far in lower-case hex."""
        return self._hash.hexdigest()

    @property
    def state(self) -> HashState[Any]:
        """State of the hash after the bytes so far."""
        state: HashState[Any] = self._hash.state()
        return state

    @property
    def sha1(self) -> str:
        """SHA-1 of the bytes so far, 40 hex digits.

        Raises:
            InputError: If the builder uses another algorithm.
        """
        if self._algorithm is not SHA1:
            raise InputError(f"the builder uses {self._algorithm.title}: use .digest")
        return self.digest

    def finish(self) -> UploadParts:
        """Return the parts list of all bytes so far; the last part has the digest, not a state."""
        raw = bytearray(self._raw)
        digest = self._hash.digest()
        if self._length % self._slice_size:
            raw += digest
        else:
            raw[-len(digest) :] = digest if raw else b""
        return UploadParts.from_raw(bytes(raw), self._length, self._slice_size, self.algorithm)


def uploadparts(
    source: Any,
    *,
    slice_size: int = SLICE_SIZE,
    algorithm: str = "sha1",
    progress: Callable[[int], object] | None = None,
) -> UploadParts:
    """Hash `source` once and return its parts list (PROTOCOL.md, section 3).

    Args:
        source: Path, bytes-like object, or binary file, which is read from its current position to
            its end.
        slice_size: Slice size in bytes, a positive multiple of 64.
        algorithm: ``"sha1"`` or ``"sha256"``.
        progress: Called with numbers of bytes that were hashed.

    Raises:
        InputError: If an argument is not valid.
        OSError: If the file cannot be opened or read.
        SourceChanged: If the file changed while it was read.
    """
    check_slice_size(slice_size)
    algorithm_named(algorithm)
    with open_source(source) as opened:
        return parts_of(opened, slice_size=slice_size, algorithm=algorithm, progress=progress)


def parts_of(
    source: Source,
    *,
    slice_size: int = SLICE_SIZE,
    algorithm: str = "sha1",
    progress: Callable[[int], object] | None = None,
) -> UploadParts:
    """Return the parts list of an open source; see `uploadparts`."""
    builder = PartsBuilder(slice_size, algorithm=algorithm)
    for block in source.blocks():
        builder.update(block)
        if progress is not None:
            progress(len(block))
    return builder.finish()


def extend(source: Any, parts: UploadParts, *, algorithm: str | None = None) -> UploadParts:
    """Return the parts list of a file that has grown, reading only its last slice and new bytes.

    The bytes before the last slice of `parts` are not read again; that slice is, and is checked.

    Args:
        source: Path, bytes-like object, or seekable binary file: the whole file in its new state.
        parts: Parts list of the file in its previous state.
        algorithm: Algorithm that `parts` must have; None for any.

    Raises:
        InputError: If `source` is a file object that cannot seek, or `parts` is of another
            algorithm or lacks the digest, which is needed to check the last slice.
        SourceChanged: If the file is shorter than in `parts`, if its last slice changed, or if the
            file changed while it was read.
    """
    if algorithm is not None and algorithm_named(algorithm).name != parts.algorithm:
        raise InputError(f"the parts list uses {parts.algorithm}, not {algorithm}")
    with open_source(source) as opened, measured(opened, "extended") as whole:
        size = whole.size or 0
        if size < parts.filesize:
            raise SourceChanged(whole.name, f"it shrank to {size} bytes from {parts.filesize}")
        builder = PartsBuilder.resume(parts)
        _hash_range(whole, builder, parts.filesize)
        if builder.digest != parts.digest:
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
