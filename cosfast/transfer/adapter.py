"""A transport adapter for requests whose connections can be interrupted.

requests cannot abort a request in progress: closing a session does not affect connections in use.
Here each attempt carries a `TransferBody`, even if it has no content. The body registers the socket
that the attempt uses with the `Cancellation`, and its `StallGuard` limits each wait for the socket.
A body in memory is sent together with the head of its request, in one system call.
"""

from __future__ import annotations

import io
import ssl
import time
from functools import partial
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from cosfast.transfer.redaction import without_query
from cosfast.transfer.request import MemoryBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.concurrency import Progress
    from cosfast.transfer.bandwidth import BandwidthLimit
    from cosfast.transfer.cancellation import Cancellation
    from cosfast.transfer.request import Body
    from cosfast.transfer.timeouts import StallGuard


class _GuardedSocket(io.RawIOBase):
    """The reading side of a socket, with timeouts from a `StallGuard`."""

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

    def __init__(self, sock: Any, *rest: Any, guard: StallGuard, **options: Any) -> None:
        super().__init__(sock, *rest, **options)
        self._guard = guard
        guard.restart()
        reader: Any = self.fp
        self.fp: Any = io.BufferedReader(_GuardedSocket(reader.detach(), sock, guard))

    def begin(self) -> None:
        """Read the head, then restart the guard for the body."""
        super().begin()
        self._guard.restart()


class TransferBody:
    """The body of one attempt, with the limits that its connection applies.

    It is passed to the connection's `request`, even if there is no content.

    Args:
        body: The content; None for a request without content.
        cancellation: Keeps track of the socket that the attempt uses.
        bandwidth: Bandwidth limit; None for no limit.
        guard: Limits the time that the attempt may wait for its peer.
        sent: Called with numbers of bytes that were sent, including those of the request's head;
            or None.

    Attributes:
        failure: Exception that `sent` raised, which may look like a failed connection.
    """

    def __init__(
        self,
        body: Body | None,
        cancellation: Cancellation,
        bandwidth: BandwidthLimit | None,
        guard: StallGuard,
        sent: Progress | None = None,
    ) -> None:
        self.guard = guard
        self.failure: BaseException | None = None
        self._sent = sent
        self._body = body
        self._cancellation = cancellation
        self._bandwidth = bandwidth

    @property
    def is_empty(self) -> bool:
        """Whether there is no content."""
        return self._body is None

    @property
    def is_in_memory(self) -> bool:
        """Whether its chunks are in memory and no bandwidth limit applies."""
        return self._bandwidth is None and isinstance(self._body, MemoryBody)

    def report_sent(self, count: int) -> None:
        """Tell of bytes that have left."""
        if self._sent is None:
            return
        try:
            self._sent.advance(count)
        except BaseException as exc:
            self.failure = exc
            raise

    def attach(self, connected: Any) -> None:
        """Register the socket that the attempt uses from now on."""
        self._cancellation.attach(self, connected)

    def detach(self) -> None:
        """Unregister the socket: the attempt no longer uses one."""
        self._cancellation.detach(self)

    def __len__(self) -> int:
        return 0 if self._body is None else len(self._body)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        if self._body is None:
            return iter(())
        if self._bandwidth is None:
            return iter(self._body)
        return self._bandwidth.pace(self._body, self._cancellation.wait)


