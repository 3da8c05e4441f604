"""The HTTP server below the app: aiohttp's, made to answer in an envelope whatever comes."""

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
"""The `Server` header of every answer."""

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
Refuse = Callable[[BadRequestError], web.Response]

MAX_LINE = 64 * 1024
"""Longest request line and header line in bytes: `?sign=` and paths make them long."""

_LINGER = 5.0  # seconds to read on after a refusal, so that the client gets to see it
_NOT_HTTP = b"\0\r\n\r\n"
_TURNS_TO_HANDLER = 10  # turns of the loop, at most, from a request's last byte to its handler


@dataclass
class Exchange:
    """One request and its answer, as the log describes them.

    Attributes:
        method: Of the request.
        target: The request target as it came.
        request_id: Base64 of random bytes, as clients of COS have seen them.
        operation: The operation's name for faults; `-` until it is known.
        code: The service's result code, 0 if it is not known.
        began: By `time.perf_counter`.
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
        """Write the request's line, without the query: it may hold a signature or a token."""
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
    """Makes a connection object for each client, with all limits set.

    Args:
        handler: Answers each request.
        refuse: Answers what is not HTTP.
        limits: For the connections.
    """

    def __init__(self, handler: Handler, refuse: Refuse, limits: Limits) -> None:
        super().__init__(self._handle, request_factory=self._make_readable)
        self._answer = handler
        self._limits = limits
        self.refuse: Refuse = refuse

    def __call__(self) -> web.RequestHandler:
        """Return the protocol of a new connection (asyncio calls this)."""
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
        """Make the request, also if its target is no URL: only the raw path is read here.

        aiohttp before 3.14.5 would drop the connection without an answer.
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
            request.content.feed_eof()  # the body will not come: no use to linger for it
        return response


class _Connection(web.RequestHandler):
    """One connection, with an envelope around broken HTTP, and half-closed clients answered."""

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
        """Close a connection on which nothing comes for as long as between two requests.

        aiohttp before 3.14.5 looks at the latter alone.
        """
        super().connection_made(transport)
        loop = asyncio.get_running_loop()
        self._silence = loop.call_later(self.keepalive_timeout, transport.close)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Stop waiting for the first byte."""
        self._end_silence()
        super().connection_lost(exc)

    def begin(self, request: web.BaseRequest) -> None:
        """Note the request that has reached its handler."""
        self._request = request
        expects = request.headers.get("Expect", "").strip().lower() == "100-continue"
        self.awaits_invitation = expects and request.version >= HttpVersion11
        if self.is_half_closed:
            self._cut_off(request)

    def end(self) -> None:
        """Note that the handler is done."""
        self._request = None
        self._has_unanswered = False

    async def invite_body(self) -> None:
        """Tell a client that waits with its body to send it."""
        if self.awaits_invitation and self._request is not None:
            self.awaits_invitation = False
            await self._request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            # aiohttp takes any output for the beginning of the answer proper.
            self._request.writer.output_size = 0

    def data_received(self, data: bytes) -> None:
        """Note that there is something to answer; end a body that the parser has given up on."""
        self._end_silence()
        self._has_unanswered = True
        try:
            super().data_received(data)
        except (ValueError, IndexError):
            # aiohttp before 3.14.5 lets out what parsing a malformed URL raises. Its parser has
            # given up, and answers any further data as it does what is not HTTP.
            super().data_received(_NOT_HTTP)
        # Only a parser that has given up queues anything behind a body that has not ended;
        # aiohttp itself would leave the handler waiting for the rest of that body.
        if self._request is not None and getattr(self, "_messages", None):
            self._cut_off(self._request)

    def eof_received(self) -> bool:  # type: ignore[override]  # aiohttp's returns nothing, asyncio's protocol says bool
        """Keep the connection open for the answer: the client may have closed only its own side."""
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
        """Close a connection whose request never reaches the handler: it is incomplete."""
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
        """Answer what is not HTTP (aiohttp's own answer is plain text), and close."""
        logger.info("bad request from %s: %s", request.remote, type(exc).__name__)
        if request.writer.output_size > 0:
            raise ConnectionError("an answer was begun already")
        return self._refuse(
            BadRequestError(Problem.MALFORMED, "the request is not valid HTTP", close=True)
        )

    def log_exception(self, *arguments: Any, **_: Any) -> None:
        """Log without a traceback what aiohttp meets after our answer: a broken body."""
        logger.info("connection dropped: %s", arguments[0])


async def invite_body(request: web.BaseRequest) -> None:
    """Answer `Expect: 100-continue` at once: a client that waits in vain loses a second."""
    await cast("_Connection", request.protocol).invite_body()
