"""Parts of uploads: checked against their promised states in any order, and kept on the disk."""

from __future__ import annotations

import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cosfast import Sha1, Sha1State, Sha256, Sha256State
from cosfast.emulator.store import sessions
from cosfast.emulator.store.sessions import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping

    from cosfast.emulator.store import Store
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import Session
    from cosfast.emulator.wire.body import Content


class SessionEndedError(Exception):
    """The session has ended while a part of it was received."""


class OtherBytesError(Exception):
    """Other bytes have arrived at this offset before."""


class State(Protocol):
    """A chaining state."""

    @property
    def words(self) -> tuple[int, ...]:
        """After the last whole block."""


class Hasher(Protocol):
    """A hash that exports its chaining state."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Take in bytes."""

    def digest(self) -> bytes:
        """Return the digest of everything so far."""

    def hexdigest(self) -> str:
        """Return the digest in lower-case hex."""

    def state(self) -> State:
        """Return the chaining state."""


@dataclass(frozen=True)
class Algorithm:
    """A hash by whose chaining states parts are checked.

    Attributes:
        words: The big-endian words of a state, which is as long as a digest.
        new: Returns a hash of no bytes.
        resume: Returns the hash of `length` bytes, from the words of its state.
    """

    words: struct.Struct
    new: Callable[[], Hasher]
    resume: Callable[[tuple[int, ...], int], Hasher]

    @property
    def size(self) -> int:
        """Bytes of a digest, and of a state."""
        return self.words.size


ALGORITHMS: Mapping[str, Algorithm] = {
    "sha1": Algorithm(
        struct.Struct(">5I"),
        Sha1,
        lambda words, length: Sha1.from_state(Sha1State(words, length)),
    ),
    "sha256": Algorithm(
        struct.Struct(">8I"),
        Sha256,
        lambda words, length: Sha256.from_state(Sha256State(words, length)),
    ),
}
"""By the name that sessions have them."""


@dataclass(frozen=True)
class Difference:
    """The first part that is not what was promised.

    Attributes:
        offset: Where the part begins.
        promised: Its promised state, or digest if it is the last part.
        found: The hash of everything up to its end, if what is before it is as promised.
    """

    offset: int
    promised: bytes
    found: Hasher


@dataclass(frozen=True)
class PartStates:
    """The promised hash states of a file's parts, from which each part is checked alone.

    A part is checked from the state at the end of the part before it, so parts may arrive in any
    order. Every part ends at a multiple of the hash's block.

    Attributes:
        algorithm: `sha1` or `sha256`.
        states: For each part the chaining state at its end, as big-endian words; for the last part
            the digest of the whole file, which is missing if nobody promised it.
        part_size: Bytes of every part but the last, a multiple of 64.
        size: Bytes of the whole file.
    """

    algorithm: str
    states: bytes
    part_size: int
    size: int

    def can_check(self, offset: int, length: int) -> bool:
        """Return whether these bytes are whole parts whose states were promised."""
        end = offset + length
        is_whole = offset % self.part_size == 0 and self._is_end(end)
        return is_whole and bool(self._promised(end))

    def first_difference(self, offset: int, blocks: Iterable[bytes]) -> Difference | None:
        """Compare bytes that begin where a part begins and end where one ends.

        Returns:
            The first part that is not what was promised; None if all are.
        """
        hasher = self.hasher_at(offset)
        for chunk in self._cut(blocks, offset):
            hasher.update(chunk)
            offset += len(chunk)
            if self._is_end(offset):
                promised = self._promised(offset)
                if _state_of(hasher, is_last=offset == self.size) != promised:
                    begin = (offset - 1) // self.part_size * self.part_size
                    return Difference(begin, promised, hasher)
        return None

    def hasher_at(self, offset: int) -> Hasher:
        """Return the hash of everything before a part, as promised."""
        algorithm = ALGORITHMS[self.algorithm]
        if offset == 0:
            return algorithm.new()
        return algorithm.resume(algorithm.words.unpack(self._promised(offset)), offset)

    def _is_end(self, offset: int) -> bool:
        return offset % self.part_size == 0 or offset == self.size

    def _promised(self, end: int) -> bytes:
        """Return the promise for the part that ends there."""
        size = ALGORITHMS[self.algorithm].size
        index = (end - 1) // self.part_size
        return self.states[index * size : (index + 1) * size]

    def _cut(self, blocks: Iterable[bytes], offset: int) -> Iterator[memoryview]:
        """Yield the same bytes in pieces that end where a part ends, or before."""
        for block in blocks:
            view = memoryview(block)
            while view:
                length = min(len(view), self.part_size - offset % self.part_size)
                yield view[:length]
                view = view[length:]
                offset += length


class NamedLocks:
    """Locks by name: `with locks.hold(name):` excludes everybody else with the same name.

    A lock exists only while somebody holds it or waits for it.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[Hashable, tuple[threading.Lock, int]] = {}

    @contextmanager
    def hold(self, name: Hashable) -> Iterator[None]:
        """Acquire the lock of a name; release it at the end of the block."""
        with self._guard:
            lock, users = self._locks.get(name, (threading.Lock(), 0))
            self._locks[name] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, users = self._locks.pop(name)
                if users > 1:
                    self._locks[name] = (lock, users - 1)


def receive_part(
    store: Store,
    session: Session,
    offset: int,
    content: Content,
    *,
    is_checked: bool,
    tag: str = "",
) -> None:
    """Write a part to the disk and record it. A part that has arrived before is not written.

    Args:
        store: That the session is in.
        session: The part's.
        offset: Where the part begins.
        content: Its bytes, of the length that belongs there.
        is_checked: Whether the bytes are known to be the promised ones. If not, a part that
            arrives again is compared with what is there.
        tag: What clients are to know the part by.

    Raises:
        SessionEndedError: If the session ends meanwhile.
        OtherBytesError: If other bytes have arrived at this offset.
    """
    with store.part_locks.hold((session.number, offset)), ended_if_gone():
        known = store.database.read(
            lambda connection: sessions.find_part(connection, session, offset)
        )
        if known is None:
            store.files.write_at(session.file, offset, content.blocks(), content.size)
            part = Part(offset, content.size, tag)
            store.database.write(lambda tx: _record(tx, session, part))
        elif not is_checked and not store.files.holds_at(session.file, offset, content.blocks()):
            raise OtherBytesError


def digest_of(blocks: Iterable[bytes], algorithm: str = "sha1") -> str:
    """Return the digest of bytes in lower-case hex."""
    hasher = ALGORITHMS[algorithm].new()
    for block in blocks:
        hasher.update(block)
    return hasher.hexdigest()


@contextmanager
def ended_if_gone() -> Iterator[None]:
    """Raise a missing file of a session as the end of that session.

    Raises:
        SessionEndedError: If another request has ended the session, and removed its file.
    """
    try:
        yield
    except FileNotFoundError:
        raise SessionEndedError from None


def _state_of(hasher: Hasher, *, is_last: bool) -> bytes:
    if is_last:
        return hasher.digest()
    state = hasher.state()
    return struct.pack(f">{len(state.words)}I", *state.words)


def _record(tx: Transaction, session: Session, part: Part) -> None:
    if not sessions.is_open(tx.connection, session):
        raise SessionEndedError
    sessions.add_part(tx, session, part)
