"""Parts of uploads: verified against their expected chaining states in any order, and stored."""

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
    """The session ended while one of its parts was received."""


class OtherBytesError(Exception):
    """The part differs from the bytes that were received at this offset before."""


class State(Protocol):
    """A chaining state."""

    @property
    def words(self) -> tuple[int, ...]:
        """The words of the state after the last whole block."""


class Hasher(Protocol):
    """A hash that exports its chaining state."""

    def update(self, data: bytes | memoryview, /) -> None:
        """Hash more bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes so far."""

    def hexdigest(self) -> str:
        """Return the digest in lower-case hex."""

    def state(self) -> State:
        """Return the chaining state."""


@dataclass(frozen=True)
class Algorithm:
    """A hash algorithm by whose chaining states parts are verified.

    Attributes:
        words: Format of the big-endian words of a state, which is as long as a digest.
        new: Returns the hash of no bytes.
        resume: Returns the hash of `length` bytes from the words of its state.
    """

    words: struct.Struct
    new: Callable[[], Hasher]
    resume: Callable[[tuple[int, ...], int], Hasher]

    @property
    def size(self) -> int:
        """Size of a digest and of a state in bytes."""
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
"""The algorithms by their names in sessions."""


@dataclass(frozen=True)
class Difference:
    """The first part that does not match its promised state.

    Attributes:
        offset: Offset of the part in the file.
        promised: Its promised state, or the promised digest if it is the last part.
        found: Hash of the file up to the end of the part, if all bytes before it are as promised.
    """

    offset: int
    promised: bytes
    found: Hasher


@dataclass(frozen=True)
class PartStates:
    """The chaining states that a client promised for the parts of a file.

    Each part is verified from the state at the end of the previous part, so parts may arrive in
    any order. Every part but the last ends at a multiple of the hash's block size.

    Attributes:
        algorithm: `sha1` or `sha256`.
        states: For each part the chaining state at its end, as big-endian words; for the last part
            the digest of the file, which is missing if it was not promised.
        part_size: Size of every part but the last in bytes, a multiple of 64.
        size: Size of the file in bytes.
    """

    algorithm: str
    states: bytes
    part_size: int
    size: int

    def can_check(self, offset: int, length: int) -> bool:
        """Return whether a range consists of whole parts and the state at its end was promised."""
        end = offset + length
        is_whole = offset % self.part_size == 0 and self._is_end(end)
        return is_whole and bool(self._promised(end))

    def first_difference(self, offset: int, blocks: Iterable[bytes]) -> Difference | None:
        """Verify bytes that begin and end at boundaries of parts.

        Returns:
            The first part that does not match its promised state, or None if all match.
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
        """Return the hash of all bytes before a part, by the promised state."""
        algorithm = ALGORITHMS[self.algorithm]
        if offset == 0:
            return algorithm.new()
        return algorithm.resume(algorithm.words.unpack(self._promised(offset)), offset)

    def _is_end(self, offset: int) -> bool:
        return offset % self.part_size == 0 or offset == self.size

    def _promised(self, end: int) -> bytes:
        """Return the promised state or digest of the part that ends at `end`."""
        size = ALGORITHMS[self.algorithm].size
        index = (end - 1) // self.part_size
        return self.states[index * size : (index + 1) * size]

    def _cut(self, blocks: Iterable[bytes], offset: int) -> Iterator[memoryview]:
        """Yield the bytes in pieces that do not cross the end of a part."""
        for block in blocks:
            view = memoryview(block)
            while view:
                length = min(len(view), self.part_size - offset % self.part_size)
                yield view[:length]
                view = view[length:]
                offset += length


class NamedLocks:
    """Locks by name: `with locks.hold(name):` excludes other holders of the same name.

    A lock exists only while it is held or waited for.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[Hashable, tuple[threading.Lock, int]] = {}

    @contextmanager
    def hold(self, name: Hashable) -> Iterator[None]:
        """Hold the lock of a name within the `with` block."""
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
    """Write a part to disk and record it. A part that was received before is not written again.

    Args:
        store: Store of the session.
        session: Session of the part.
        offset: Offset of the part in the file.
        content: Bytes of the part, whose length must be the right one.
        is_checked: Whether the bytes are known to match the promised state. If not, a part that is
            received again is compared with the stored one.
        tag: Identifier of the part for clients, such as an ETag.

    Raises:
        SessionEndedError: If the session ends in the meantime.
        OtherBytesError: If other bytes were received at this offset before.
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
    """Return the digest of the blocks in lower-case hex."""
    hasher = ALGORITHMS[algorithm].new()
    for block in blocks:
        hasher.update(block)
    return hasher.hexdigest()


@contextmanager
def ended_if_gone() -> Iterator[None]:
    """Convert FileNotFoundError of a session's file.

    Raises:
        SessionEndedError: If another request has ended the session and removed its file.
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
