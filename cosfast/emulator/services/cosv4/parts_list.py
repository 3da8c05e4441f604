"""Reading `uploadparts`, the hash states that a client promises for the ends of its slices.

Each entry holds the SHA-1 state at the end of its part, so that `store.parts` can check each part
alone (PROTOCOL.md section 3).
"""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.store.parts import PartStates
from cosfast.emulator.wire.values import load_json

if TYPE_CHECKING:
    from cosfast.emulator.store.sessions import Session
    from cosfast.emulator.wire.forms import Value

PART_SIZE = 1024 * 1024
"""The only slice size that goes with `sha` and `uploadparts`, in bytes."""

_DATASHA = re.compile(r"[0-9a-fA-F]{40}")
_LITTLE_ENDIAN, _BIG_ENDIAN = struct.Struct("<5I"), struct.Struct(">5I")
_EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def states_of(session: Session) -> PartStates | None:
    """Return the promised states of a session; None if its client promised none.

    The session's slices may have another size than the parts of the list.
    """
    if session.states is None:
        return None
    return PartStates(session.algorithm, session.states, PART_SIZE, session.size)


def parse_parts_list(value: Value, filesize: int, sha1: str) -> bytes:
    """Read the field `uploadparts` into states as `PartStates` has them.

    Raises:
        RefusedError: With code -5993 if it is not a list for a file of this size, or -5984 if its
            last entry is not the file's SHA-1.
    """
    entries = _load(value)
    if filesize == 0:
        entries = [entry for entry in entries if entry != _entry(0, 0, _EMPTY_SHA1)]
    expected = -(-filesize // PART_SIZE)
    if len(entries) != expected:
        raise _malformed(f"has {len(entries)} entries where the file has {expected} slices")
    states = bytearray()
    datasha = b""
    for index, entry in enumerate(entries):
        offset = index * PART_SIZE
        datasha = _datasha(entry, index, offset, min(PART_SIZE, filesize - offset))
        is_last = index == expected - 1
        states += datasha if is_last else _BIG_ENDIAN.pack(*_LITTLE_ENDIAN.unpack(datasha))
    if entries and datasha.hex() != sha1:
        raise RefusedError(Code.SHA1_MISMATCH, "the last datasha is not the file's sha")
    return bytes(states)


def _load(value: object) -> list[object]:
    if isinstance(value, (bytes, str)):
        try:
            value = load_json(value)
        except ValueError:
            raise _malformed("is not JSON") from None
    if not isinstance(value, list):
        raise _malformed("is not a JSON array")
    return value


def _datasha(entry: object, index: int, offset: int, datalen: int) -> bytes:
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


def _malformed(complaint: str) -> RefusedError:
    return RefusedError(Code.BAD_FORM, f"field 'uploadparts' {complaint}")


def slice_differs(offset: int) -> RefusedError:
    """Return the refusal with code -4016: a slice is not what its datasha promised."""
    return RefusedError(
        Code.SLICE_SHA_MISMATCH, f"the slice at offset {offset} is not what its datasha says"
    )
