"""The hash algorithms, and `Sha1State` and `Sha256State`: exported states of a hash."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, NoReturn, TypeVar

from cosfast.errors import InputError
from cosfast.hashing.core import lib
from cosfast.parsing import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

BLOCK_SIZE = 64
"""Bytes in a message block of SHA-1 and SHA-256 (FIPS 180-4, section 5.2.1)."""

MAX_LENGTH = 2**61 - 1
"""Bytes in the longest message: FIPS 180-4 has a 64-bit counter of its bits."""

_MAX_WORD = 2**32 - 1
_INTEGERS = {int}

Words = TypeVar("Words", bound=tuple[int, ...])


class Algorithm(NamedTuple):
    """A hash algorithm of the core.

    Attributes:
        name: Name in hashlib, such as ``"sha1"``.
        title: Name in FIPS 180-4, such as ``"SHA-1"``.
        number: Number in the core.
        digest_size: Bytes in a digest, and in a chaining state.
        initial_words: Chaining state before the first block (FIPS 180-4, section 5.3).
        words: Converts chaining words to and from bytes, each word little-endian.
    """

    name: str
    title: str
    number: int
    digest_size: int
    initial_words: tuple[int, ...]
    words: struct.Struct


SHA1 = Algorithm(
    "sha1",
    "SHA-1",
    lib.COSFAST_SHA1,
    20,
    (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0),
    struct.Struct("<5I"),
)
SHA256 = Algorithm(
    "sha256",
    "SHA-256",
    lib.COSFAST_SHA256,
    32,
    (
        *(0x6A09E667, 0xBB67AE85, 0x3C6EF372, 0xA54FF53A),
        *(0x510E527F, 0x9B05688C, 0x1F83D9AB, 0x5BE0CD19),
    ),
    struct.Struct("<8I"),
)
ALGORITHMS = {algorithm.name: algorithm for algorithm in (SHA1, SHA256)}


def algorithm_named(name: str) -> Algorithm:
    """Return the algorithm with a name.

    Raises:
        InputError: If the name is unknown; the message lists the known names.
    """
    found = ALGORITHMS.get(name) if isinstance(name, str) else None
    if found is None:
        known = ", ".join(map(repr, ALGORITHMS))
        raise InputError(f"the algorithm {shown(name)} is unknown: use one of {known}")
    return found


class HashState(Generic[Words]):
    """An immutable state of a hash, from which any machine can resume.

    Args:
        words: Words of the chaining state after the last whole 64-byte block, each from 0 to
            2**32 - 1.
        length: Bytes hashed so far, below 2**61 (FIPS 180-4, section 1).
        pending: The ``length % 64`` bytes that are not compressed yet.

    Raises:
        InputError: If an argument is not valid, or the three are inconsistent.
    """

    __slots__ = ("length", "pending", "words")

    words: Words
    length: int
    pending: bytes

    _algorithm: ClassVar[Algorithm]
    _magic: ClassVar[bytes]  # 7 bytes
    _header: ClassVar[struct.Struct]

    def __init__(self, words: Sequence[int], length: int, pending: bytes = b"") -> None:
        checked = self._check_words(words)
        _check_length(length)
        pending = _pending_bytes(pending)
        if len(pending) != length % BLOCK_SIZE:
            raise InputError(
                f"a state after {length} bytes has {length % BLOCK_SIZE} pending bytes,"
                f" not {len(pending)}"
            )
        if length < BLOCK_SIZE and checked != self._algorithm.initial_words:
            raise InputError(
                f"a state after {length} bytes, less than a block, must hold the initial words"
                f" of {self._algorithm.title}"
            )
        self._set(checked, length, pending)

    @classmethod
    def exported(cls, words: tuple[int, ...], length: int, pending: bytes) -> Self:
        """Return a state with values from the core, without checking them."""
        self = cls.__new__(cls)
        self._set(words, length, pending)
        return self

    def _set(self, words: tuple[int, ...], length: int, pending: bytes) -> None:
        object.__setattr__(self, "words", words)
        object.__setattr__(self, "length", length)
        object.__setattr__(self, "pending", pending)

    @property
    def algorithm(self) -> str:
        """``"sha1"`` or ``"sha256"``."""
        return self._algorithm.name

    @property
    def datasha(self) -> str:
        """The wire form: each word little-endian, in lower-case hex (PROTOCOL.md, 3).

        Raises:
            InputError: If bytes are pending, which the wire form cannot represent: slices end at
                multiples of 64 bytes. A ValueError.
        """
        if self.pending:
            raise InputError(
                f"a state after {self.length} bytes has no datasha: {len(self.pending)} bytes are"
                " pending, and slices end at multiples of 64 bytes"
            )
        return self._algorithm.words.pack(*self.words).hex()

    @classmethod
    def from_datasha(cls, datasha: str, length: int) -> Self:
        """Return the state with a wire form after `length` bytes, a multiple of 64.

        Raises:
            InputError: If `datasha` does not have the algorithm's number of hex digits (40 or 64),
                or `length` is not a multiple of 64.
        """
        _check_length(length)
        if length % BLOCK_SIZE:
            raise InputError(f"the length of a datasha must be a multiple of 64, not {length}")
        raw = datasha_bytes(datasha, cls._algorithm)
        return cls(cls._algorithm.words.unpack(raw), length)

    def to_bytes(self) -> bytes:
        """Serialise: a versioned header (36 or 48 bytes, big-endian), then the pending bytes."""
        header = self._header.pack(self._magic, _VERSION, *self.words, self.length)
        return header + self.pending

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return a state from the result of `to_bytes` on any platform.

        Raises:
            InputError: If `data` is not such a state, or is of another algorithm or of an unknown
                version.
        """
        data = bytes(data)
        if len(data) < cls._header.size or not data.startswith(cls._magic):
            for other in _STATES.values():
                if data.startswith(other._magic) and other._magic != cls._magic:  # noqa: SLF001
                    raise InputError(
                        f"a serialised {other.__name__}, not a {cls.__name__}: the state is of"
                        f" another algorithm; use {other.__name__}.from_bytes"
                    )
            raise InputError(f"not a serialised {cls.__name__}: its header is missing")
        _, version, *words, length = cls._header.unpack_from(data)
        if version != _VERSION:
            raise InputError(
                f"a serialised {cls.__name__} of version {version} is not supported: it is from"
                " another version of cosfast"
            )
        return cls(words, length, data[cls._header.size :])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, HashState) or other._algorithm is not self._algorithm:
            return NotImplemented
        return self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def __repr__(self) -> str:
        words = " ".join(f"{word:08x}" for word in self.words)
        name, pending = type(self).__name__, len(self.pending)
        return f"<{name} {words} after {self.length} bytes, {pending} pending>"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self._key()

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be set")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is immutable: {name!r} cannot be deleted")

    def _key(self) -> tuple[Words, int, bytes]:
        return self.words, self.length, self.pending

    @classmethod
    def _check_words(cls, words: Sequence[int]) -> tuple[int, ...]:
        algorithm = cls._algorithm
        try:
            checked = tuple(words)
        except TypeError:
            raise InputError(f"the words of a state must be integers, not {shown(words)}") from None
        if len(checked) != len(algorithm.initial_words):
            raise InputError(
                f"a {algorithm.title} state must have {len(algorithm.initial_words)} words,"
                f" not {len(checked)}"
            )
        if {*map(type, checked)} == _INTEGERS and min(checked) >= 0 and max(checked) <= _MAX_WORD:
            return checked
        for index, word in enumerate(checked):  # find the invalid word
            if type(word) is not int or not 0 <= word <= _MAX_WORD:
                raise InputError(
                    f"word h{index} of a state must be from 0 to 2**32 - 1, not {shown(word)}"
                )
        return checked


