"""`block_sha`: parsing, verification of single blocks, and diagnosis of common mistakes."""

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
"""Size of every block but the last in bytes."""

_DIGITS = re.compile(r"[0-9a-fA-F]{40}")
_LITTLE_ENDIAN, _BIG_ENDIAN = struct.Struct("<5I"), struct.Struct(">5I")
_DIGEST_BYTES = 20


def read_block_sha(value: object, size: int) -> tuple[bytes, str]:
    """Parse the list of a file to states in the format of `PartStates`, and the file's SHA-1.

    Raises:
        RefusedError: If it is not a list for a file of this size.
    """
    expected = -(-size // BLOCK_SIZE)
    if not isinstance(value, list) or len(value) != expected:
        found = f"has {len(value)} entries" if isinstance(value, list) else "is not a list"
        raise RefusedError(
            ErrCode.BAD_PARAMETER,
            f"block_sha {found}: {size} bytes need {expected}, one for each block of {BLOCK_SIZE}",
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
    """Verify a block by its entry, hashing from the state of the previous entry.

    Raises:
        RefusedError: If it does not match; the message has the block and the probable mistake.
    """
    promised = _states_of(session, session.states or b"")
    difference = promised.first_difference(offset, [content])
    if difference is None:
        return
    index = offset // BLOCK_SIZE + 1
    reason = _reason(session, offset, content, difference)
    raise RefusedError(
        ErrCode.BAD_PARAMETER,
        f"block {index} does not match entry {index} of block_sha: {reason}",
    )


def _reason(session: Session, offset: int, content: bytes, difference: Difference) -> str:
    """Return the description of the first mistake that explains the difference."""
    mistakes = _mistakes(session, offset, content, difference)
    return next(description for applies, description in mistakes if applies)


def _mistakes(
    session: Session, offset: int, content: bytes, difference: Difference
) -> Iterator[tuple[bool, str]]:
    """Yield whether a mistake applies, and its description; the last one always applies."""
    index = offset // BLOCK_SIZE + 1
    is_last = offset + len(content) == session.size
    promised = difference.promised
    wire = promised if is_last else _swapped(promised)
    swapped = _states_of(session, _swapped_states(session))
    yield (
        swapped.first_difference(offset, [content]) is None,
        "the words of the states are big-endian, but must be little-endian",
    )
    required = "the file's SHA-1" if is_last else "the state (not finalized)"
    yield (
        not is_last and wire == difference.found.digest(),
        f"the entry is the finalized digest of the file so far, but must be {required}",
    )
    yield (
        wire == hashlib.sha1(content).digest(),
        f"the entry is the finalized digest of the block alone, but must be {required}",
    )
    yield (
        is_last and not session.size % 64 and wire == _wire_state(difference),
        "the last entry is a state, but must be the file's finalized SHA-1",
    )
    yield (
        not is_last and bool(offset) and _state_alone(content) == promised,
        "the entry is the state of the block alone: the hash must continue from block to block",
    )
    yield (index == 1, "the content differs")
    previous = f"entry {index - 1} is not the state at the end of block {index - 1}"
    yield (True, f"the content differs, or {previous} (for example a finalized digest)")


def _state_alone(content: bytes) -> bytes:
    """Return the state after hashing a whole block alone, as big-endian words."""
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
    """Return the states if the client wrote big-endian words; the last entry is a digest."""
    states = session.states or b""
    cut = len(states) - _DIGEST_BYTES
    entries = (states[at : at + _DIGEST_BYTES] for at in range(0, cut, _DIGEST_BYTES))
    return b"".join(map(_swapped, entries)) + states[cut:]


def _swapped(words: bytes) -> bytes:
    return _BIG_ENDIAN.pack(*_LITTLE_ENDIAN.unpack(words))
