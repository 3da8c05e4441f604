"""`Sha1` and `Sha256`: hashlib-compatible hashes of the C core, whose state can be exported."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, TypeVar

from cosfast.errors import InputError
from cosfast.hashing.core import ffi, lib
from cosfast.hashing.state import (
    BLOCK_SIZE,
    SHA1,
    SHA256,
    Algorithm,
    HashState,
    Sha1State,
    Sha256State,
    algorithm_named,
    state_class,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Self

State = TypeVar("State", bound=HashState[Any])

_NOTHING = b""
_SMALL = 2049  # bytes; shorter updates are gathered, since a call of the core would take longer
_GATHERED = 256  # updates that are passed to the core at once, up to 512 KiB
_SHORT = 16385  # bytes; a shorter message passed to `sha1` or `sha256` is hashed when needed
_UNREACHABLE = 2**60  # bytes, more than a process can hash; half of the longest message

_new = object.__new__
_CONTEXT = ffi.typeof("cosfast_context *")
_update = lib.cosfast_update
_hash = lib.cosfast_hash
_digest = lib.cosfast_digest
_begin_lock = Lock()
if hasattr(os, "register_at_fork"):  # it must not be locked in a forked process
    os.register_at_fork(
        before=_begin_lock.acquire,
        after_in_parent=_begin_lock.release,
        after_in_child=_begin_lock.release,
    )


class _DigestRoom(NamedTuple):
    """Memory that the core writes a digest to, as a cffi pointer and as a memoryview."""

    pointer: Any
    view: memoryview


class Hash(Generic[State]):
    """Base class of `Sha1` and `Sha256`.

    Short updates are appended to a list and hashed together. Each call is atomic for other threads:
    appending is atomic, and only the holder of the lock removes items from the front of the list,
    after it has hashed them. The context of the core is created when it is needed: a short message
    passed at once never needs one.
    """

    __slots__ = ("_gather_below", "_gathered", "_running")

    name: ClassVar[str]
    digest_size: ClassVar[int]
    block_size: ClassVar[int] = BLOCK_SIZE

    _algorithm: ClassVar[Algorithm]
    _number: ClassVar[int]
    _state_class: ClassVar[type[HashState[Any]]]
    _rooms: ClassVar[list[_DigestRoom]]  # not in use by any thread

    _gathered: list[bytes]  # short updates that are not hashed yet
    _gather_below: int  # bytes; shorter updates are gathered
    _running: tuple[Any, Lock] | None  # a context of the core, and its lock

    def __init__(
        self, data: Any = _NOTHING, *, string: Any = _NOTHING, usedforsecurity: bool = True
    ) -> None:
        del usedforsecurity
        self._clear()
        if string is not _NOTHING:
            if data is not _NOTHING:
                raise TypeError("data and string are two names of the same argument: give one")
            data = string
        if data is not _NOTHING:
            self.update(data)

    def _clear(self) -> None:
        self._gathered = []
        self._gather_below = _SMALL
        self._running = None

    def update(self, data: Any, /) -> None:
        """Hash more bytes.

        Raises:
            TypeError: If `data` is not a bytes-like object (a str is not).
            BufferError: If it is not contiguous.
            InputError: If the message would be longer than 2**61 - 1 bytes (FIPS 180-4, section
                1); the state does not change.
        """
        if type(data) is bytes:
            if len(data) < self._gather_below:
                gathered = self._gathered
                gathered.append(data)
                if len(gathered) >= _GATHERED:
                    self._hash_gathered()
                return
            view = data  # cffi passes bytes without a copy, faster than `from_buffer`
        elif isinstance(data, str):
            raise TypeError("strings must be encoded before they are hashed")
        else:
            view = ffi.from_buffer(data)
        context, lock = self._running or self._begin()
        with lock:
            self._flush(context)
            hashed = _update(context, view, len(view))
        if not hashed:
            title = self._algorithm.title
            raise InputError(f"the message is too long: {title} allows at most 2**61 - 1 bytes")

    def digest(self) -> bytes:
        """Return the digest of the bytes so far; more can be hashed afterwards."""
        room = self._write_digest()
        digest = room[1].tobytes()
        self._rooms.append(room)
        return digest

    def hexdigest(self) -> str:
        """Return the digest so far in lower-case hex; more can be hashed afterwards."""
        room = self._write_digest()
        digest = room[1].hex()
        self._rooms.append(room)
        return digest

    def _write_digest(self) -> _DigestRoom:
        try:
            room = self._rooms.pop()
        except IndexError:
            room = self._new_room()
        gathered = self._gathered
        if len(gathered) == 1:
            try:
                data = gathered[0]
            except IndexError:  # another thread has hashed it in the meantime
                data = _NOTHING
            # Items are removed only after `_running` is set, so `data` is the whole message.
            if self._running is None:
                _hash(self._number, data, len(data), room[0])
                return room
        context, lock = self._running or self._begin()
        with lock:
            self._flush(context)
            _digest(context, room[0])
        return room

    def copy(self) -> Self:
        """Return an independent object in the same state."""
        other = _new(type(self))
        other._clear()  # noqa: SLF001
        copied = ffi.new(_CONTEXT)
        other._running = (copied, Lock())  # noqa: SLF001
        context, lock = self._running or self._begin()
        with lock:
            self._flush(context)
            copied[0] = context[0]
        other._gather_below = self._gather_below  # noqa: SLF001
        if hasattr(self, "__dict__"):  # of a subclass
            other.__dict__.update(self.__dict__)
        return other

    def state(self) -> State:
        """Export the state without finalizing; more can be hashed afterwards."""
        context, lock = self._running or self._begin()
        with lock:
            self._flush(context)
            length = context.length
            pending = ffi.buffer(context.pending, length % BLOCK_SIZE)[:]
            words = tuple(context.h[0 : len(self._algorithm.initial_words)])
        return self._state_class.exported(words, length, pending)  # type: ignore[return-value]

    def chaining_words(self) -> bytes:
        """Return the words after the last whole block as bytes, each little-endian.

        The bytes of `state().datasha`, in less time, if nothing is pending.
        """
        algorithm = self._algorithm
        context, lock = self._running or self._begin()
        with lock:
            self._flush(context)
            return algorithm.words.pack(*context.h[0 : len(algorithm.initial_words)])

    @classmethod
    def from_state(cls, state: State) -> Self:
        """Return an object that resumes from `state`, which any machine may have exported.

        Raises:
            InputError: If `state` is of another algorithm.
            TypeError: If `state` is not a state.
        """
        return cls._resumed(state, None)

    @classmethod
    def _resumed(cls, state: object, attributes: dict[str, Any] | None) -> Self:
        kind = cls._state_class
        if not isinstance(state, kind):
            if isinstance(state, HashState):
                raise InputError(
                    f"{cls.__name__} resumes from a {kind.__name__}, not a {type(state).__name__},"
                    " the state of another algorithm"
                )
            hint = ""
            if isinstance(state, (bytes, bytearray, memoryview)):
                hint = f"; use {kind.__name__}.from_bytes first"
            raise TypeError(f"from_state takes a {kind.__name__}, not {type(state).__name__}{hint}")
        self = _new(cls)
        self._clear()
        words, length, pending = state.words, state.length, state.pending
        if length:
            # The import can only fail because of the length, which the state has checked.
            context = ffi.new(_CONTEXT)
            self._running = (context, Lock())
            lib.cosfast_import(context, cls._algorithm.number, words, length, pending)
            if length >= _UNREACHABLE:
                self._gather_below = 0  # so that each update raises at once if it is too long
        if attributes:
            self.__dict__.update(attributes)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return self._resumed, (self.state(), getattr(self, "__dict__", None))

    def __repr__(self) -> str:
        return f"<cosfast.{type(self).__name__} after {self.state().length} bytes>"

    def _begin(self) -> tuple[Any, Lock]:
        """Return the context and its lock, created if needed."""
        with _begin_lock:
            if self._running is None:
                context = ffi.new(_CONTEXT)
                lib.cosfast_init(context, self._algorithm.number)
                self._running = (context, Lock())
            return self._running

    def _hash_gathered(self) -> None:
        context, lock = self._running or self._begin()
        with lock:
            self._flush(context)

    def _flush(self, context: Any) -> None:
        """Hash the gathered updates; the caller holds the lock."""
        gathered = self._gathered[:]
        if not gathered:
            return
        joined = _NOTHING.join(gathered)
        length, count = len(joined), len(gathered)
        try:
            _update(context, joined, length)
        finally:  # even if a signal handler raises after the update
            del self._gathered[:count]

    @classmethod
    def _new_room(cls) -> _DigestRoom:
        pointer = ffi.new("uint8_t[]", cls.digest_size)
        return _DigestRoom(pointer, memoryview(ffi.buffer(pointer)))


class Sha1(Hash[Sha1State]):
    """A SHA-1 hash (FIPS 180-4) with the API of `hashlib.sha1`, whose state can be exported.

    Contiguous bytes-like objects are hashed without a copy. The GIL is released while the core
    hashes. Threads may share one object: each call is atomic.

    Args:
        data: The first bytes of the message; also hashlib's keyword `string`.
        usedforsecurity: Accepted for compatibility with hashlib, without effect.
    """

    __slots__ = ()
    name: ClassVar[str] = SHA1.name
    digest_size: ClassVar[int] = SHA1.digest_size
    _algorithm = SHA1
    _number = SHA1.number
    _state_class = Sha1State
    _rooms: ClassVar[list[_DigestRoom]] = []


class Sha256(Hash[Sha256State]):
    """A SHA-256 hash (FIPS 180-4) with the API of `hashlib.sha256`, whose state can be exported.

    Contiguous bytes-like objects are hashed without a copy. The GIL is released while the core
    hashes. Threads may share one object: each call is atomic.

    Args:
        data: The first bytes of the message; also hashlib's keyword `string`.
        usedforsecurity: Accepted for compatibility with hashlib, without effect.
    """

    __slots__ = ()
    name: ClassVar[str] = SHA256.name
    digest_size: ClassVar[int] = SHA256.digest_size
    _algorithm = SHA256
    _number = SHA256.number
    _state_class = Sha256State
    _rooms: ClassVar[list[_DigestRoom]] = []


_HASHES: dict[Algorithm, type[Hash[Any]]] = {SHA1: Sha1, SHA256: Sha256}


def hash_class(algorithm: Algorithm) -> type[Hash[Any]]:
    """Return the hash class of an algorithm."""
    return _HASHES[algorithm]


def sha1(data: Any = _NOTHING, *, string: Any = _NOTHING, usedforsecurity: bool = True) -> Sha1:
    """Return a `Sha1` of `data`, like `hashlib.sha1`."""
    if type(data) is bytes and len(data) < _SHORT and string is _NOTHING:
        made = _new(Sha1)  # like __init__, in half the time
        made._gathered, made._gather_below, made._running = [data], _SMALL, None  # noqa: SLF001
        return made
    return Sha1(data, string=string, usedforsecurity=usedforsecurity)


def sha256(data: Any = _NOTHING, *, string: Any = _NOTHING, usedforsecurity: bool = True) -> Sha256:
    """Return a `Sha256` of `data`, like `hashlib.sha256`."""
    if type(data) is bytes and len(data) < _SHORT and string is _NOTHING:
        made = _new(Sha256)  # like __init__, in half the time
        made._gathered, made._gather_below, made._running = [data], _SMALL, None  # noqa: SLF001
        return made
    return Sha256(data, string=string, usedforsecurity=usedforsecurity)


def new(
    name: str, data: Any = _NOTHING, *, string: Any = _NOTHING, usedforsecurity: bool = True
) -> Sha1 | Sha256:
    """Return a `Sha1` or a `Sha256` of `data`, like `hashlib.new`.

    Args:
        name: ``"sha1"`` or ``"sha256"``, in upper or lower case.
        data: The first bytes of the message.
        string: Hashlib's keyword for `data`.
        usedforsecurity: Accepted for compatibility with hashlib, without effect.

    Raises:
        InputError: If the name is unknown; a ValueError.
    """
    algorithm = algorithm_named(name.lower() if isinstance(name, str) else name)
    make = sha1 if algorithm is SHA1 else sha256
    return make(data, string=string, usedforsecurity=usedforsecurity)


def digest_of_end(algorithm: Algorithm, words: Sequence[int], length: int, tail: Any) -> bytes:
    """Return the digest of a message, given the chaining state before its last bytes.

    Args:
        algorithm: The hash algorithm.
        words: Chaining state before `tail`.
        length: Number of bytes before `tail`, a multiple of 64.
        tail: The last bytes of the message.
    """
    running = hash_class(algorithm).from_state(state_class(algorithm)(words, length))
    running.update(tail)
    return running.digest()
