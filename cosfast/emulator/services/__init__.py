"""What a service of the emulator is, and the parts of the server that services share.

To add a service:

1. A package here, with a subclass of `Service` in its `service` module. Set `name`, `title` and
   `operations`, the names by which faults are queued. Operations of COS v4 have bare names; every
   other service's begin with its own name and a dot, such as `wedrive.file_upload_part`.
2. `owns_path` says which requests are its own, by path prefix. If a whole host is the service's,
   as a bucket's is, `owns_host` says so; then every path of it is, even below `/_emulator/`.
3. `handle` answers one of these requests. It runs on the event loop: await `context.run(work, ...)`
   for everything that blocks, which is every call of `store`. Set `exchange.operation` and
   `exchange.code` for the log. The steps of an operation:

       injector = Injector(context.faults, request, self._refused_by_fault)
       injector.operation_is("wedrive.file_upload_part")     # takes the fault that waits for it
       body = await read_whole(request, limits, largest, on_received=injector.body_came)
       if await injector.before_work():                      # may raise: a fault's own answer
           ...                                               # SessionExpired: end the session first
       response = ...                                        # the work; a refusal is one as well
       return await injector.after_work(response)

4. Raise a subclass of `RefusalError` with the service's own code. `refuse` makes the envelope of
   it, and of a `BadRequestError`, which is what `wire` raises and what a full disk, or a failure
   of the server itself, is reported as.
5. Storage: `store.tree` has files and folders (an entry's id is what the service calls it by),
   `store.sessions` has open and finished uploads, `store.parts` checks parts against their
   expected chaining states and keeps them. `store.tree.find_content` finds content by its digest,
   whichever service it came by. What only one service reads of an entry or a session is in its
   `attributes`. Keep state in memory only for what may end with the process, and forget it in
   `reset`.
6. Settings of the service go into `Settings` and `Emulator`, its sizes and times into `Limits`.
7. Add the class to `SERVICES` in `cosfast.emulator.server`, and a folder to `tests/emulator`.
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
        settings: What the server was started with.
        faults: The faults that wait for operations.
        workers: Threads for everything that blocks.
        clock: Seconds since 1970.
        endpoint: `http://HOST:PORT` of the server, empty until it listens.
    """

    store: Store
    settings: Settings
    faults: FaultQueue
    workers: Executor
    clock: Callable[[], float] = time.time
    endpoint: str = ""
    _listens_everywhere: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        """Create the budget of memory that all requests share."""
        self._budget = MemoryBudget(self.settings.limits.content_memory)

    def now(self) -> int:
        """Return the whole seconds since 1970."""
        return int(self.clock())

    def listens_at(self, address: tuple[object, ...]) -> None:
        """Set `endpoint` to the address of the listening socket."""
        host, port = str(address[0]), address[1]
        self._listens_everywhere = host in _LOOPBACK_OF
        host = _LOOPBACK_OF.get(host, host)
        self.endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def origin_for(self, target: RequestTarget) -> str:
        """Return what the URLs of an answer begin with, so that the client can reach them.

        A server that listens at all addresses does not know by which one it was reached: there
        the Host header counts.
        """
        if is_origin(target.origin):
            return target.origin
        by_host = f"http://{target.host}"
        return by_host if self._listens_everywhere and is_origin(by_host) else self.endpoint

    def new_content(self) -> Content:
        """Return an empty `Content` for one request; close it."""
        return Content(self._budget, self.store.spool_folder)

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run what blocks in a worker thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.workers, partial(work, *arguments))


class Service(ABC):
    """One cloud's API on the shared server.

    Args:
        context: Of the running server.

    Attributes:
        name: In the database and in the names of operations; it never changes.
        title: For people.
        operations: The names by which faults are queued.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    operations: ClassVar[frozenset[str]]

    def __init__(self, context: Context) -> None:
        self.context: Context = context

    @property
    @abstractmethod
    def session_lifetime(self) -> float:
        """Seconds after which an unfinished upload is removed, and a finished one forgotten."""

    @abstractmethod
    def owns_path(self, path: str) -> bool:
        """Return whether requests for this path, which is not decoded, are the service's."""

    def owns_host(self, host: str) -> bool:  # noqa: ARG002 - for subclasses
        """Return whether every request to this host, as `Host` has it, is the service's."""
        return False

    @abstractmethod
    async def handle(
        self, request: web.BaseRequest, target: RequestTarget, exchange: Exchange
    ) -> web.StreamResponse:
        """Answer a request.

        Raises:
            RefusalError: If it is refused; `refuse` then makes the answer.
            Exception: Any other becomes an answer by `refuse` too, and goes to the log.
        """

    @abstractmethod
    def refuse(self, error: RefusalError, exchange: Exchange) -> web.Response:
        """Return the answer of failure; set `exchange.code`.

        Args:
            error: The service's own refusal, or a `BadRequestError`.
            exchange: Of the request.
        """

    def headers(self, exchange: Exchange) -> dict[str, str]:  # noqa: ARG002 - for subclasses
        """Return the headers of every answer; a service that sends request ids adds them."""
        return {"Server": SERVER}

    def reset(self) -> None:  # noqa: B027 - most services keep nothing in memory
        """Forget what is kept in memory, such as tokens. The store is emptied already."""

    def name_of(self, item: File | Upload) -> str:
        """Return what the page of the emulator calls a file or an upload."""
        return f"{item.space}: {item.name}"

    def link_to(self, file: File) -> str | None:  # noqa: ARG002 - for subclasses
        """Return a URL by which a browser on this machine can read a file; None if there is none.

        The page of the emulator shows it.
        """
        return None
