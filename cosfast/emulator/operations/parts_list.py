"""The states that a client promised for the ends of its slices, and slices checked against them.

Each entry of `uploadparts` holds the SHA-1 state at the end of its part, so a part is
checked alone, from its neighbour's state, in whatever order the parts arrive
(PROTOCOL.md section 3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast import Sha1, Sha1State
from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.wire.values import load_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosfast.emulator.wire.forms import Value

PART_SIZE = 1024 * 1024
"""The only slice size that goes with `sha` and `uploadparts`, in bytes."""

_DIGEST_SIZE = 20
_DATASHA = re.compile(r"[0-9a-fA-F]{40}")
_EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


@dataclass(frozen=True)
class PartsList:
    """The promised states, 20 bytes a part, as `datasha` has them: the last is the SHA-1."""

    digests: bytes
    filesize: int

    def checks(self, offset: int, length: int) -> bool:
        """Whether these bytes are whole parts, so that they can be checked alone."""
        end = offset + length
        return offset % PART_SIZE == 0 and (end % PART_SIZE == 0 or end == self.filesize)

    def first_difference(self, offset: int, blocks: Iterable[bytes]) -> int | None:
        """Compare bytes that begin at a part's offset and end at a part's end.

        Returns:
            The offset of the first part that is not what was promised; None where all are.
        """
        hasher = self._hasher_at(offset)
        for chunk in _cut(blocks, offset):
            hasher.update(chunk)
            end = offset + len(chunk)
            at_part_end = end % PART_SIZE == 0 or end == self.filesize
            if at_part_end and not self._is_promised(hasher, end):
                return (end - 1) // PART_SIZE * PART_SIZE
            offset = end
        return None

    def _hasher_at(self, offset: int) -> Sha1:
        if offset == 0:
            return Sha1()
        return Sha1.from_state(Sha1State.from_datasha(self._datasha(offset), offset))

    def _is_promised(self, hasher: Sha1, end: int) -> bool:
        found = hasher.hexdigest() if end == self.filesize else hasher.state().datasha
        return found == self._datasha(end)

    def _datasha(self, end: int) -> str:
        """Look up the promise for the part that ends there."""
        index = (end - 1) // PART_SIZE
        return self.digests[index * _DIGEST_SIZE : (index + 1) * _DIGEST_SIZE].hex()


def parse_parts_list(value: Value, filesize: int, sha1: str) -> PartsList:
    """Read the field `uploadparts`.

    Raises:
        RefusedError: code -5993 where it is not the list that a file of this size has,
            -5984 where its last entry is not the file's SHA-1.
    """
    entries = _load(value)
    if filesize == 0:
        entries = [entry for entry in entries if entry != _entry(0, 0, _EMPTY_SHA1)]
    expected = -(-filesize // PART_SIZE)
    if len(entries) != expected:
        raise _malformed(f"has {len(entries)} entries where the file has {expected} slices")
    digests = bytearray()
    for index, entry in enumerate(entries):
        offset = index * PART_SIZE
        digests += _digest(entry, index, offset, min(PART_SIZE, filesize - offset))
    if digests and digests[-_DIGEST_SIZE:].hex() != sha1:
        raise RefusedError(Code.SHA1_MISMATCH, "the last datasha is not the file's sha")
    return PartsList(bytes(digests), filesize)


def _load(value: object) -> list[object]:
    if isinstance(value, (bytes, str)):
        try:
            value = load_json(value)
        except ValueError:
            raise _malformed("is not JSON") from None
    if not isinstance(value, list):
        raise _malformed("is not a JSON array")
    return value


def _digest(entry: object, index: int, offset: int, datalen: int) -> bytes:
    if not isinstance(entry, dict):
        raise _malformed(f"entry {index} is not an object")
    datasha = entry.get("datasha")
    if not isinstance(datasha, str) or not _DATASHA.fullmatch(datasha):
        raise _malformed(f"entry {index} has no datasha of 40 hex digits")
    is_typed = type(entry.get("offset")) is int and type(entry.get("datalen")) is int
    if not is_typed or entry != _entry(offset, datalen, datasha):  # to Python, false is 0 too
        raise _malformed(f"entry {index} is not at offset {offset} with datalen {datalen}")
    return bytes.fromhex(datasha)


def _entry(offset: int, datalen: int, datasha: str) -> dict[str, object]:
    return {"offset": offset, "datalen": datalen, "datasha": datasha}


def _cut(blocks: Iterable[bytes], offset: int) -> Iterator[memoryview]:
    """Yield the same bytes, in pieces that no part's end lies within."""
    for block in blocks:
        view = memoryview(block)
        while view:
            length = min(len(view), PART_SIZE - offset % PART_SIZE)
            yield view[:length]
            view = view[length:]
            offset += length


def _malformed(complaint: str) -> RefusedError:
    return RefusedError(Code.BAD_FORM, f"field 'uploadparts' {complaint}")


def slice_differs(offset: int) -> RefusedError:
    """Refuse a slice that is not what it was promised to be: code -4016."""
    return RefusedError(
        Code.SLICE_SHA_MISMATCH, f"the slice at offset {offset} is not what its datasha says"
    )
