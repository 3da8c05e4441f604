"""Parsing of `uploadparts`, the chaining states that a client promises for its slices.

Each entry has the SHA-1 state at the end of its part, so that `store.parts` can verify each part by
itself (PROTOCOL.md section 3).
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
"""The only slice size in bytes that is allowed with `uploadparts`."""

_DATASHA = re.compile(r"[0-9a-fA-F]{40}")
_LITTLE_ENDIAN, _BIG_ENDIAN = struct.Struct("<5I"), struct.Struct(">5I")
_EMPTY_SHA1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709"


def states_of(session: Session) -> PartStates | None:
    """Return the promised states of a session, or None.

    The slices of the session may have another size than the parts of the list.
    """
    if session.states is None:
        return None
    return PartStates(session.algorithm, session.states, PART_SIZE, session.size)


def parse_parts_list(value: Value, filesize: int, sha1: str) -> bytes:
    """Parse the field `uploadparts` to states in the format of `PartStates`.

    Raises:
        RefusedError: With code -5993 if it is not a list for a file of this size, -5984 if its
            last entry is not the file's SHA-1.
    """
    entries = _load(value)
    if filesize == 0:
        entries = [entry for entry in entries if entry != _entry(0, 0, _EMPTY_SHA1)]
    expected = -(-filesize // PART_SIZE)
    if len(entries) != expected:
        raise _malformed(f"has {len(entries)} entries, but the file has {expected} slices")
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
    if not is_typed or entry != _entry(offset, datalen, datasha):  # in Python, False == 0
        raise _malformed(f"entry {index} must have offset {offset} and datalen {datalen}")
    return bytes.fromhex(datasha)


def _entry(offset: int, datalen: int, datasha: str) -> dict[str, object]:
    return {"offset": offset, "datalen": datalen, "datasha": datasha}


def _malformed(complaint: str) -> RefusedError:
    return RefusedError(Code.BAD_FORM, f"field 'uploadparts' {complaint}")


def slice_differs(offset: int) -> RefusedError:
    """Return the refusal with code -4016, for a slice that does not match its datasha."""
    return RefusedError(
        Code.SLICE_SHA_MISMATCH, f"the slice at offset {offset} does not match its datasha"
    )
