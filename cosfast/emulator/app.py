"""From a request to its answer: address, signature, body, operation, envelope, in that order."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from aiohttp import web

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator import control, page
from cosfast.emulator.access_log import Exchange, logger
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.faults import endpoint as fault_endpoint
from cosfast.emulator.faults.interference import FaultAnswer, Interference
from cosfast.emulator.faults.queue import DOWNLOAD
from cosfast.emulator.operations.context import Answer, Call, Context
from cosfast.emulator.operations.downloads import Wanted, open_download
from cosfast.emulator.operations.table import Operation, find_operation
from cosfast.emulator.operations.upload_sessions import lose_open, remove_expired
from cosfast.emulator.store import overview
from cosfast.emulator.store import signatures as spent_signatures
from cosfast.emulator.wire import answers
from cosfast.emulator.wire.addressing import Split, Target, parse_target, split_target
from cosfast.emulator.wire.body import read_form, refuse_if_too_large
from cosfast.emulator.wire.conditions import Conditions
from cosfast.emulator.wire.content import Content, MemoryBudget
from cosfast.emulator.wire.forms import Form, parse_query
from cosfast.emulator.wire.http import invite_body
from cosfast.emulator.wire.links import Links, is_origin
from cosfast.emulator.wire.signatures import Signature, Verifier
from cosfast.emulator.wire.streaming import send_download

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from cosfast.emulator.faults.queue import FaultQueue

T = TypeVar("T")

_LOOPBACK_OF = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound
_HOUSEKEEPING_INTERVAL = 3600.0  # seconds
_DISK_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class App:
    """Answers every request on the event loop; all that blocks goes to the workers."""

    def __init__(
        self, context: Context, workers: Executor, faults: FaultQueue, hosts: control.Hosts
    ) -> None:
        settings = context.settings
        self._context = context
        self._workers = workers
        self._faults = faults
        self._hosts = hosts
        self._listens_everywhere = False
        self.endpoint: str = ""
        self._limits = settings.limits
        self._verifier = Verifier(settings.appid, settings.secret_id, settings.secret_key)
        self._budget = MemoryBudget(settings.limits.content_memory)

    def listens_at(self, address: tuple[object, ...]) -> None:
        """Take the address of the listening socket into `endpoint`."""
        host, port = str(address[0]), address[1]
        self._listens_everywhere = host in _LOOPBACK_OF
        host = _LOOPBACK_OF.get(host, host)
        self.endpoint = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    async def keep_house(self) -> None:
        """Throw away expired uploads, now and every hour, until cancelled."""
        while True:
            await self._in_worker(remove_expired, self._context)
            await asyncio.sleep(_HOUSEKEEPING_INTERVAL)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever becomes of it."""
        split = split_target(request.raw_path, request.headers.get("Host", ""))
        exchange = Exchange(answers.new_request_id(), request.method, request.raw_path)
        try:
            if control.is_control_path(split):
                return await self._control(request, split, exchange)
            response = await self._answer(request, split, exchange)
        except ConnectionError:
            exchange.log(request, status=0)
            raise
        except FaultAnswer as answer:
            response = answer.response
        except Exception as error:  # noqa: BLE001 - a client always gets an envelope
            refusal = _as_refusal(error, exchange)
            exchange.code = refusal.code
            response = answers.failure(refusal, exchange.request_id)
        exchange.log(request, status=response.status, sent=response.content_length)
        return response

    async def _control(
        self, request: web.BaseRequest, split: Split, exchange: Exchange
    ) -> web.Response:
        """Answer what is below `/_emulator/`, to those who may see it."""
        reason = control.refusal(request, split, self._hosts)
        if reason:
            response = web.json_response({"error": reason}, status=403)
        elif split.path == fault_endpoint.PATH and self._context.settings.faults_over_http:
            response = await fault_endpoint.answer(request, self._faults, self._limits)
        elif (
            split.path == control.PREFIX
            and request.method == "GET"
            and control.is_this_machine(request.remote)
        ):
            response = await self._show_page()
        else:
            raise RefusedError(Code.NOT_FOUND, "nothing is served at this address", close=True)
        response.headers.update({**control.HEADERS, **answers.common_headers(exchange.request_id)})
        return response

    async def _show_page(self) -> web.Response:
        found = await self._in_worker(self._context.store.database.read, overview.look)
        text = page.render(
            found,
            self._faults.describe(),
            self.endpoint,
            self._context.settings.appid,
        )
        return web.Response(text=text, content_type="text/html")

    async def _answer(
        self, request: web.BaseRequest, split: Split, exchange: Exchange
    ) -> web.StreamResponse:
        target = parse_target(split)
        if target.place.appid != self._context.settings.appid:
            raise RefusedError(Code.BAD_APPID, "this server does not serve that appid")
        if target.is_download:
            return await self._download(request, target, exchange)
        interference = Interference(self._faults, request)
        links = Links(self._origin_for(split))
        try:
            data = await self._operate(request, target, links, exchange, interference)
        except RefusedError as refusal:
            exchange.code = refusal.code
            response = answers.failure(refusal, exchange.request_id)
        else:
            response = answers.success(interference.alter(data), exchange.request_id)
        return await interference.after_work(response)

    async def _operate(
        self,
        request: web.BaseRequest,
        target: Target,
        links: Links,
        exchange: Exchange,
        interference: Interference,
    ) -> Answer:
        if request.method not in {"GET", "POST"}:
            raise RefusedError(Code.BAD_FORM, "the API takes GET and POST alone", close=True)
        query = parse_query(target.query)
        signature = self._verifier.verify(_signature_of(request, query), target.place)
        refuse_if_too_large(request, self._limits)
        await invite_body(request)
        with Content(self._budget, self._context.store.spool_folder) as content:
            spill = partial(self._in_worker, content.add)
            body = await read_form(request, content, self._limits, spill, interference)
            form = body.over(query)
            operation = find_operation(form, request.method)
            exchange.op = operation.name
            interference.operation_is(operation.name)
            call = Call(target.place, form, content, links, interference.slice_size)
            if await interference.before_work():
                await self._in_worker(lose_open, self._context, target.place)
            return await self._in_worker(self._run, operation, signature, call)

    def _run(self, operation: Operation, signature: Signature, call: Call) -> Answer:
        operation.signed_for.require(signature)
        if signature.is_once:
            self._spend(signature)
        return operation.run(self._context, call)

    def _spend(self, signature: Signature) -> None:
        fresh = self._context.store.database.write(
            lambda tx: spent_signatures.spend(tx, signature.digest)
        )
        if not fresh:
            raise RefusedError(Code.ONCE_USED_AGAIN, "the once-signature has been used before")

    async def _download(
        self, request: web.BaseRequest, target: Target, exchange: Exchange
    ) -> web.StreamResponse:
        exchange.op = DOWNLOAD
        interference = Interference(self._faults, request)
        interference.operation_is(DOWNLOAD)
        await interference.before_work(is_reading=True)
        if request.method not in {"GET", "HEAD"}:
            raise RefusedError(Code.BAD_FORM, "files are read by GET and HEAD alone", close=True)
        sign = _signature_of(request, parse_query(target.query))
        if sign:
            signature = self._verifier.verify(sign, target.place, for_download=True)
            signature.require_reusable()
        wanted = Wanted(
            target.place,
            _range_of(request),
            Conditions.of(request.headers),
            is_signed=bool(sign),
        )
        download = await self._in_worker(open_download, self._context, wanted)
        with download.file:
            return await send_download(
                request,
                download,
                answers.common_headers(exchange.request_id),
                read=partial(self._in_worker, download.file.read),
                idle_timeout=self._limits.idle_timeout,
            )

    def _origin_for(self, split: Split) -> str:
        """Choose what the URLs of an answer begin with, so that they fit the way the client came.

        A server that listens at all addresses does not know by which one it was reached: then
        the Host header tells.
        """
        if is_origin(split.origin):
            return split.origin
        by_host = f"http://{split.host}"
        return by_host if self._listens_everywhere and is_origin(by_host) else self.endpoint

    async def _in_worker(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, partial(work, *arguments))


def _range_of(request: web.BaseRequest) -> str:
    """Return the `Range` of a GET, for which alone HTTP defines it (RFC 9110 section 14.2)."""
    return ", ".join(request.headers.getall("Range", ())) if request.method == "GET" else ""


def _signature_of(request: web.BaseRequest, query: Form) -> str:
    return request.headers.get("Authorization", "").strip() or query.text("sign")


def _as_refusal(error: Exception, exchange: Exchange) -> RefusedError:
    """Put any failure into the words of the protocol; what is the server's own goes to the log."""
    if isinstance(error, RefusedError):
        return error
    if _is_disk_full(error):
        logger.error("request %s: the disk is full", exchange.request_id)
        return RefusedError(Code.DISK_FULL, "the server's disk is full")
    logger.error("request %s failed", exchange.request_id, exc_info=error)
    return RefusedError(
        Code.BACKEND_NETWORK, "the local server failed; its log has the details", close=True
    )


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return "full" in str(error)
    return isinstance(error, OSError) and error.errno in _DISK_FULL_ERRORS
