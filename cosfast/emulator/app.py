"""From a request to its answer: address, signature, body, operation, envelope, in that order."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from functools import partial
from typing import TYPE_CHECKING, Any, Callable, TypeVar

from aiohttp import web

from cosfast.emulator import page
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
from cosfast.emulator.wire.addressing import Target, parse_target
from cosfast.emulator.wire.body import read_form, refuse_if_too_large
from cosfast.emulator.wire.content import Content, MemoryBudget
from cosfast.emulator.wire.forms import Form, parse_query
from cosfast.emulator.wire.http import invite_body
from cosfast.emulator.wire.signatures import Signature, Verifier
from cosfast.emulator.wire.streaming import send_download
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from cosfast.emulator.faults.queue import FaultQueue

T = TypeVar("T")

_HOUSEKEEPING_INTERVAL = 3600.0  # seconds
_DISK_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class App:
    """Answers every request on the event loop; all that blocks goes to the workers."""

    def __init__(self, context: Context, workers: Executor, faults: FaultQueue) -> None:
        settings = context.settings
        self._context = context
        self._workers = workers
        self._faults = faults
        self._limits = settings.limits
        self._verifier = Verifier(settings.appid, settings.secret_id, settings.secret_key)
        self._budget = MemoryBudget(settings.limits.content_memory)

    async def keep_house(self) -> None:
        """Throw away expired uploads, now and every hour, until cancelled."""
        while True:
            await self._in_worker(remove_expired, self._context)
            await asyncio.sleep(_HOUSEKEEPING_INTERVAL)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, whatever becomes of it."""
        if self._context.settings.faults_over_http and request.path == fault_endpoint.PATH:
            return await fault_endpoint.answer(request, self._faults)
        if request.method == "GET" and request.path == page.PATH and page.may_see(request.remote):
            return await self._show_page()
        exchange = Exchange(answers.new_request_id(), request.method, request.raw_path)
        try:
            response = await self._answer(request, exchange)
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

    async def _show_page(self) -> web.Response:
        found = await self._in_worker(self._context.store.database.read, overview.look)
        text = page.render(
            found,
            self._faults.describe(),
            self._context.links.endpoint,
            self._context.settings.appid,
        )
        return web.Response(text=text, content_type="text/html")

    async def _answer(self, request: web.BaseRequest, exchange: Exchange) -> web.StreamResponse:
        target = parse_target(request.raw_path, request.headers.get("Host", ""))
        if target.place.appid != self._context.settings.appid:
            raise RefusedError(Code.BAD_APPID, "this server does not serve that appid")
        if target.is_download:
            return await self._download(request, target, exchange)
        interference = Interference(self._faults, request)
        data = await self._operate(request, target, exchange, interference)
        response = answers.success(interference.alter(data), exchange.request_id)
        return await interference.after_work(response)

    async def _operate(
        self,
        request: web.BaseRequest,
        target: Target,
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
            call = Call(target.place, body.over(query), content)
            operation = find_operation(call.form, request.method)
            exchange.op = operation.name
            interference.operation_is(operation.name)
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
        await interference.before_work()
        if request.method not in {"GET", "HEAD"}:
            raise RefusedError(Code.BAD_FORM, "files are read by GET and HEAD alone", close=True)
        sign = _signature_of(request, parse_query(target.query))
        if sign:
            signature = self._verifier.verify(sign, target.place, for_download=True)
            signature.require_reusable()
        wanted = Wanted(
            target.place,
            request.headers.get("Range", ""),
            request.headers.get("If-Range", ""),
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

    async def _in_worker(self, work: Callable[..., T], *arguments: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, partial(work, *arguments))


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
