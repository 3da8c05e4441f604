"""`Emulator`: a folder, a port, and a thread with an event loop, from start to stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import tempfile
import threading
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.emulator.app import App
from cosfast.emulator.control import Control, Hosts
from cosfast.emulator.errors import EmulatorError
from cosfast.emulator.faults.queue import FaultQueue
from cosfast.emulator.services import Context
from cosfast.emulator.services.cosv4.service import CosV4
from cosfast.emulator.services.pds.service import Pds
from cosfast.emulator.services.wedrive.service import WeDrive
from cosfast.emulator.settings import Limits, Settings
from cosfast.emulator.store import Store
from cosfast.emulator.wire.http import HttpServer
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from os import PathLike
    from types import TracebackType

SERVICES = (CosV4, WeDrive, Pds)
"""Every service; the first one answers what none of them owns."""

DEFAULT_APPID: str = Settings.appid
DEFAULT_SECRET_ID: str = Settings.secret_id
DEFAULT_SECRET_KEY: str = Settings.secret_key
DEFAULT_CORPID: str = Settings.corpid
DEFAULT_CORPSECRET: str = Settings.corpsecret
DEFAULT_TOKEN: str = Settings.token

_MAX_PORT = 65535
_BACKLOG = 512
_START_TIMEOUT = 30.0
_DRAIN_TIMEOUT = 3.0
_JOIN_TIMEOUT = 30.0
_SETTLING_TURNS = 10
_SIGNAL_POLL = 0.5  # Windows delivers signals between two waits only


class Emulator:
    """A local server in a thread of this process: COS v4, and the services beside it.

    Args:
        root: The data folder; it is created if it does not exist. None is a temporary folder that
            is removed with the server.
        appid: COS v4: whose requests are answered; the number that is part of every path.
        secret_id: COS v4: the public half of the key pair that signs.
        secret_key: COS v4: the secret half.
        corpid: WeDrive: the corporation whose requests are answered.
        corpsecret: WeDrive: the secret that access tokens are fetched with.
        token: PDS: the access token of every request.
        host: The address to listen on.
        port: 0 is any free one.
        slice_size: COS v4: the slice size of every session in bytes, whatever a client asks for.
        serial_upload: COS v4: ask clients to send one slice at a time.
        pds_parallel_upload: PDS: take parts in any order; False is a domain that refuses it.
        limits: Sizes and times that requests are held to.
        faults_over_http: Serve `/_emulator/faults`, where anybody can queue faults.
        allowed_hosts: Names and addresses by which `/_emulator/` may be asked for, beside those of
            loopback and `host`.

    Raises:
        InputError: If a setting makes no sense; it is a ValueError.

    Use it as a context manager, or call `start` and `stop`. Several can run at once. Queue the
    faults that requests are to meet in `faults`.
    """

    def __init__(
        self,
        root: str | PathLike[str] | None = None,
        *,
        appid: str = DEFAULT_APPID,
        secret_id: str = DEFAULT_SECRET_ID,
        secret_key: str = DEFAULT_SECRET_KEY,
        corpid: str = DEFAULT_CORPID,
        corpsecret: str = DEFAULT_CORPSECRET,
        token: str = DEFAULT_TOKEN,
        host: str = "127.0.0.1",
        port: int = 0,
        slice_size: int | None = None,
        serial_upload: bool = False,
        pds_parallel_upload: bool = True,
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
            appid=appid,
            secret_id=secret_id,
            secret_key=secret_key,
            corpid=corpid,
            corpsecret=corpsecret,
            token=token,
            slice_size=slice_size,
            serial_upload=serial_upload,
            pds_parallel_upload=pds_parallel_upload,
            limits=limits or Limits(),
            faults_over_http=faults_over_http,
        )
        self._root = None if root is None else Path(root)
        self._host = host
        self._port = port
        self._endpoint: str | None = None
        self._thread: threading.Thread | None = None
        self.faults: FaultQueue = FaultQueue(
            operation for service in SERVICES for operation in service.operations
        )
        self._ask_to_stop: Callable[[], object] = _nothing
        self._ask_to_reset: Callable[[], Future[None]] | None = None

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
        """Return when the server takes requests.

        Raises:
            EmulatorError: If it runs already, or the folder cannot be used: RootInUseError if
                another server has it, SchemaError if its database cannot be read.
            InputError: If the address is not one.
            OSError: If the address cannot be bound, or the folder cannot be written.
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

    def reset(self) -> None:
        """Make the running server as good as new: for tests that share one.

        What is stored, open and finished uploads, used signatures, tokens and faults are gone. A
        request that is under way meanwhile may be answered from before or after.

        Raises:
            EmulatorError: If it is not running, or stops meanwhile.
        """
        if self._endpoint is None or self._ask_to_reset is None:
            raise EmulatorError("the emulator is not running")
        try:
            self._ask_to_reset().result()
        except (CancelledError, RuntimeError) as exc:
            if isinstance(exc, RuntimeError) and self._thread is not None:
                raise
            raise EmulatorError("the emulator has stopped") from exc

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
            context = Context(store, self.settings, self.faults, workers)
            services = [service(context) for service in SERVICES]
            app = App(context, services, Control(context, services, self._hosts))
            http = HttpServer(app.handle, app.refuse_garbage, self.settings.limits)
            listener = await self._listen(http)
            self._ask_to_stop = partial(_call_in, loop, stopping.set)
            self._ask_to_reset = lambda: asyncio.run_coroutine_threadsafe(app.reset(), loop)
            context.listens_at(listener.sockets[0].getsockname())
            started.set_result(context.endpoint)
            housekeeping = loop.create_task(app.keep_house())
            await stopping.wait()
            housekeeping.cancel()
            await _close_listener(loop, listener)
            http.pre_shutdown()
            await http.shutdown(_DRAIN_TIMEOUT)
            await _settle()  # closed connections are told so, and release their sockets

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
    """Stop accepting connections, so that those accepted last can still be closed.

    asyncio loses a socket that it has accepted but not yet set up when its server closes, and the
    client would wait for ever. So accepting stops first, and closing comes later.
    """
    for sock in getattr(listener, "sockets", ()):
        with contextlib.suppress(NotImplementedError):  # Windows accepts in another way
            loop.remove_reader(sock)
    await _settle()
    listener.close()


