"""Routing of requests to the pages below `/_emulator/` and to the services."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
from typing import TYPE_CHECKING

from cosfast.emulator.control import is_control_path
from cosfast.emulator.errors import BadRequestError, Problem, RefusalError
from cosfast.emulator.faults.injector import FaultAnswer
from cosfast.emulator.store import sessions
from cosfast.emulator.wire.addressing import split_target
from cosfast.emulator.wire.http import Exchange, logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

    from cosfast.emulator.control import Control
    from cosfast.emulator.services import Context, Service
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.addressing import RequestTarget

_EXPIRY_INTERVAL = 3600.0  # seconds
_DISK_FULL_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class App:
    """The handler of all requests. It runs on the event loop.

    Args:
        context: The shared parts of the running server.
        services: All services. The first one is the default: it answers requests that no service
            owns and input that is not HTTP.
        control: The handler of the pages below `/_emulator/`.
    """

    def __init__(self, context: Context, services: Sequence[Service], control: Control) -> None:
        self._context = context
        self._services = services
        self._control = control

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request. Any failure becomes a response, except a lost connection."""
        target = split_target(request.raw_path, request.headers.get("Host", ""))
        exchange = Exchange(request.method, request.raw_path)
        service = self._service_for(target)
        response: web.StreamResponse
        try:
            if service is None:
                response = await self._control.answer(request, target)
                response.headers.update(self._services[0].headers(exchange))
            else:
                response = await service.handle(request, target, exchange)
        except ConnectionError:
            exchange.log(request, status=0)
            raise
        except FaultAnswer as answer:
            response = answer.response
        except Exception as error:  # noqa: BLE001 - a client always gets a response
            service = service or self._services[0]
            response = service.refuse(_as_refusal(error, exchange), exchange)
        if service is not None:
            exchange.log(request, status=response.status, sent=response.content_length)
        return response

    def refuse_garbage(self, error: BadRequestError) -> web.Response:
        """Answer input that is not HTTP, by the default service, since the intended is unknown."""
        return self._services[0].refuse(error, Exchange("", ""))

    async def remove_expired_hourly(self) -> None:
        """Remove expired uploads now and every hour, until cancelled."""
        while True:
            await self._context.run(self._context.store.database.write, self._remove_expired)
            await asyncio.sleep(_EXPIRY_INTERVAL)

    async def reset(self) -> None:
        """Remove all stored data, upload sessions, used signatures, tokens and faults."""
        await self._context.run(self._context.store.reset)
        for service in self._services:
            service.reset()
        self._context.faults.clear()

    def _service_for(self, target: RequestTarget) -> Service | None:
        """Return the service of a request, or None for a page below `/_emulator/`."""
        for service in self._services:
            if service.owns_host(target.host):
                return service
        if is_control_path(target.path):
            return None
        for service in self._services:
            if service.owns_path(target.path):
                return service
        return self._services[0]

    def _remove_expired(self, tx: Transaction) -> None:
        for service in self._services:
            before = self._context.clock() - service.session_lifetime
            sessions.remove_expired(tx, service.name, before)


def _as_refusal(error: Exception, exchange: Exchange) -> RefusalError:
    """Convert any failure to a refusal. Details of an internal failure are only logged."""
    if isinstance(error, RefusalError):
        return error
    if _is_disk_full(error):
        logger.error("request %s: the disk is full", exchange.request_id)
        return BadRequestError(Problem.DISK_FULL, "the server's disk is full")
    logger.error("request %s failed", exchange.request_id, exc_info=error)
    return BadRequestError(
        Problem.INTERNAL, "the local server failed; its log has the details", close=True
    )


def _is_disk_full(error: Exception) -> bool:
    if isinstance(error, sqlite3.OperationalError):
        return "full" in str(error)
    return isinstance(error, OSError) and error.errno in _DISK_FULL_ERRORS
