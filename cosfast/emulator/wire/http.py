"""The HTTP server: aiohttp's, with responses in a service's format even to malformed HTTP."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from aiohttp import HttpVersion11, web
from yarl import URL

from cosfast.emulator.errors import BadRequestError, Problem

if TYPE_CHECKING:
    from aiohttp.http import RawRequestMessage

    from cosfast.emulator.settings import Limits

logger: logging.Logger = logging.getLogger("cosfast.emulator")

SERVER = "cosfast-emulator"
"""Value of the `Server` header of every response."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[BadRequestError], web.Response]

MAX_LINE = 64 * 1024
"""Maximum bytes of the request line and of a header line; `?sign=` and paths make them long."""

_LINGER = 5.0  # seconds to continue reading after a refusal, so that the client receives it
_NOT_HTTP = b"\0\r\n\r\n"
_TURNS_TO_HANDLER = 10  # maximum loop iterations from a request's last byte to its handler


@dataclass
class Exchange:
    """The logged properties of one request and its response.

    Attributes:
        method: HTTP method.
        target: Request target as received.
        request_id: Base64 of random bytes, like the ids of COS.
        operation: Name of the operation as for faults; `-` until it is known.
        code: Result code of the service; 0 if it is not known.
        began: Start time by `time.perf_counter`.
    """

    method: str
    target: str
    request_id: str = field(
        default_factory=lambda: base64.b64encode(os.urandom(18)).decode("ascii")
    )
    operation: str = "-"
    code: int | str = 0
    began: float = field(default_factory=time.perf_counter)

    def log(self, request: web.BaseRequest, *, status: int, sent: int | None = None) -> None:
        """Log the request, without the query, which may contain a signature or a token."""
        path = self.target.partition("?")[0].encode("ascii", "backslashreplace").decode("ascii")
        logger.info(
            "%s %s op=%s status=%d code=%s received=%d sent=%d ms=%.1f id=%s",
            self.method,
            path,
            self.operation,
            status,
            self.code,
            request.content.total_bytes,
            sent or 0,
            (time.perf_counter() - self.began) * 1000,
            self.request_id,
        )


class HttpServer(web.Server):
    """The factory of connections.

    Args:
        handler: Handles each request.
        refuse: Returns the response to input that is not HTTP.
        limits: Limits of the connections.
    """

    def __init__(self, handler: Handler, refuse: Refuse, limits: Limits) -> None:
        super().__init__(self._handle, request_factory=self._make_readable)
        self._answer = handler
        self._limits = limits
        self.refuse: Refuse = refuse

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection. Called by asyncio."""
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            keepalive_timeout=self._limits.keepalive_timeout,
            access_log=None,
            logger=logger,
            max_line_size=MAX_LINE,
            max_field_size=MAX_LINE,
            lingering_time=_LINGER,
            auto_decompress=False,
            read_bufsize=64 * 1024,
        )

    def _make_readable(self, message: RawRequestMessage, *rest: Any) -> web.BaseRequest:
        """Create the request even if its target is not a valid URL; only the raw path is used.

        aiohttp before 3.14.5 would close the connection without a response.
        """
        make: Any = web.BaseRequest
        loop = asyncio.get_running_loop()
        try:
            request: web.BaseRequest = make(message, *rest, loop)
        except ValueError:
            request = make(message._replace(url=URL("/")), *rest, loop)
        return request

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = cast("_Connection", request.protocol)
        connection.begin(request)
        try:
            response = await self._answer(request)
        finally:
            connection.end()
        if connection.is_half_closed or connection.awaits_invitation:
            response.force_close()
            request.content.feed_eof()  # the body will not arrive, so do not linger for it
        return response


class _Connection(web.RequestHandler):
    """One connection. It also answers malformed HTTP and half-closed clients."""

    __slots__ = (
        "_has_unanswered",
        "_refuse",
        "_request",
        "_silence",
        "awaits_invitation",
        "is_half_closed",
    )

    def __init__(self, server: HttpServer, **settings: Any) -> None:
        super().__init__(server, **settings)
        self._refuse = server.refuse
        self._request: web.BaseRequest | None = None
        self._has_unanswered = False
        self._silence: asyncio.TimerHandle | None = None
        self.is_half_closed = False
        self.awaits_invitation = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Apply the keep-alive timeout also to the wait for the first byte.

        aiohttp before 3.14.5 applies it only between requests.
        """
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._silence = loop.call_later(self.keepalive_timeout, transport.close)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Cancel the timeout for the first byte."""
        self._end_silence()
        super().connection_lost(exc)

    def begin(self, request: web.BaseRequest) -> None:
        """Record the request that has reached the handler."""
        self._request = request
        expects = request.headers.get("Expect", "").strip().lower() == "100-continue"
        self.awaits_invitation = expects and request.version >= HttpVersion11
        if self.is_half_closed:
            self._cut_off(request)

    def end(self) -> None:
        """Record that the handler has finished."""
        self._request = None
        self._has_unanswered = False

    async def invite_body(self) -> None:
        """Send `100 Continue` to a client that waits for it before sending the body."""
        if self.awaits_invitation and self._request is not None:
            self.awaits_invitation = False
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # aiohttp takes any output for the beginning of the final response.
            self._request.writer.output_size = 0

    def data_received(self, data: bytes) -> None:
        """Record that a response is due; end a body on which the parser has failed."""
        self._end_silence()
        self._has_unanswered = True
        try:
            super().data_received(data)
        except (ValueError, IndexError):
            # aiohttp before 3.14.5 does not catch the exception of a malformed URL. Its parser has
            # failed, and any further data get the response to input that is not HTTP.
            super().data_received(_NOT_HTTP)
        # Only a parser that has failed queues a message after an unfinished body; aiohttp would
        # leave the handler waiting for the rest of that body.
        if self._request is not None and getattr(self, "_messages", None):
            self._cut_off(self._request)

    def eof_received(self) -> bool:  # type: ignore[override]  # aiohttp's returns None, asyncio's protocol bool
        """Keep the connection open for the response, since the client may be half-closed."""
        self.is_half_closed = True
        if self._request is not None:
            self._cut_off(self._request)
            return True
        if self._has_unanswered:
            self._close_if_quiet(_TURNS_TO_HANDLER)
        return self._has_unanswered

    def _end_silence(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None

    @staticmethod
    def _cut_off(request: web.BaseRequest) -> None:
        if not request.content.is_eof():
            request.content.set_exception(web.RequestPayloadError("cut off"))

    def _close_if_quiet(self, turns: int) -> None:
        """Close the connection if its request is incomplete and so never reaches the handler."""
        if self._request is not None or self.transport is None:
            return
        if turns:
            asyncio.get_running_loop().call_soon(self._close_if_quiet, turns - 1)
        else:
            self.transport.close()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,  # noqa: ARG002 - the signature is aiohttp's
        exc: BaseException | None = None,
        message: str | None = None,  # noqa: ARG002 - as above
    ) -> web.StreamResponse:
        """Answer input that is not HTTP (aiohttp would send plain text), and close."""
        logger.info("bad request from %s: %s", request.remote, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("a response has already been started")
        return self._refuse(
            BadRequestError(Problem.MALFORMED, "the request is not valid HTTP", close=True)
        )

    def log_exception(self, *arguments: Any, **_: Any) -> None:
        """Log an error of aiohttp after the response, such as a broken body, with no traceback."""
        logger.info("connection dropped: %s", arguments[0])


async def invite_body(request: web.BaseRequest) -> None:
    """Answer `Expect: 100-continue` at once; without it, clients wait about a second."""
    await cast("_Connection", request.protocol).invite_body()
