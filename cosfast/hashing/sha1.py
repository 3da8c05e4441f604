"""`Sha1`: hashlib's protocol on the C core, with a state that can be exported."""

from __future__ import annotations

import struct
from threading import Lock
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.hashing.core import ffi, lib
from cosfast.hashing.state import BLOCK_SIZE, DIGEST_SIZE, Sha1State

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOTHING = b""
_CONTEXT = ffi.typeof("cosfast_context *")
_DIGEST = ffi.typeof("uint8_t[20]")
_update = lib.cosfast_update
_WORDS = struct.Struct("<5I")


class Sha1:
    """A running SHA-1 (FIPS 180-4), as `hashlib.sha1` gives, whose state can be taken out.

    Any contiguous bytes-like object is taken without a copy. The GIL is free while the core
    works. Threads may share one object: each call is whole, in some order.

    Args:
        data: the first bytes of the message.
        usedforsecurity: taken for hashlib's sake; SHA-1 is the same either way.
    """

    __slots__ = ("_context", "_lock")

    name = "sha1"
    digest_size = DIGEST_SIZE
    block_size = BLOCK_SIZE

    def __init__(self, data: Any = _NOTHING, *, usedforsecurity: bool = True) -> None:
        del usedforsecurity
        self._lock = Lock()
        self._context = ffi.new(_CONTEXT)
        lib.cosfast_init(self._context, lib.COSFAST_SHA1)
        if data is not _NOTHING:
            self.update(data)

    def update(self, data: Any, /) -> None:
        """Take in more bytes.

        Raises:
            TypeError: where `data` is not a bytes-like object (a str is not).
            BufferError: where it is not contiguous.
            InputError: If the message would be longer than 2**61 - 1 bytes (FIPS 180-4, section
                1); what was taken in before stays as it is.
        """
        if type(data) is bytes:  # cffi hands its bytes over as they are, which is quicker
            with self._lock:
                taken = _update(self._context, data, len(data))
            if not taken:
                raise _too_long()
            return
        if isinstance(data, str):
            raise TypeError("strings must be encoded before they are hashed")
        view = ffi.from_buffer(data)
        with self._lock:
            taken = _update(self._context, view, len(view))
        if not taken:
            raise _too_long()

    def digest(self) -> bytes:
        """Return the 20 bytes of the digest so far; the object goes on."""
        out = ffi.new(_DIGEST)
        with self._lock:
            lib.cosfast_digest(self._context, out)
        return ffi.buffer(out)[:]  # type: ignore[no-any-return]

    def hexdigest(self) -> str:
        """Return the digest so far as 40 lower-case hex digits; the object goes on."""
        return self.digest().hex()

    def copy(self) -> Sha1:
        """Return an object of its own in the same state."""
        other = Sha1()
        with self._lock:
            other._context[0] = self._context[0]
        return other

    def state(self) -> Sha1State:
        """Export the state without finalizing; the object goes on."""
        with self._lock:
            context = self._context
            length = context.length
            pending = ffi.buffer(context.pending, length % BLOCK_SIZE)[:]
            return Sha1State(tuple(context.h[0:5]), length, pending)

    def chaining_words(self) -> bytes:
        """Return h0..h4 after the last whole block, 20 bytes, each word little-endian.

        What `state().datasha` spells in hex where nothing is pending, without the detour.
        """
        with self._lock:
            return _WORDS.pack(*self._context.h[0:5])

    @classmethod
    def from_state(cls, state: Sha1State) -> Sha1:
        """Return an object that goes on from `state`, wherever that was exported."""
        if not isinstance(state, Sha1State):
            raise TypeError(f"from_state takes a Sha1State, not {type(state).__name__}")
        self = cls()
        # Sha1State has checked the length already, the one thing that the import can refuse.
        words, length, pending = state.words, state.length, state.pending
        lib.cosfast_import(self._context, lib.COSFAST_SHA1, words, length, pending)
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return Sha1.from_state, (self.state(),)

    def __repr__(self) -> str:
        return f"<cosfast.Sha1 after {self._context.length} bytes>"


def _too_long() -> InputError:
    return InputError("SHA-1 takes no message longer than 2**61 - 1 bytes")


def digest_of_end(words: Sequence[int], length: int, tail: Any) -> bytes:
    """Return the digest of a message of which only the end is at hand.

    Args:
        words: the chaining state before `tail`.
        length: bytes before it, a multiple of 64.
        tail: the bytes that are left.
    """
    running = Sha1.from_state(Sha1State(words, length))
    running.update(tail)
    return running.digest()


def sha1(data: Any = _NOTHING, *, usedforsecurity: bool = True) -> Sha1:
    """Return a `Sha1` that has taken in `data`, as `hashlib.sha1` does."""
    return Sha1(data, usedforsecurity=usedforsecurity)