class _TransferConnection:
    """Common base of plain and TLS connections."""

    sock: Any
    response_class: Any
    _body: TransferBody | None = None  # of the attempt that uses the connection
    _gathered: list[Any] | None = None
    sent_url: str | None = None  # sent instead of the URL without its query that urllib3 logs

    def request(self, method: str, url: str, body: Any = None, *rest: Any, **options: Any) -> None:
        if not isinstance(body, TransferBody):
            super().request(method, url, body, *rest, **options)  # type: ignore[misc]
            return
        if self.sock is None:
            self.connect()  # type: ignore[attr-defined]
        body.attach(self.sock)
        self.response_class = partial(GuardedResponse, guard=body.guard)
        if not (body.is_empty or body.is_in_memory):
            self._body = body
            try:
                super().request(method, url, body, *rest, **options)  # type: ignore[misc]
            finally:
                self._body = None  # an idle connection would keep its content in memory
            return
        if body.is_empty:
            options["chunked"] = False  # requests would send a body of length 0 as chunked
        self._gathered = []
        try:
            content = None if body.is_empty else body
            super().request(method, url, content, *rest, **options)  # type: ignore[misc]
        finally:
            pieces, self._gathered = self._gathered, None
        _send_together(self.sock, pieces or [], body)

    def putrequest(self, method: str, url: str, *rest: Any, **options: Any) -> None:
        super().putrequest(method, self.sent_url or url, *rest, **options)  # type: ignore[misc]

    def send(self, data: Any) -> None:
        if self._gathered is not None:
            self._gathered.append(data)
        elif self._body is not None and isinstance(data, (bytes, bytearray, memoryview)):
            _send_all(self.sock, memoryview(data), self._body)
        else:
            super().send(data)  # type: ignore[misc]


def _send_together(connected: Any, pieces: list[Any], body: TransferBody) -> None:
    """Send all pieces, with one `sendmsg` if the socket has it; a TLS socket does not."""
    body.guard.restart()
    sent = 0
    if not isinstance(connected, ssl.SSLSocket) and hasattr(connected, "sendmsg"):
        sent = _guarded(connected, body, lambda: connected.sendmsg(pieces))
    for piece in pieces:
        if sent < len(piece):
            _send_all(connected, memoryview(piece)[sent:], body)
        sent = max(0, sent - len(piece))


def _send_all(connected: Any, view: memoryview, body: TransferBody) -> None:
    """Send all of `view`. `socket.sendall` would apply one timeout to all of it, at any length."""
    while view:
        view = view[_guarded(connected, body, lambda: connected.send(view)) :]  # noqa: B023


def _guarded(connected: Any, body: TransferBody, send: Callable[[], int]) -> int:
    """Return the result of `send`, called with the socket timeout that the guard allows."""
    connected.settimeout(body.guard.timeout())
    started = time.monotonic()
    count = send()
    body.guard.waited(time.monotonic() - started, count)
    body.report_sent(count)
    return count


class _Connection(_TransferConnection, HTTPConnection):
    pass


class _TlsConnection(_TransferConnection, HTTPSConnection):
    pass


class _TransferPool:
    """Common base of plain and TLS connection pools."""

    def _make_request(self, conn: Any, method: str, url: str, *rest: Any, **options: Any) -> Any:
        """Send a request. The URL that urllib3 logs has no query, which may contain a token."""
        conn.sent_url = url
        return super()._make_request(conn, method, without_query(url), *rest, **options)  # type: ignore[misc]


class _Pool(_TransferPool, HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(_TransferPool, HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


_POOLS = {"http": _Pool, "https": _TlsPool}


class TransferAdapter(HTTPAdapter):
    """`HTTPAdapter` with interruptible connections, to the server and to a proxy."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Create the manager of connection pools to servers."""
        self._found: dict[Any, Any] = {}
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        """Return the connection pool for a request, cached for the requests of further slices."""
        scheme, _, rest = request.url.partition("://")
        key = (scheme, rest.partition("/")[0], verify, cert, tuple(sorted((proxies or {}).items())))
        pool = self._found.get(key)
        if pool is None:
            pool = self._found[key] = super().get_connection_with_tls_context(
                request, verify, proxies=proxies, cert=cert
            )
        return pool

    def close(self) -> None:
        """Close the connections, even those of a pool that an exception still refers to."""
        pools, self._found = self._found, {}
        for pool in pools.values():
            pool.close()
        super().close()

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Return the manager of connection pools to a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
