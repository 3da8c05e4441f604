"""The server as a whole: a folder, a port, a thread with an event loop, and their ends."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.emulator.app import App
from cosfast.emulator.control import Hosts
from cosfast.emulator.errors import EmulatorError
from cosfast.emulator.faults.queue import FaultQueue
from cosfast.emulator.operations.context import Context
from cosfast.emulator.settings import Limits, Settings
from cosfast.emulator.store import Store
from cosfast.emulator.wire.http import HttpServer
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from os import PathLike
    from types import TracebackType

DEFAULT_APPID = "1250000000"
DEFAULT_SECRET_ID = "local-secret-id"  # noqa: S105 - made up, and good for this server alone
DEFAULT_SECRET_KEY = "local-secret-key"  # noqa: S105 - made up, and good for this server alone

_MAX_PORT = 65535
_BACKLOG = 512
_START_TIMEOUT = 30.0
_DRAIN_TIMEOUT = 3.0
_JOIN_TIMEOUT = 30.0
_SETTLING_TURNS = 10
_SIGNAL_POLL = 0.5  # Windows delivers signals between two waits only


class Emulator:
    """A local COS v4 server in a thread of this process.

    Args:
        root: the data folder; it is made where it does not exist. None is a temporary
            folder that goes with the server.
        appid: whose requests are taken; the number that is part of every path.
        secret_id: the public half of the key pair that signs.
        secret_key: the secret half.
        host: the address to listen on.
        port: 0 takes any free one.
        slice_size: answer this slice size whatever a client asks for, in bytes.
        serial_upload: ask clients to send one slice at a time.
        limits: sizes and times that requests are held to.
        faults_over_http: serve `/_emulator/faults`, where anybody can queue faults.
        allowed_hosts: names and addresses by which `/_emulator/` may be asked for, beside
            those of loopback and `host`.

    Raises:
        InputError: If a setting makes no sense; it is a ValueError.

    Use it as a context manager, or call `start` and `stop`. Several can run at once.
    Faults that requests shall meet are queued in `faults`.
    """

    def __init__(
        self,
        root: str | PathLike[str] | None = None,
        *,
        appid: str = DEFAULT_APPID,
        secret_id: str = DEFAULT_SECRET_ID,
        secret_key: str = DEFAULT_SECRET_KEY,
        host: str = "127.0.0.1",
        port: int = 0,
        slice_size: int | None = None,
        serial_upload: bool = False,
        limits: Limits | None = None,
        faults_over_http: bool = False,
        allowed_hosts: Iterable[str] = (),
    ) -> None:
        if type(port) is not int or not 0 <= port <= _MAX_PORT:
            raise InputError(f"port is not a number from 0 to {_MAX_PORT}: {port!r}")
        if not isinstance(host, str) or "\0" in host:
            raise InputError(f"host is not the name or address of a host: {host!r}")
        if "\0" in str(root or ""):
            raise InputError(f"root cannot contain a null character: {root!r}")
        self._hosts = Hosts(allowed_hosts, host)
        self.settings: Settings = Settings(
            appid,
            secret_id,
            secret_key,
            slice_size,
            serial_upload,
            limits or Limits(),
            faults_over_http,
        )
        self._root = None if root is None else Path(root)
        self._host = host
        self._port = port
        self._endpoint: str | None = None
        self._thread: threading.Thread | None = None
        self.faults: FaultQueue = FaultQueue()
        self._ask_to_stop: Callable[[], object] = _nothing

    @property
    def endpoint(self) -> str:
        """`http://HOST:PORT` of the running server.

        Raises:
            EmulatorError: If it is not running.
        """
        if self._endpoint is None:
            raise EmulatorError("the emulator is not running")
        return self._endpoint

    def start(self) -> None:
        """Return once the server takes requests.

        Raises:
            EmulatorError: If it runs already, or the folder cannot be used: RootInUseError if
                another server has it, SchemaError if a newer version wrote it.
            InputError: If the address is none.
            OSError: If the address cannot be had, or the folder cannot be written.
        """
        if self._thread is not None:
            raise EmulatorError("the emulator is running already")
        started: Future[str] = Future()
        self._thread = threading.Thread(
            target=self._run, args=(started,), name="cosfast-emulator", daemon=True
        )
        self._thread.start()
        try:
            self._endpoint = started.result(_START_TIMEOUT)
        except FutureTimeout:
            self.stop()
            raise EmulatorError(
                f"the emulator did not start within {_START_TIMEOUT:.0f} s"
            ) from None
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Finish the requests under way, stop, and remove a temporary folder. Idempotent.

        Raises:
            EmulatorError: If the server did not end in time.
        """
        if self._thread is None:
            return
        self._ask_to_stop()
        self._thread.join(_JOIN_TIMEOUT)
        if self._thread.is_alive():
            raise EmulatorError(f"the emulator did not stop within {_JOIN_TIMEOUT:.0f} s")
        self._thread = self._endpoint = None

    def __enter__(self) -> Emulator:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Emulator {self._endpoint or 'not running'}>"

    def _run(self, started: Future[str]) -> None:
        try:
            with self._folder() as root:
                asyncio.run(self._serve(root, started))
        except BaseException as error:
            if started.done():
                raise
            started.set_exception(error)

    @contextlib.contextmanager
    def _folder(self) -> Iterator[Path]:
        if self._root is not None:
            yield self._root
            return
        with tempfile.TemporaryDirectory(prefix="cosfast-emulator-") as folder:
            yield Path(folder)

    async def _serve(self, root: Path, started: Future[str]) -> None:
        loop = asyncio.get_running_loop()
        stopping = asyncio.Event()
        with contextlib.ExitStack() as resources:
            store = resources.enter_context(contextlib.closing(Store(root)))
            workers = resources.enter_context(
                ThreadPoolExecutor(
                    self.settings.limits.workers, thread_name_prefix="cosfast-emulator-worker"
                )
            )
            app = App(Context(store, self.settings), workers, self.faults, self._hosts)
            http = HttpServer(app.handle, self.settings.limits)
            listener = await self._listen(http)
            self._ask_to_stop = partial(_call_in, loop, stopping.set)
            app.listens_at(listener.sockets[0].getsockname())
            started.set_result(app.endpoint)
            housekeeping = loop.create_task(app.keep_house())
            await stopping.wait()
            housekeeping.cancel()
            await _close_listener(loop, listener)
            http.pre_shutdown()
            await http.shutdown(_DRAIN_TIMEOUT)
            await _settle()  # what was closed is told so, and lets go of its socket

    async def _listen(self, http: HttpServer) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(http, self._host, self._port, backlog=_BACKLOG)
        except OSError as exc:
            place = f"{self._host}:{self._port}"
            raise OSError(exc.errno, f"cannot listen on {place}: {exc.strerror}") from exc
        except UnicodeError as exc:
            raise InputError(f"host is not a name or an address: {self._host!r}") from exc


