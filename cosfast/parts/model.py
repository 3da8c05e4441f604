"""`UploadPart` and `UploadParts`: the list itself, and its forms on three wires."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, overload

from cosfast.errors import InputError
from cosfast.hashing.state import (
    BLOCK_SIZE,
    DIGEST_SIZE,
    INITIAL_WORDS,
    MAX_LENGTH,
    Sha1State,
    datasha_bytes,
)
from cosfast.parsing import MAX_INTEGER, shown
from cosfast.parsing import load_json as load_strictly

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SLICE_SIZE = 1048576
"""Bytes in a slice that comes with `uploadparts` (PROTOCOL.md, section 3)."""

_EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


class UploadPart(NamedTuple):
    """One slice: where it starts, how long it is (bytes), and what SHA-1 is after it.

    `datasha` is the chaining state, words little-endian, for an interior slice, and the SHA-1
    of the whole file for the last one (PROTOCOL.md, section 3).
    """

    offset: int
    datalen: int
    datasha: str


class UploadParts(Sequence[UploadPart]):
    """The parts of one file, in order: an immutable sequence of `UploadPart`.

    Args:
        datashas: one a slice, as 40 hex digits each.
        filesize: bytes in the file.
        slice_size: bytes in each slice but the last, a positive multiple of 64.

    Raises:
        InputError: where the number of entries is not what `filesize` and `slice_size` give, or
            an entry is not 40 hex digits.
    """

    __slots__ = ("_raw", "filesize", "slice_size")

    filesize: int
    slice_size: int

    def __init__(self, datashas: Iterable[str], filesize: int, slice_size: int) -> None:
        self._set(b"".join(map(datasha_bytes, datashas)), filesize, slice_size)

    @classmethod
    def from_raw(cls, raw: bytes, filesize: int, slice_size: int) -> UploadParts:
        """Make a list of 20 bytes a slice: what `datasha` says, before it is spelt in hex."""
        self = cls.__new__(cls)
        self._set(raw, filesize, slice_size)
        return self

    def _set(self, raw: bytes, filesize: int, slice_size: int) -> None:
        check_slice_size(slice_size)
        if type(filesize) is not int or filesize > MAX_LENGTH:
            raise InputError(f"filesize must be a number of bytes below 2**61, not {filesize!r}")
        expected = -(-filesize // slice_size)
        if filesize < 0 or len(raw) != expected * DIGEST_SIZE:
            raise InputError(
                f"{filesize} bytes in slices of {slice_size} make {max(expected, 0)} parts,"
                f" not {len(raw) // DIGEST_SIZE}"
            )
        self._raw = raw
        self.filesize = filesize
        self.slice_size = slice_size

    @property
    def sha1(self) -> str:
        """The SHA-1 of the whole file, 40 hex digits: the last entry, or that of nothing."""
        return self._datasha(len(self) - 1) if self._raw else _EMPTY_SHA1

    @property
    def datashas(self) -> list[str]:
        """The `datasha` of every part in order; at 2 MiB a slice, WeDrive's `block_sha`."""
        return [self._datasha(index) for index in range(len(self))]

    def raw(self, index: int) -> bytes:
        """Return the 20 bytes that the `datasha` of part `index` spells in hex."""
        start = range(len(self))[index] * DIGEST_SIZE
        return self._raw[start : start + DIGEST_SIZE]

    def state_before(self, index: int) -> Sha1State:
        """Return the chaining state that part `index` starts from."""
        index = range(len(self))[index]
        words = struct.unpack("<5I", self.raw(index - 1)) if index else INITIAL_WORDS
        return Sha1State(words, index * self.slice_size)

    def contexts(self) -> list[dict[str, Any]]:
        """Return PDS's `parallel_sha1_ctx`, one a part: the state *before* it.

        ``{"h": [h0..h4], "part_offset": bytes}``, with an empty `h` for the first part, as that
        service's own SDK sends it (PROTOCOL.md, section 8).
        """
        states = [self.state_before(index) for index in range(len(self))]
        return [
            {"h": list(state.words) if state.length else [], "part_offset": state.length}
            for state in states
        ]

    def to_json(self) -> str:
        """Return the wire string: compact, one object a part, in order (PROTOCOL.md, 3)."""
        return "[" + ",".join(map(_part_json, self)) + "]"

    @classmethod
    def from_json(cls, text: str | bytes, *, slice_size: int | None = None) -> UploadParts:
        """Read the wire string.

        Args:
            text: a JSON array of ``{"offset":..., "datalen":..., "datasha":...}``.
            slice_size: bytes. By default the length of the first of several parts; a single part
                does not tell, and then it is `SLICE_SIZE`, or more where the part is larger.

        Raises:
            InputError: where it is not such an array, or the parts leave gaps, overlap, are out
                of order or of unequal length; it names the part at fault.
        """
        return cls.from_entries(load_json(text), slice_size=slice_size)

    @classmethod
    def from_entries(cls, entries: object, *, slice_size: int | None = None) -> UploadParts:
        """Read what the wire string holds; see `from_json`."""
        parts = _read_parts(entries)
        size = _slice_size_of(parts) if slice_size is None else slice_size
        check_slice_size(size)
        filesize = sum(part.datalen for part in parts)
        for index, part in enumerate(parts):
            expected = (index * size, min(size, filesize - index * size))
            if (part.offset, part.datalen) != expected:
                raise InputError(
                    f"part {index} is {part.datalen} bytes at {part.offset},"
                    f" not {expected[1]} at {expected[0]}"
                )
        return cls((part.datasha for part in parts), filesize, size)

    @overload
    def __getitem__(self, index: int) -> UploadPart: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[UploadPart, ...]: ...
    def __getitem__(self, index: int | slice) -> UploadPart | tuple[UploadPart, ...]:
        positions = range(len(self))[index]
        if isinstance(positions, range):
            return tuple(self._part(position) for position in positions)
        return self._part(positions)

    def __len__(self) -> int:
        return len(self._raw) // DIGEST_SIZE

    def __iter__(self) -> Iterator[UploadPart]:
        return map(self._part, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, UploadParts):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        return (
            f"<UploadParts {len(self)} of {self.slice_size} bytes,"
            f" file of {self.filesize} bytes, sha1 {self.sha1}>"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return UploadParts.from_raw, self._key()

    def _key(self) -> tuple[bytes, int, int]:
        return self._raw, self.filesize, self.slice_size

    def _datasha(self, index: int) -> str:
        return self._raw[index * DIGEST_SIZE : (index + 1) * DIGEST_SIZE].hex()

    def _part(self, index: int) -> UploadPart:
        offset = index * self.slice_size
        datalen = min(self.slice_size, self.filesize - offset)
        return UploadPart(offset, datalen, self._datasha(index))


def check_slice_size(slice_size: int) -> None:
    """Refuse what is not a positive multiple of SHA-1's block (PROTOCOL.md, section 3).

    Raises:
        InputError: naming the size.
    """
    if not isinstance(slice_size, int) or slice_size <= 0 or slice_size % BLOCK_SIZE:
        raise InputError(f"slice_size must be a positive multiple of 64, not {shown(slice_size)}")


def _part_json(part: UploadPart) -> str:
    return f'{{"offset":{part.offset},"datalen":{part.datalen},"datasha":"{part.datasha}"}}'


def _slice_size_of(parts: list[UploadPart]) -> int:
    if len(parts) > 1:
        return parts[0].datalen
    largest = max((part.datalen for part in parts), default=0)
    return max(SLICE_SIZE, -(-largest // BLOCK_SIZE) * BLOCK_SIZE)


def load_json(text: str | bytes) -> object:
    """Parse a list's JSON.

    Raises:
        InputError: where it is none.
    """
    try:
        return load_strictly(text)
    except (ValueError, TypeError) as exc:
        raise InputError(f"the parts list is not JSON: {exc}") from exc


def _read_parts(entries: object) -> list[UploadPart]:
    if not isinstance(entries, list):
        raise InputError("the parts list is not a JSON array")
    return [_read_part(index, entry) for index, entry in enumerate(entries)]


def _read_part(index: int, entry: object) -> UploadPart:
    if not isinstance(entry, dict):
        raise InputError(f"part {index} is not a JSON object")
    for key in ("offset", "datalen"):
        value = entry.get(key)
        if type(value) is not int or not 0 <= value <= MAX_INTEGER:
            raise InputError(f"part {index}: {key} is not a number of bytes: {shown(value)}")
    if entry["datalen"] == 0:
        raise InputError(f"part {index} is empty")
    try:
        datasha_bytes(entry.get("datasha", ""))
    except InputError as exc:
        raise InputError(f"part {index}: {exc}") from exc
    return UploadPart(entry["offset"], entry["datalen"], entry["datasha"])