async def _settle() -> None:
    """Let the event loop run everything that is due, and what follows from it."""
    for _ in range(_SETTLING_TURNS):
        await asyncio.sleep(0)


def _nothing() -> None:
    """Do nothing: the server has not started."""


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
    corpid: str = DEFAULT_CORPID,
    corpsecret: str = DEFAULT_CORPSECRET,
    token: str = DEFAULT_TOKEN,
    faults_over_http: bool = False,
    allowed_hosts: Iterable[str] = (),
) -> None:
    """Run a server until SIGINT or SIGTERM, then stop it cleanly. For the main thread.

    Args:
        host: The address to listen on.
        port: 0 is any free one.
        root: The data folder; None is a temporary one.
        appid: As in `Emulator`.
        secret_id: As in `Emulator`.
        secret_key: As in `Emulator`.
        on_ready: Called once, with the endpoint, when requests are taken.
        corpid: As in `Emulator`.
        corpsecret: As in `Emulator`.
        token: As in `Emulator`.
        faults_over_http: As in `Emulator`.
        allowed_hosts: As in `Emulator`.

    Raises:
        CosError: If a setting makes no sense or the server cannot start, as `Emulator` raises it.
        OSError: If the address or the folder cannot be used.
    """
    emulator = Emulator(
        root,
        appid=appid,
        secret_id=secret_id,
        secret_key=secret_key,
        corpid=corpid,
        corpsecret=corpsecret,
        token=token,
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
    """Have SIGINT and SIGTERM set the event; restore their handlers afterwards."""
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
