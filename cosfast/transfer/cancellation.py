"""What stops a transfer: `CancelToken`, a deadline, a failure of another part of it."""

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
    """Cancels transfers from any thread: pass it to them as `cancel`, then call `cancel()`.

    One token may cancel many. Once used, it cancels every transfer that it is passed to at once.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self.cancelled: bool = False

    def cancel(self) -> None:
        """Cancel the transfers; each raises `Cancelled`. Idempotent."""
        with self._lock:
            self.cancelled = True
            callbacks = list(self._callbacks.values())
        for callback in callbacks:
            callback()

    @contextmanager
    def watched(self, callback: Callable[[], None]) -> Iterator[None]:
        """Call `callback` if the token is used while the block runs."""
        with self._lock:
            self._callbacks[id(callback)] = callback
        try:
            yield
        finally:
            with self._lock:
                del self._callbacks[id(callback)]


class Cancellation:
    """Whether one transfer is to stop: checked at each step, and by every wait for a socket.

    Args:
        tokens: Any of them cancels the transfer.
        deadline: Seconds from now, or None.

    Attributes:
        stop: Set if nothing more is to begin, for whatever reason.

    Raises:
        InputError: If the deadline is not a positive number.
    """

    def __init__(self, tokens: Sequence[CancelToken] = (), deadline: float | None = None) -> None:
        self._tokens = tokens
        self._deadline = math.inf if deadline is None else check_deadline(deadline)
        self._ends = time.monotonic() + self._deadline
        self._lock = Lock()
        self._sockets: dict[int, socket.socket] = {}
        self.stop: Event = Event()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Watch the tokens while the block runs; if it raises, raise the reason that stopped it."""
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
        """Raise if the transfer was cancelled or its deadline is exceeded.

        Raises:
            Cancelled: If a token was used.
            DeadlineExceeded: If the time is over.
        """
        reason = self._reason()
        if reason is not None:
            raise reason

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`.

        It raises instead of returning how the wait ended, since a caller could ignore that.

        Raises:
            Cancelled: As soon as the transfer is to stop.
            DeadlineExceeded: When the deadline comes first.
        """
        ends = time.monotonic() + seconds
        while not self.stop.is_set():
            left = min(ends - time.monotonic(), self.remaining())
            if left <= 0:
                break
            self.stop.wait(min(left, _LONGEST_WAIT))
        self.check_going()

    def check_going(self) -> None:
        """Raise if nothing more is to begin.

        Raises:
            Cancelled: If a token was used, or another part of the same transfer failed.
            DeadlineExceeded: If the time is over.
        """
        self.check()
        if self.stop.is_set():
            raise Cancelled("another part of the transfer failed")

    def remaining(self) -> float:
        """Return the seconds to the deadline; infinity if there is none."""
        return self._ends - time.monotonic()

    def abort(self) -> None:
        """Stop at once: nothing more begins, and every wait for a socket fails."""
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
            Cancelled: If the transfer has stopped already: nothing would shut the socket down.
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
        InputError: If it is not a positive number.
    """
    if not (is_finite(deadline) and deadline > 0):
        raise InputError(f"deadline must be a positive number of seconds, not {shown(deadline)}")
    return deadline
