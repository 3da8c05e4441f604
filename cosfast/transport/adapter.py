"""An adapter of requests whose connections can be stopped from another thread.

requests has no way to end a request under way: closing a session leaves connections in use alone.
Here each connection tells the `Control` of the thread that uses it which socket that is.
"""

from __future__ import annotations

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

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        self._tell()

    def request(self, *args: Any, **options: Any) -> None:
        self._tell()
        super().request(*args, **options)  # type: ignore[misc]

    def _tell(self) -> None:
        control: Control | None = getattr(_thread, "control", None)
        if control is not None and self.sock is not None:
            control.uses(self.sock)


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
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        """Make the pools of connections to a proxy."""
        manager = super().proxy_manager_for(*args, **options)
        manager.pool_classes_by_scheme = _POOLS
        return manager
