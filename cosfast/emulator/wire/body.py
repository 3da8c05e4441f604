"""Request bodies: read in pieces from a client that may be slow, wrong, or gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.wire.formdata import (
    FormDataError,
    FormDataParser,
    PartBegin,
    PartEnd,
    boundary_of,
)
from cosfast.emulator.wire.forms import (
    CONTENT_FIELD,
    Form,
    Value,
    add_field,
    parse_json,
    parse_urlencoded,
)
from cosfast.emulator.wire.http import invite_body
from cosfast.emulator.wire.values import BLANKS, read_position

if TYPE_CHECKING:
    from cosfast.emulator.settings import Limits
    from cosfast.emulator.wire.content import Content

Spill = Callable[[bytes], Awaitable[None]]


class Observer(Protocol):
    """Who looks on while a body comes, and may hold it up or end it."""

    def operation_is(self, name: str) -> None:
        """Hear the operation, as soon as its field has come."""

    async def body_came(self, received: int, seconds: float) -> None:
        """Hear how many bytes have come by now, and in how many seconds."""


class _Unobserved:
    """Nobody who looks on."""

    def operation_is(self, name: str) -> None:
        pass

    async def body_came(self, received: int, seconds: float) -> None:
        pass


class _TooSlowError(asyncio.TimeoutError):
    """The client is late with its body. aiohttp meets this one too, and knows it for a timeout."""


async def read_whole(request: web.BaseRequest, limits: Limits, largest: int) -> bytes:
    """Read a body that is no form, of at most `largest` bytes.

    Raises:
        RefusedError: As `read_form` raises it.
    """
    await invite_body(request)
    with _refusals():
        chunks = _chunks(request, limits, largest, _Unobserved())
        return b"".join([chunk async for chunk in chunks])


async def read_form(
    request: web.BaseRequest, content: Content, limits: Limits, spill: Spill, observer: Observer
) -> Form:
    """Read a request's body into its fields and its content.

    Args:
        request: nothing of its body has been read.
        content: takes the field `filecontent`.
        limits: how much, and how slowly.
        spill: adds to the content where that needs the disk.
        observer: looks on.

    Raises:
        RefusedError: code -5993 where the body does not parse or does not come, -285
            where it is too large. The connection then closes, unless all of it was read.
    """
    with _refusals():
        return await _read_form(request, content, limits, spill, observer)


@contextmanager
def _refusals() -> Iterator[None]:
    """Turn what is wrong with a body into the refusal of it."""
    try:
        yield
    except FormDataError as error:
        raise RefusedError(Code.BAD_FORM, f"multipart body: {error}", close=True) from None
    except _TooSlowError:
        raise RefusedError(Code.BAD_FORM, "the body did not arrive in time", close=True) from None
    except web.RequestPayloadError:
        raise RefusedError(Code.BAD_FORM, "the body is cut off or garbled", close=True) from None


def refuse_if_too_large(request: web.BaseRequest, limits: Limits) -> None:
    """Refuse by the Content-Length, before a byte of the body is read: code -285."""
    # aiohttp's own `content_length` fails on more digits than `int` takes, be they zeros.
    declared = read_position(request.headers.get("Content-Length", "").strip(BLANKS))
    if declared is not None and declared > _largest_body(limits):
        raise _too_large(_largest_body(limits))


async def _read_form(
    request: web.BaseRequest, content: Content, limits: Limits, spill: Spill, observer: Observer
) -> Form:
    content_type = request.headers.get("Content-Type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        parser = FormDataParser(boundary_of(content_type), max_header_size=limits.part_header_size)
        collector = _PartCollector(content, limits, spill, observer)
        async for chunk in _chunks(request, limits, _largest_body(limits), observer):
            for event in parser.feed(chunk):
                await collector.take(event)
        parser.close()
        return Form(collector.fields)
    body = b"".join(
        [chunk async for chunk in _chunks(request, limits, limits.fields_size, observer)]
    )
    if not body.strip():
        return Form({})
    if kind == "application/x-www-form-urlencoded" and not body.lstrip().startswith(b"{"):
        return parse_urlencoded(body)
    return parse_json(body)


class _PartCollector:
    """Turns a parser's events into fields and content, and counts them."""

    def __init__(self, content: Content, limits: Limits, spill: Spill, observer: Observer) -> None:
        self.fields: dict[str, Value] = {}
        self._content = content
        self._limits = limits
        self._spill = spill
        self._observer = observer
        self._name = ""
        self._value: list[bytes] = []
        self._parts = 0
        self._fields_size = 0
        self._content_seen = False

    async def take(self, event: PartBegin | bytes | PartEnd) -> None:
        if isinstance(event, PartBegin):
            self._begin(event.name.lower())
        elif isinstance(event, PartEnd):
            if self._name != CONTENT_FIELD:
                value = b"".join(self._value)
                add_field(self.fields, self._name, value)
                if self._name == "op":
                    self._observer.operation_is(value.decode("ascii", "replace").strip())
        elif self._name == CONTENT_FIELD:
            await self._take_content(event)
        else:
            self._take_value(event)

    def _begin(self, name: str) -> None:
        self._name, self._value = name, []
        self._parts += 1
        if self._parts > self._limits.fields_count:
            raise FormDataError(f"there are more than {self._limits.fields_count} parts")
        if name == CONTENT_FIELD and self._content_seen:
            raise FormDataError(f"{CONTENT_FIELD} was sent twice")
        self._content_seen |= name == CONTENT_FIELD

    def _take_value(self, chunk: bytes) -> None:
        self._fields_size += len(chunk)
        if self._fields_size > self._limits.fields_size:
            raise _too_large(self._limits.fields_size)
        self._value.append(chunk)

    async def _take_content(self, chunk: bytes) -> None:
        if self._content.size + len(chunk) > self._limits.upload_size:
            raise _too_large(self._limits.upload_size)
        if not self._content.add_in_memory(chunk):
            await self._spill(chunk)


async def _chunks(
    request: web.BaseRequest, limits: Limits, largest: int, observer: Observer
) -> AsyncIterator[bytes]:
    """Yield the body as it comes, no more than `largest` bytes of it, no slower than the limits."""
    loop = asyncio.get_running_loop()
    stream = request.content
    began = loop.time()
    received = 0
    while not stream.at_eof():
        deadline = began + limits.body_grace + received / limits.body_rate
        patience = min(limits.idle_timeout, deadline - loop.time())
        watchdog = loop.call_later(patience, stream.set_exception, _TooSlowError())
        try:
            chunk = await stream.readany()
        finally:
            watchdog.cancel()
        received += len(chunk)
        if received > largest:
            raise _too_large(largest)
        if chunk:
            yield chunk
            await observer.body_came(received, loop.time() - began)


def _largest_body(limits: Limits) -> int:
    return limits.upload_size + limits.fields_size


def _too_large(limit: int) -> RefusedError:
    return RefusedError(Code.TOO_LARGE, f"the body is above {limit} bytes", close=True)
