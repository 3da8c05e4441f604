"""An adapter of requests whose connections can be stopped, and send a request in one go.

requests has no way to end a request under way: closing a session leaves connections in use alone.
Here each connection tells the `Control` of the thread that uses it which socket that is. Each wait
for the socket, to send or to receive, is as long as the thread's `StallGuard` allows. And a body
that is in memory leaves together with the head of its request, in one system call.
"""

from __future__ import annotations

import io
import ssl
import time
from contextlib import contextmanager
from http.client import HTTPResponse
from threading import local
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.transfer.cancellation import Control
    from cosfast.transfer.timeouts import StallGuard

_thread = local()


@contextmanager
def controlled(control: Control, guard: StallGuard) -> Iterator[None]:
    """Let `control` know of each socket that this thread waits for in the block.

    Args:
        control: May shut the socket down from another thread.
        guard: Says how long each wait for the socket may take.
    """
    _thread.control, _thread.guard = control, guard
    try:
        yield
    finally:
        _thread.control = _thread.guard = None
        control.uses(None)


class _GuardedSocket(io.RawIOBase):
    """The reading side of a socket, whose waits are those that a guard allows."""

    def __init__(self, reader: io.RawIOBase, connected: Any, guard: StallGuard) -> None:
        super().__init__()
        self._reader = reader
        self._connected = connected
        self._guard = guard

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connected.settimeout(self._guard.timeout())
        started = time.monotonic()
        count = self._reader.readinto(buffer) or 0
        self._guard.waited(time.monotonic() - started, count)
        return count

    def close(self) -> None:
        self._reader.close()
        super().close()


class GuardedResponse(HTTPResponse):
    """A response whose head and body are read through a `_GuardedSocket`."""

    _guard: StallGuard | None = None

    def __init__(self, sock: Any, *rest: Any, **options: Any) -> None:
        super().__init__(sock, *rest, **options)
        self._guard = getattr(_thread, "guard", None)
        if self._guard is not None:
            self._guard.restart()
            reader: Any = self.fp
            self.fp: Any = io.BufferedReader(_GuardedSocket(reader.detach(), sock, self._guard))

    def begin(self) -> None:
        """Read the head; the body is a period of its own."""
        super().begin()
        if self._guard is not None:
            self._guard.restart()


class _Controlled:
    """What the two kinds of connection have in common."""

    sock: Any
    _gathered: list[Any] | None = None

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._tell()

    def request(self, method: str, url: str, body: Any = None, *rest: Any, **options: Any) -> None:
        self._tell()
        if not getattr(body, "is_in_memory", False):
            super().request(method, url, body, *rest, **options)  # type: ignore[misc]
            return
        self._gathered = []
        try:
            super().request(method, url, body, *rest, **options)  # type: ignore[misc]
        finally:
            pieces, self._gathered = self._gathered, None
        if self.sock is None:
            self.connect()
        _send_together(self.sock, pieces or [])

    def send(self, data: Any) -> None:
        if self._gathered is not None:
            self._gathered.append(data)
        elif isinstance(data, (bytes, bytearray, memoryview)):
            if self.sock is None:
                self.connect()
            _send_all(self.sock, memoryview(data), getattr(_thread, "guard", None))
        else:
            super().send(data)  # type: ignore[misc]

    def _tell(self) -> None:
        control: Control | None = getattr(_thread, "control", None)
        if control is not None and self.sock is not None:
            control.uses(self.sock)


def _send_together(connected: Any, pieces: list[Any]) -> None:
    """Send all pieces; in one call if the socket can gather, which a TLS one cannot."""
    guard: StallGuard | None = getattr(_thread, "guard", None)
    if guard is not None:
        guard.restart()
    sent = 0
    if not isinstance(connected, ssl.SSLSocket) and hasattr(connected, "sendmsg"):
        sent = _guarded(connected, guard, lambda: connected.sendmsg(pieces))
    for piece in pieces:
        if sent < len(piece):
            _send_all(connected, memoryview(piece)[sent:], guard)
        sent = max(0, sent - len(piece))


def _send_all(connected: Any, view: memoryview, guard: StallGuard | None) -> None:
    """Send `view`. A socket's own `sendall` would have one timeout for all of it, however long."""
    while view:
        view = view[_guarded(connected, guard, lambda: connected.send(view)) :]  # noqa: B023


def _guarded(connected: Any, guard: StallGuard | None, send: Callable[[], int]) -> int:
    """Return ``send()``, whose wait is as long as `guard` allows."""
    if guard is None:
        return send()
    connected.settimeout(guard.timeout())
    started = time.monotonic()
    count = send()
    guard.waited(time.monotonic() - started, count)
    return count


class _Connection(_Controlled, HTTPConnection):
    response_class = GuardedResponse


class _TlsConnection(_Controlled, HTTPSConnection):
    response_class = GuardedResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class ControlledAdapter(HTTPAdapter):
    """requests' own adapter, with such connections, to the server and to a proxy alike."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools of connections to the server."""
        self._found: dict[Any, Any] = {}
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the pool for a request; looked up once, not again for each slice."""
        scheme, _, rest = request.url.partition("://")
        key = (scheme, rest.partition("/")[0], verify, cert, tuple(sorted((proxies or {}).items())))
        pool = self._found.get(key)
        if pool is None:
            pool = self._found[key] = super().get_connection_with_tls_context(
                request, verify, proxies=proxies, cert=cert
            )
        return pool

    def close(self) -> None:
        """Close the connections, also those of a pool that somebody's exception still refers to."""
        pools, self._found = self._found, {}
        for pool in pools.values():
            pool.close()
        super().close()

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Make the pools of connections to a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