async def _close_listener(
    loop: asyncio.AbstractEventLoop, listener: asyncio.AbstractServer
) -> None:
    """Take no more connections; those of the last instant still become ones that can be closed.

    asyncio loses a socket that it has accepted but not yet set up when its server closes:
    the client would wait for ever. So accepting stops first, and closing comes later.
    """
    for sock in getattr(listener, "sockets", ()):
        with contextlib.suppress(NotImplementedError):  # Windows accepts in another way
            loop.remove_reader(sock)
    await _settle()
    listener.close()


async def _settle() -> None:
    """Let the loop run all that is due, and what follows from it."""
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)


def _nothing() -> None:
    """Stop what has not started."""


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended by itself
        loop.call_soon_threadsafe(callback)


def serve(
    *,
    host: str,
    port: int,
    root: str | PathLike[str] | None,
    appid: str,
    secret_id: str,
    secret_key: str,
    on_ready: Callable[[str], None],
    faults_over_http: bool = False,
    allowed_hosts: Iterable[str] = (),
) -> None:
    """Run a server until SIGINT or SIGTERM, then stop it cleanly. For the main thread.

    Args:
        host: the address to listen on.
        port: 0 takes any free one.
        root: the data folder; None is a temporary one.
        appid: as in `Emulator`.
        secret_id: as in `Emulator`.
        secret_key: as in `Emulator`.
        on_ready: called once, with the endpoint, when requests are taken.
        faults_over_http: as in `Emulator`.
        allowed_hosts: as in `Emulator`.

    Raises:
        CosError: as `Emulator` and its `start` raise them.
        OSError: as `Emulator.start` does.
    """
    emulator = Emulator(
        root,
        appid=appid,
        secret_id=secret_id,
        secret_key=secret_key,
        host=host,
        port=port,
        faults_over_http=faults_over_http,
        allowed_hosts=allowed_hosts,
    )
    asked_to_stop = threading.Event()
    with _signals_set(asked_to_stop), emulator:
        on_ready(emulator.endpoint)
        while not asked_to_stop.wait(_SIGNAL_POLL):
            pass


@contextlib.contextmanager
def _signals_set(event: threading.Event) -> Iterator[None]:
    """SIGINT and SIGTERM set the event; afterwards they mean what they meant before."""
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
