"""`Sha1State`: everything that SHA-1 remembers between two bytes of a message."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, NoReturn

from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

BLOCK_SIZE = 64
"""Bytes in one SHA-1 message block (FIPS 180-4, section 5.2.1)."""

DIGEST_SIZE = 20
"""Bytes in a SHA-1 digest, and in a chaining state (FIPS 180-4, section 1)."""

INITIAL_WORDS = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
"""The chaining state before the first block (FIPS 180-4, section 5.3.1)."""

MAX_LENGTH = 2**61 - 1
"""Bytes in the longest message: FIPS 180-4 counts its bits, in 64 of them."""

_WORD_MAX = 2**32 - 1
_HEADER = struct.Struct(">7sB5IQ")
_MAGIC = b"cosfast"
_VERSION = 1


class Sha1State:
    """An immutable SHA-1 state: what to go on from, here or on any other machine.

    Args:
        words: h0..h4 after the last whole 64-byte block, each from 0 to 2**32 - 1.
        length: bytes taken in so far, below 2**61 (FIPS 180-4, section 1).
        pending: the ``length % 64`` bytes that are not compressed yet.

    Raises:
        InputError: where the three do not fit one another; it names the one at fault.
    """

    __slots__ = ("length", "pending", "words")

    words: tuple[int, int, int, int, int]
    length: int
    pending: bytes

    def __init__(self, words: Sequence[int], length: int, pending: bytes = b"") -> None:
        checked = _check_words(words)
        _check_length(length)
        pending = _pending_bytes(pending)
        if len(pending) != length % BLOCK_SIZE:
            raise InputError(
                f"a state after {length} bytes has {length % BLOCK_SIZE} pending bytes,"
                f" not {len(pending)}"
            )
        if length < BLOCK_SIZE and checked != INITIAL_WORDS:
            raise InputError(
                f"a state after {length} bytes, less than a block, must hold the initial words"
            )
        object.__setattr__(self, "words", checked)
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "pending", pending)

    @property
    def datasha(self) -> str:
        """The wire form: each word little-endian, 40 lower-case hex digits (PROTOCOL.md, 3).

        Raises:
            InputError: (a ValueError) where bytes are pending, since the wire form has no room
                for them: slices end at multiples of 64 bytes.
        """
        if self.pending:
            raise InputError(
                f"no datasha after {self.length} bytes: {len(self.pending)} of them are pending,"
                " and a slice ends at a multiple of 64"
            )
        return struct.pack("<5I", *self.words).hex()

    @classmethod
    def from_datasha(cls, datasha: str, length: int) -> Sha1State:
        """Read the wire form of the state after `length` bytes, a multiple of 64.

        Raises:
            InputError: where `datasha` is not 40 hex digits or `length` not a multiple of 64.
        """
        _check_length(length)
        if length % BLOCK_SIZE:
            raise InputError(f"a datasha stands at a multiple of 64 bytes, not at {length}")
        return cls(struct.unpack("<5I", datasha_bytes(datasha)), length)

    def to_bytes(self) -> bytes:
        """Serialise: 36 bytes of versioned header, big-endian, then the pending bytes."""
        return _HEADER.pack(_MAGIC, _VERSION, *self.words, self.length) + self.pending

    @classmethod
    def from_bytes(cls, data: bytes) -> Sha1State:
        """Read what `to_bytes` wrote, on any platform.

        Raises:
            InputError: where `data` is not such a state, or of a version not known here.
        """
        data = bytes(data)
        if len(data) < _HEADER.size or not data.startswith(_MAGIC):
            raise InputError("not a serialised Sha1State: its header is missing")
        _, version, *words, length = _HEADER.unpack_from(data)
        if version != _VERSION:
            raise InputError(f"a serialised Sha1State of version {version} is not known here")
        return cls(words, length, data[_HEADER.size :])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sha1State):
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        words = " ".join(f"{word:08x}" for word in self.words)
        return f"<Sha1State {words} after {self.length} bytes, {len(self.pending)} pending>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Sha1State, self._key()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"Sha1State is immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"Sha1State is immutable: {name!r} cannot be deleted")

    def _key(self) -> tuple[tuple[int, int, int, int, int], int, bytes]:
        return self.words, self.length, self.pending


def datasha_bytes(datasha: str) -> bytes:
    """Decode 40 hex digits, in either case, into 20 bytes.

    Raises:
        InputError: for anything else; blanks between digits are not taken either.
    """
    if isinstance(datasha, str) and len(datasha) == 2 * DIGEST_SIZE and datasha.isalnum():
        try:
            return bytes.fromhex(datasha)
        except ValueError:
            pass
    raise InputError(f"a datasha is 40 hex digits, not {datasha!r}")


def _check_length(length: int) -> None:
    if type(length) is not int or not 0 <= length <= MAX_LENGTH:
        raise InputError(
            f"state length {length!r} is not a whole number of bytes from 0 to 2**61 - 1"
        )


def _pending_bytes(pending: bytes) -> bytes:
    try:
        return bytes(memoryview(pending))
    except TypeError as exc:
        raise InputError(f"pending is bytes, not {type(pending).__name__}") from exc


def _check_words(words: Sequence[int]) -> tuple[int, int, int, int, int]:
    checked = tuple(words)
    if len(checked) != len(INITIAL_WORDS):
        raise InputError(f"a SHA-1 state has 5 words, not {len(checked)}")
    for index, word in enumerate(checked):
        if not isinstance(word, int) or not 0 <= word <= _WORD_MAX:
            raise InputError(f"word h{index} of the state is not within 0 and 2**32 - 1: {word!r}")
    h0, h1, h2, h3, h4 = checked
    return h0, h1, h2, h3, h4
