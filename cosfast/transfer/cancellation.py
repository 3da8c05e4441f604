"""`CancelToken` and `Cancellation`: stopping a transfer by token, deadline or failure."""

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


_LONGEST_WAIT = 3600.0  # seconds; the timeout of an Event is limited


class CancelToken:
    """Cancels transfers from any thread: pass it to them as `cancel`, then call `cancel()`.

    One token may cancel many transfers. A used token cancels every later transfer immediately.
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
        """Call `callback` if `cancel` is called while the block runs."""
        with self._lock:
            self._callbacks[id(callback)] = callback
        try:
            yield
        finally:
            with self._lock:
                del self._callbacks[id(callback)]


class Cancellation:
    """Whether one transfer has to stop: checked at each step, and by every wait for a socket.

    Args:
        tokens: Tokens, any of which cancels the transfer.
        deadline: Deadline in seconds from now, or None.

    Attributes:
        stop: Set if no further step may begin, for whatever reason.

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
        """Watch the tokens while the block runs; a failure of a stopped block raises the reason."""
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
            DeadlineExceeded: If the deadline is exceeded.
        """
        reason = self._reason()
        if reason is not None:
            raise reason

    def wait(self, seconds: float) -> None:
        """Wait for `seconds`.

        An early end is an exception rather than a return value, which a caller could ignore.

        Raises:
            Cancelled: As soon as a token is used, or another part of the transfer fails.
            DeadlineExceeded: If the deadline is exceeded before the wait ends.
        """
        ends = time.monotonic() + seconds
        while not self.stop.is_set():
            left = min(ends - time.monotonic(), self.remaining())
            if left <= 0:
                break
            self.stop.wait(min(left, _LONGEST_WAIT))
        self.check_going()

    def check_going(self) -> None:
        """Raise if no further step may begin.

        Raises:
            Cancelled: If a token was used, or another part of the same transfer failed.
            DeadlineExceeded: If the deadline is exceeded.
        """
        self.check()
        if self.stop.is_set():
            raise Cancelled("another part of the transfer failed")

    def remaining(self) -> float:
        """Return the seconds until the deadline; infinity without a deadline."""
        return self._ends - time.monotonic()

    def abort(self) -> None:
        """Stop immediately: no further step begins, and every wait for a socket fails."""
        self.stop.set()
        with self._lock:
            sockets = list(self._sockets.values())
        for open_socket in sockets:
            with suppress(OSError):  # the socket was closed in the meantime
                # Not `SSLSocket.shutdown`, which drops the TLS state that another thread uses.
                socket.socket.shutdown(open_socket, socket.SHUT_RDWR)

    def attach(self, user: object, connected: socket.socket) -> None:
        """Register the socket that `user` waits for from now on.

        Raises:
            Cancelled: If the transfer was already stopped: nothing would shut the socket down.
            DeadlineExceeded: If the deadline is exceeded.
        """
        with self._lock:
            self._sockets[id(user)] = connected
        self.check_going()

    def detach(self, user: object) -> None:
        """Unregister the socket of `user`."""
        with self._lock:
            self._sockets.pop(id(user), None)

    def _reason(self) -> Cancelled | DeadlineExceeded | None:
        if any(token.cancelled for token in self._tokens):
            return Cancelled("cancelled")
        if self.remaining() <= 0:
            return DeadlineExceeded(f"deadline of {self._deadline:g} s exceeded")
        return None


def check_deadline(deadline: float) -> float:
    """Return `deadline`, a number of seconds from now, after checking it.

    Raises:
        InputError: If the deadline is not a positive number.
    """
    if not (is_finite(deadline) and deadline > 0):
        raise InputError(f"deadline must be a positive number of seconds, not {shown(deadline)}")
    return deadline
