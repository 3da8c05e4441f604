"""The interface of the emulator's services, and the parts of the server that they share.

To add a service:

1. Create a package here, with a subclass of `Service` in its `service` module. Set `name`, `title`
   and `operations`, the names by which faults are queued. Those of COS v4 have no prefix; those of
   other services begin with the service's name and a dot, such as `wedrive.file_upload_part`.
2. Implement `owns_path`, which selects the service's requests by path prefix. If a whole host
   belongs to the service, such as the host of a bucket, implement `owns_host`; the service then
   gets all paths of that host, even below `/_emulator/`.
3. Implement `handle`, which answers a request. It runs on the event loop: await
   `context.run(work, ...)` for blocking work, such as every call of `store`. Set
   `exchange.operation` and `exchange.code` for the log. The steps of an operation:

       injector = Injector(context.faults, request, self._refused_by_fault)
       injector.operation_is("wedrive.file_upload_part")     # takes the queued fault
       body = await read_whole(request, limits, largest, on_received=injector.body_came)
       if await injector.before_work():                      # may raise the fault's response
           ...                                               # SessionExpired: end the session first
       response = ...                                        # the work; also for a refusal
       return await injector.after_work(response)

4. Raise a subclass of `RefusalError` with the service's own code. `refuse` converts it to a
   response, and also a `BadRequestError`, which `wire` raises, and which reports a full disk or an
   internal failure of the server.
5. Storage: `store.tree` has files and folders by ids of the service, `store.sessions` has open and
   finished uploads, `store.parts` verifies parts against their expected chaining states and stores
   them. `store.tree.find_content` finds content by its digest across all services. Store values of
   an entry or a session that only the service uses in its `attributes`. Keep state in memory only
   if it may end with the process, and remove it in `reset`.
6. Add settings of the service to `Settings` and `Emulator`, its sizes and times to `Limits`.
7. Add the class to `SERVICES` in `cosfast.emulator.server`, and tests to `tests/emulator`.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from cosfast.emulator.wire.addressing import is_origin
from cosfast.emulator.wire.body import Content, MemoryBudget
from cosfast.emulator.wire.http import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from aiohttp import web

    from cosfast.emulator.errors import RefusalError
    from cosfast.emulator.faults.queue import FaultQueue
    from cosfast.emulator.settings import Settings
    from cosfast.emulator.store import Store
    from cosfast.emulator.store.overview import File, Upload
    from cosfast.emulator.wire.addressing import RequestTarget
    from cosfast.emulator.wire.http import Exchange

T = TypeVar("T")

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


@dataclass
class Context:
    """The parts of a running server that services share.

    Attributes:
        store: The data folder.
        settings: Settings of the server.
        faults: Queue of faults.
        workers: Executor for blocking work.
        clock: Returns the time in seconds since 1970.
        endpoint: URL of the server, `http://HOST:PORT`; empty until it listens.
    """

    store: Store
    settings: Settings
    faults: FaultQueue
    workers: Executor
    clock: Callable[[], float] = time.time
    endpoint: str = ""
    _listens_everywhere: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Create the memory budget that all requests share."""
        self._budget = MemoryBudget(self.settings.limits.content_memory)

    def now(self) -> int:
        """Return the time in whole seconds since 1970."""
        return int(self.clock())

    def listens_at(self, address: tuple[object, ...]) -> None:
        """Set `endpoint` to the address of the listening socket."""
        host, port = str(address[0]), address[1]
        self._listens_everywhere = host in _LOOPBACK_OF
        host = _LOOPBACK_OF.get(host, host)
        self.endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def origin_for(self, target: RequestTarget) -> str:
        """Return the scheme and host for URLs in a response, which the client can reach.

        A server that listens on all addresses takes the host from the Host header, since it does
        not know at which address the client reached it.
        """
        if is_origin(target.origin):
            return target.origin
        by_host = f"http://{target.host}"
        return by_host if self._listens_everywhere and is_origin(by_host) else self.endpoint

    def new_content(self) -> Content:
        """Return an empty `Content` for one request. The caller closes it."""
        return Content(self._budget, self.store.spool_folder)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking work in a worker thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.workers, partial(work, *arguments))


class Service(ABC):
    """The API of one cloud service on the shared server.

    Args:
        context: The shared parts of the running server.

    Attributes:
        name: Name in the database and in the names of operations; it never changes.
        title: Display name.
        operations: Names of the operations, by which faults are queued.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    operations: ClassVar[frozenset[str]]

    def __init__(self, context: Context) -> None:
        self.context: Context = context

    @property
    @abstractmethod
    def session_lifetime(self) -> float:
        """Seconds after which unfinished uploads, and records of finished ones, are removed."""

    @abstractmethod
    def owns_path(self, path: str) -> bool:
        """Return whether requests for a percent-encoded path belong to the service."""

    def owns_host(self, host: str) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether all requests to the host of a `Host` header belong to the service."""
        return False

    @abstractmethod
    async def handle(
        self, request: web.BaseRequest, target: RequestTarget, exchange: Exchange
    ) -> web.StreamResponse:
        """Answer a request.

        Raises:
            RefusalError: If the request is refused; `refuse` converts it to a response.
            Exception: If the server fails; it is logged and becomes a response by `refuse` too.
        """

    @abstractmethod
    def refuse(self, error: RefusalError, exchange: Exchange) -> web.Response:
        """Return the response to a refused request; set `exchange.code`.

        Args:
            error: Refusal of the service, or a `BadRequestError`.
            exchange: Exchange of the request.
        """

    def headers(self, exchange: Exchange) -> dict[str, str]:  # noqa: ARG002 - for subclasses
        """Return the headers of every response, with the request id if the service sends one."""
        return {"Server": SERVER}

    def reset(self) -> None:  # noqa: B027 - most services have no state in memory
        """Remove state in memory, such as tokens. The store is empty already."""

    def name_of(self, item: File | Upload) -> str:
        """Return the display name of a file or an upload on the page of the emulator."""
        return f"{item.space}: {item.name}"

    def link_to(self, file: File) -> str | None:  # noqa: ARG002 - for subclasses
        """Return a URL at which a browser on this machine can read a file, or None.

        The page of the emulator shows it.
        """
        return None
