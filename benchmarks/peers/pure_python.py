"""SHA-1 in pure Python, round by round, as the official SDK makes its parts lists.

Written from FIPS 180-4, sections 5.1.1, 5.2.1, 5.3.1 and 6.1.2, with a state that can be read after
any block. Tested by check_pure_python.py.
"""

from __future__ import annotations

import struct
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    State = tuple[int, ...]

BLOCK = 64
INITIAL: State = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
_MASK = 0xFFFFFFFF


def rotate_left(word: int, bits: int) -> int:
    """Rotate a word of 32 bits."""
    return (word << bits | word >> 32 - bits) & _MASK


def choose(x: int, y: int, z: int) -> int:
    """Ch of section 4.1.1."""
    return x & y ^ ~x & z


def parity(x: int, y: int, z: int) -> int:
    """Parity of section 4.1.1."""
    return x ^ y ^ z


def majority(x: int, y: int, z: int) -> int:
    """Maj of section 4.1.1."""
    return x & y ^ x & z ^ y & z


ROUNDS = (
    (choose, 0x5A827999),
    (parity, 0x6ED9EBA1),
    (majority, 0x8F1BBCDC),
    (parity, 0xCA62C1D6),
)


def schedule(block: bytes) -> list[int]:
    """Expand 64 bytes to 80 words."""
    words = list(struct.unpack(">16I", block))
    for t in range(16, 80):
        mixed = words[t - 3] ^ words[t - 8] ^ words[t - 14] ^ words[t - 16]
        words.append(rotate_left(mixed, 1))
    return words


def compress_block(state: State, block: bytes) -> State:
    """Return the state after one more block."""
    a, b, c, d, e = state
    for t, word in enumerate(schedule(block)):
        function, constant = ROUNDS[t // 20]
        total = rotate_left(a, 5) + function(b, c, d) + e + constant + word
        a, b, c, d, e = total & _MASK, a, rotate_left(b, 30), c, d
    return tuple((old + new) & _MASK for old, new in zip(state, (a, b, c, d, e), strict=True))


def compress(state: State, blocks: bytes) -> State:
    """Return the state after whole blocks."""
    for start in range(0, len(blocks), BLOCK):
        state = compress_block(state, blocks[start : start + BLOCK])
    return state


class Sha1:
    """A SHA-1 whose state can be read."""

    def __init__(self) -> None:
        self.state = INITIAL
        self._length = 0
        self._pending = b""

    def update(self, data: bytes) -> None:
        """Take in more bytes."""
        self._length += len(data)
        data = self._pending + data
        whole = len(data) // BLOCK * BLOCK
        self.state = compress(self.state, data[:whole])
        self._pending = data[whole:]

    def hexdigest(self) -> str:
        """Return the digest of all bytes so far."""
        padding = b"\x80" + bytes(-(self._length + 9) % BLOCK)
        tail = self._pending + padding + struct.pack(">Q", self._length * 8)
        return struct.pack(">5I", *compress(self.state, tail)).hex()


def datashas(path: Path, slice_size: int) -> list[str]:
    """Return the `datasha` of each slice of a file (PROTOCOL.md, section 3)."""
    sha1 = Sha1()
    found = list(_interior_states(sha1, path, slice_size))
    return [*found[:-1], sha1.hexdigest()] if found else []


def first_datashas(path: Path, slice_size: int, count: int) -> list[str]:
    """Return the `datasha` of the first slices of a file, none of which is its last."""
    return list(islice(_interior_states(Sha1(), path, slice_size), count))


def _interior_states(sha1: Sha1, path: Path, slice_size: int) -> Iterator[str]:
    with path.open("rb") as file:
        while data := file.read(slice_size):
            sha1.update(data)
            yield struct.pack("<5I", *sha1.state).hex()
