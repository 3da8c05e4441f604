"""`Emulator`: the lifecycle of a server with a data folder, a port and an event loop thread."""

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
"""All services. The first one answers requests that no service owns."""

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
_SETTLING_ITERATIONS = 10
_SIGNAL_POLL = 0.5  # seconds; Windows delivers signals only between two waits


class Emulator:
    """A local server of COS v4, WeDrive and PDS in a thread of this process.

    Use it as a context manager, or call `start` and `stop`. Several can run at once. To inject
    faults into requests, queue them in `faults`.

    Args:
        root: Data folder; created if it does not exist. None uses a temporary folder that is
            removed when the server stops.
        appid: COS v4: the account that is served, the number in every path.
        secret_id: COS v4: public part of the key pair of the signatures.
        secret_key: COS v4: secret part of that key pair.
        corpid: WeDrive: the corporation that is served.
        corpsecret: WeDrive: the secret for which access tokens are issued.
        token: PDS: the access token that every request needs.
        host: Address to listen on.
        port: Port to listen on; 0 selects a free one.
        buckets: COS v4: names of the buckets that exist; by default every name is a bucket.
        slice_size: COS v4: slice size of every session in bytes, whatever the client requests.
        serial_upload: COS v4: ask clients to send one slice at a time.
        pds_parallel_upload: PDS: accept parts in any order; False emulates a domain that requires
            them in order.
        limits: Limits of sizes and times.
        faults_over_http: Serve `/_emulator/faults`, where any client can queue faults.
        allowed_hosts: Host names and addresses at which `/_emulator/` is served, in addition to
            loopback and `host`.

    Raises:
        InputError: If a setting is invalid. It is a ValueError.
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
        buckets: Iterable[str] | None = None,
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
            raise InputError(f"host is not a host name or an address: {host!r}")
        if "\0" in str(root or ""):
            raise InputError(f"root cannot contain a null character: {root!r}")
        if isinstance(buckets, str):
            raise InputError(f"buckets must be a list of names, not a str: {buckets!r}")
        self._hosts = Hosts(allowed_hosts, host)
        self.settings: Settings = Settings(
            appid=appid,
            secret_id=secret_id,
            secret_key=secret_key,
            corpid=corpid,
            corpsecret=corpsecret,
            token=token,
            buckets=None if buckets is None else frozenset(buckets),
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
        """URL of the running server, `http://HOST:PORT`.

        Raises:
            EmulatorError: If it is not running.
        """
        if self._endpoint is None:
            raise EmulatorError("the emulator is not running")
        return self._endpoint

    def start(self) -> None:
        """Start the server; return when it accepts requests.

        Raises:
            EmulatorError: If it is running already, or does not start in time.
            RootInUseError: If another server uses the data folder, or it has files of others.
            SchemaError: If the database in the data folder cannot be read.
            InputError: If `host` is not a name or an address.
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
        """Finish active requests, stop the server and remove a temporary folder. Idempotent.

        Raises:
            EmulatorError: If the server does not stop in time.
        """
        if self._thread is None:
            return
        self._ask_to_stop()
        self._thread.join(_JOIN_TIMEOUT)
        if self._thread.is_alive():
            raise EmulatorError(f"the emulator did not stop within {_JOIN_TIMEOUT:.0f} s")
        self._thread = self._endpoint = None

    def reset(self) -> None:
        """Restore the initial state of the running server, for tests that share one.

        This removes all stored data, open and finished uploads, used signatures, tokens and
        faults. A concurrent request may be answered from the state before or after the reset.

        Raises:
            EmulatorError: If the server is not running, or stops before the reset is complete.
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
            expiry = loop.create_task(app.remove_expired_hourly())
            await stopping.wait()
            expiry.cancel()
            await _close_listener(loop, listener)
            http.pre_shutdown()
            await http.shutdown(_DRAIN_TIMEOUT)
            await _settle()  # runs connection_lost, which releases the sockets

    async def _listen(self, http: HttpServer) -> asyncio.Server:
        loop = asyncio.get_running_loop()
        try:
            return await loop.create_server(http, self._host, self._port, backlog=_BACKLOG)
        except OSError as exc:
            place = f"{self._host}:{self._port}"
            raise OSError(exc.errno, f"cannot listen on {place}: {exc.strerror}") from exc
        except UnicodeError as exc:
            raise InputError(f"host is not a host name or an address: {self._host!r}") from exc


async def _close_listener(
    loop: asyncio.AbstractEventLoop, listener: asyncio.AbstractServer
) -> None:
    """Stop accepting connections, then close the listener.

    If an asyncio server closes, it loses sockets that are accepted but not yet set up, and their
    clients would wait forever. Between the two steps those connections are set up.
    """
    for sock in getattr(listener, "sockets", ()):
        with contextlib.suppress(NotImplementedError):  # the proactor event loop of Windows
            loop.remove_reader(sock)
    await _settle()
    listener.close()


async def _settle() -> None:
    """Let the event loop run all due callbacks, and the callbacks that those schedule."""
    for _ in range(_SETTLING_ITERATIONS):
        await asyncio.sleep(0)


def _nothing() -> None:
    """Do nothing, since the server has not started."""


def _call_in(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is closed already
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
    buckets: Iterable[str] | None = None,
    faults_over_http: bool = False,
    allowed_hosts: Iterable[str] = (),
) -> None:
    """Run a server until SIGINT or SIGTERM, then stop it cleanly. Call it in the main thread.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 selects a free one.
        root: Data folder; None uses a temporary one.
        appid: As in `Emulator`.
        secret_id: As in `Emulator`.
        secret_key: As in `Emulator`.
        on_ready: Called once with the endpoint, when the server accepts requests.
        corpid: As in `Emulator`.
        corpsecret: As in `Emulator`.
        token: As in `Emulator`.
        buckets: As in `Emulator`.
        faults_over_http: As in `Emulator`.
        allowed_hosts: As in `Emulator`.

    Raises:
        InputError: If a setting is invalid.
        EmulatorError: If the server cannot start or stop.
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
        buckets=buckets,
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
    """Set the event on SIGINT and SIGTERM; restore the previous handlers afterwards."""
    before = {
        number: signal.signal(number, lambda *_: event.set())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
