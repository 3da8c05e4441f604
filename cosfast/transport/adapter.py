"""An adapter of requests whose connections can be stopped, and send a request in one go.

requests has no way to end a request under way: closing a session leaves connections in use alone.
Here each connection tells the `Control` of the thread that uses it which socket that is. And a
body that is in memory leaves together with the head of its request, in one system call.
"""

from __future__ import annotations

import ssl
from contextlib import contextmanager
from threading import local
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.transport.control import Control

_thread = local()


@contextmanager
def controlled(control: Control) -> Iterator[None]:
    """Let `control` know of each socket that this thread waits for in the block."""
    _thread.control = control
    try:
        yield
    finally:
        _thread.control = None
        control.uses(None)


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
        _send_together(self.sock, pieces)

    def send(self, data: Any) -> None:
        if self._gathered is None:
            super().send(data)  # type: ignore[misc]
        else:
            self._gathered.append(data)

    def _tell(self) -> None:
        control: Control | None = getattr(_thread, "control", None)
        if control is not None and self.sock is not None:
            control.uses(self.sock)


def _send_together(connected: Any, pieces: list[Any]) -> None:
    """Send all pieces; in one call where the socket can gather, which a TLS one cannot."""
    if isinstance(connected, ssl.SSLSocket) or not hasattr(connected, "sendmsg"):
        for piece in pieces:
            connected.sendall(piece)
        return
    sent = connected.sendmsg(pieces)
    for piece in pieces:
        if sent < len(piece):
            connected.sendall(memoryview(piece)[sent:])
        sent = max(0, sent - len(piece))


class _Connection(_Controlled, HTTPConnection):
    pass


class _TlsConnection(_Controlled, HTTPSConnection):
    pass


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
