"""`block_sha`: the list read, each block checked alone, and what people get wrong recognised."""

from __future__ import annotations

import hashlib
import re
import struct
from typing import TYPE_CHECKING

from cosfast.emulator.services.wedrive.envelope import RefusedError
from cosfast.emulator.store.parts import PartStates
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.emulator.store.parts import Difference
    from cosfast.emulator.store.sessions import Session

BLOCK_SIZE = 2 * 1024 * 1024
"""Bytes in every block but the last."""

_DIGITS = re.compile(r"[0-9a-fA-F]{40}")
_LITTLE_ENDIAN, _BIG_ENDIAN = struct.Struct("<5I"), struct.Struct(">5I")
_DIGEST_BYTES = 20


def read_block_sha(value: object, size: int) -> tuple[bytes, str]:
    """Read the list of a file; return its states as `PartStates` has them, and the SHA-1.

    Raises:
        RefusedError: If it is not a list for a file of this size.
    """
    expected = -(-size // BLOCK_SIZE)
    if not isinstance(value, list) or len(value) != expected:
        count = f"{len(value)} entries" if isinstance(value, list) else "no list"
        raise RefusedError(
            ErrCode.BAD_PARAMETER,
            f"block_sha has {count}, and {size} bytes are {expected} blocks of {BLOCK_SIZE}",
        )
    states = bytearray()
    for index, entry in enumerate(value, start=1):
        if not isinstance(entry, str) or not _DIGITS.fullmatch(entry):
            raise RefusedError(
                ErrCode.BAD_PARAMETER, f"entry {index} of block_sha is not 40 hex digits"
            )
        raw = bytes.fromhex(entry)
        states += raw if index == expected else _swapped(raw)
    return bytes(states), value[-1].lower()


def check_block(session: Session, offset: int, content: bytes) -> None:
    """Compare a block with its entry, starting from the entry before it.

    Raises:
        RefusedError: If it differs; the message says which block, how, and why if that is known.
    """
    promised = _states_of(session, session.states or b"")
    difference = promised.first_difference(offset, [content])
    if difference is None:
        return
    index = offset // BLOCK_SIZE + 1
    reason = _reason(session, offset, content, difference)
    raise RefusedError(
        ErrCode.BAD_PARAMETER,
        f"block {index} is not what entry {index} of block_sha says: {reason}",
    )


def _reason(session: Session, offset: int, content: bytes, difference: Difference) -> str:
    """Return what is wrong with an entry, or with the one before it."""
    causes = _causes(session, offset, content, difference)
    return next(words for is_so, words in causes if is_so)


def _causes(
    session: Session, offset: int, content: bytes, difference: Difference
) -> Iterator[tuple[bool, str]]:
    """Yield whether a mistake was made, and what it is; the last one always was."""
    index = offset // BLOCK_SIZE + 1
    is_last = offset + len(content) == session.size
    promised = difference.promised
    wire = promised if is_last else _swapped(promised)
    swapped = _states_of(session, _swapped_states(session))
    yield (
        swapped.first_difference(offset, [content]) is None,
        "the words of the states are big-endian, and must be little-endian",
    )
    due = "the file's SHA-1" if is_last else "the state (not finalized)"
    yield (
        not is_last and wire == difference.found.digest(),
        f"it is the finalized digest of the file so far, and must be {due}",
    )
    yield (
        wire == hashlib.sha1(content).digest(),
        f"it is the finalized digest of the block alone, and must be {due}",
    )
    yield (
        is_last and not session.size % 64 and wire == _wire_state(difference),
        "the last entry is a state, and must be the file's finalized SHA-1",
    )
    yield (
        not is_last and bool(offset) and _state_alone(content) == promised,
        "it is the state of the block alone: the hash must continue from block to block",
    )
    yield (index == 1, "the content is another")
    before = f"entry {index - 1} is not the state at the end of block {index - 1}"
    yield (True, f"the content is another, or {before} (but a finalized digest, for example)")


def _state_alone(content: bytes) -> bytes:
    """Return the state after hashing a whole block by itself, as big-endian words."""
    states = PartStates("sha1", bytes(2 * _DIGEST_BYTES), BLOCK_SIZE, 2 * BLOCK_SIZE)
    difference = states.first_difference(0, [content])
    if difference is None:
        raise AssertionError("no content has the state of zeros")
    return _BIG_ENDIAN.pack(*difference.found.state().words)


def _wire_state(difference: Difference) -> bytes:
    return _LITTLE_ENDIAN.pack(*difference.found.state().words)


def _states_of(session: Session, states: bytes) -> PartStates:
    return PartStates("sha1", states, BLOCK_SIZE, session.size)


def _swapped_states(session: Session) -> bytes:
    """Return the states as they are if the client wrote big-endian words; the last is a digest."""
    states = session.states or b""
    cut = len(states) - _DIGEST_BYTES
    entries = (states[at : at + _DIGEST_BYTES] for at in range(0, cut, _DIGEST_BYTES))
    return b"".join(map(_swapped, entries)) + states[cut:]


def _swapped(words: bytes) -> bytes:
    return _BIG_ENDIAN.pack(*_LITTLE_ENDIAN.unpack(words))
