"""What may stop a call from outside: `CancelToken`, a deadline, a failure beside it."""

from __future__ import annotations

import math
import socket
import time
from contextlib import ExitStack, contextmanager, suppress
from threading import Event, Lock
from typing import TYPE_CHECKING

from cosfast.errors import Cancelled, DeadlineExceeded, InputError
from cosfast.parsing import is_finite, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


_LONGEST_WAIT = 3600.0  # seconds; an Event cannot wait for infinitely long


class CancelToken:
    """Stops transfers from any thread: give it to them as `cancel`, then call `cancel()`.

    One token may stop many; once used, it stops each that is given it at once.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self.cancelled: bool = False

    def cancel(self) -> None:
        """Stop them; each raises `Cancelled` where it was called."""
        with self._lock:
            self.cancelled = True
            callbacks = list(self._callbacks.values())
        for callback in callbacks:
            callback()

    @contextmanager
    def watched(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` where the token is used while the block runs."""
        with self._lock:
            self._callbacks[id(callback)] = callback
        try:
            yield
        finally:
            with self._lock:
                del self._callbacks[id(callback)]


class Cancellation:
    """One call's stop: asked for at each step, and heard within every wait and every socket.

    Args:
        tokens: each may be used from outside.
        deadline: seconds from now, or None.

    Raises:
        InputError: where the deadline is not a positive number.
    """

    def __init__(self, tokens: Sequence[CancelToken] = (), deadline: float | None = None) -> None:
        self._tokens = tokens
        self._deadline = math.inf if deadline is None else check_deadline(deadline)
        self._ends = time.monotonic() + self._deadline
        self._lock = Lock()
        self._sockets: dict[int, socket.socket] = {}
        self.stop: Event = Event()
        """Set where nothing more is to be begun, whoever wanted that."""

    @contextmanager
    def running(self) -> Iterator[None]:
        """Hear the tokens while the block runs; say what really stopped it where that raises."""
        with ExitStack() as watched:
            for token in self._tokens:
                watched.enter_context(token.watched(self.abort))
            self.check()
            try:
                yield
            except Exception as exc:
                reason = self._reason()
                if reason is None or isinstance(exc, type(reason)):
                    raise
                raise reason from exc

    def check(self) -> None:
        """Raise where the token was used or the time is over.

        Raises:
            Cancelled: by the token.
            DeadlineExceeded: by the clock.
        """
        reason = self._reason()
        if reason is not None:
            raise reason

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`.

        It raises instead of telling how the wait ended, since what a caller may ignore is ignored.

        Raises:
            Cancelled: If everything is to stop; at once.
            DeadlineExceeded: If the deadline comes first; then.
        """
        ends = time.monotonic() + seconds
        while not self.stop.is_set():
            left = min(ends - time.monotonic(), self.remaining())
            if left <= 0:
                break
            self.stop.wait(min(left, _LONGEST_WAIT))
        self.check_going()

    def check_going(self) -> None:
        """Raise if nothing more is to be begun, whoever wanted that.

        Raises:
            Cancelled: By the token, or if another part of the same transfer failed.
            DeadlineExceeded: By the clock.
        """
        self.check()
        if self.stop.is_set():
            raise Cancelled("another part of the transfer failed")

    def remaining(self) -> float:
        """Return the seconds to the deadline; infinity where there is none."""
        return self._ends - time.monotonic()

    def abort(self) -> None:
        """Stop at once: nothing more begins, and what waits for a socket fails."""
        self.stop.set()
        with self._lock:
            sockets = list(self._sockets.values())
        for open_socket in sockets:
            with suppress(OSError):  # it was closed in between
                # The plain socket's method: TLS would want to say goodbye first.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    def attach(self, user: object, connected: socket.socket) -> None:
        """Note the socket that `user` waits for from now on.

        Raises:
            Cancelled: If everything is to stop already, so that nobody would shut it down.
        """
        with self._lock:
            self._sockets[id(user)] = connected
        self.check_going()

    def detach(self, user: object) -> None:
        """Note that `user` waits for no socket any more."""
        with self._lock:
            self._sockets.pop(id(user), None)

    def _reason(self) -> Cancelled | DeadlineExceeded | None:
        if any(token.cancelled for token in self._tokens):
            return Cancelled("cancelled")
        if self.remaining() <= 0:
            return DeadlineExceeded(f"deadline of {self._deadline:g} s exceeded")
        return None


def check_deadline(deadline: float) -> float:
    """Return `deadline`, seconds from now.

    Raises:
        InputError: where it is not a positive number.
    """
    if not (is_finite(deadline) and deadline > 0):
        raise InputError(f"deadline must be a positive number of seconds, not {shown(deadline)}")
    return deadline