_VERSION = 1


class Sha1State(HashState[tuple[int, int, int, int, int]]):
    """An immutable SHA-1 state, from which any machine can resume.

    Args:
        words: h0..h4 after the last whole 64-byte block, each from 0 to 2**32 - 1.
        length: Bytes hashed so far, below 2**61 (FIPS 180-4, section 1).
        pending: The ``length % 64`` bytes that are not compressed yet.

    Raises:
        InputError: If an argument is not valid, or the three are inconsistent.
    """

    __slots__ = ()
    _algorithm = SHA1
    _magic = b"cosfast"
    _header = struct.Struct(">7sB5IQ")


class Sha256State(HashState[tuple[int, int, int, int, int, int, int, int]]):
    """An immutable SHA-256 state, from which any machine can resume.

    Args:
        words: h0..h7 after the last whole 64-byte block, each from 0 to 2**32 - 1.
        length: Bytes hashed so far, below 2**61 (FIPS 180-4, section 1).
        pending: The ``length % 64`` bytes that are not compressed yet.

    Raises:
        InputError: If an argument is not valid, or the three are inconsistent.
    """

    __slots__ = ()
    _algorithm = SHA256
    _magic = b"cosf256"
    _header = struct.Struct(">7sB8IQ")


_STATES: dict[Algorithm, type[HashState[Any]]] = {SHA1: Sha1State, SHA256: Sha256State}


def state_class(algorithm: Algorithm) -> type[HashState[Any]]:
    """Return the state class of an algorithm."""
    return _STATES[algorithm]


def datasha_bytes(datasha: str, algorithm: Algorithm = SHA1) -> bytes:
    """Decode the hex digits of a state or digest, in upper or lower case.

    Raises:
        InputError: If `datasha` does not have exactly the algorithm's number of hex digits.
    """
    digits = 2 * algorithm.digest_size
    if isinstance(datasha, str) and len(datasha) == digits and datasha.isalnum():
        try:
            return bytes.fromhex(datasha)
        except ValueError:
            pass
    raise InputError(f"a datasha must be {digits} hex digits, not {shown(datasha)}")


def _check_length(length: int) -> None:
    if type(length) is not int or not 0 <= length <= MAX_LENGTH:
        raise InputError(
            f"the length of a state must be a number of bytes from 0 to 2**61 - 1,"
            f" not {shown(length)}"
        )


def _pending_bytes(pending: bytes) -> bytes:
    try:
        return bytes(memoryview(pending))
    except TypeError as exc:
        raise InputError(f"pending must be bytes, not {type(pending).__name__}") from exc
