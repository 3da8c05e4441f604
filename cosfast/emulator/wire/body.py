"""Request bodies, read in chunks from clients that may be slow, malformed or disconnected."""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from aiohttp import web

from cosfast.emulator.errors import BadRequestError, Problem
from cosfast.emulator.wire.http import invite_body
from cosfast.emulator.wire.values import BLANKS, read_position

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from cosfast.emulator.settings import Limits

BLOCK_SIZE = 256 * 1024

OnReceived = Callable[[int, float], Awaitable[None]]
"""Awaited after each chunk of a body, with the total bytes and seconds so far."""

Spill = Callable[[bytes], Awaitable[None]]
"""`Content.add` in a worker thread."""


class MemoryBudget:
    """The memory in bytes that the contents of all requests may use together."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Reserve memory; return whether enough was left."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        """Release reserved memory."""
        with self._lock:
            self._left += count


class Content:
    """The content of one request, received in chunks and readable repeatedly.

    It is in memory while the budget allows, then in an anonymous temporary file. So slow clients
    can neither fill the memory nor make others wait for it.
    """

    def __init__(self, budget: MemoryBudget, folder: Path) -> None:
        self._budget = budget
        self._folder = folder
        self._chunks: list[bytes] = []
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self.size: int = 0

    def __enter__(self) -> Content:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_in_memory(self, chunk: bytes) -> bool:
        """Add a chunk in memory; return False if it needs `add`, in a worker thread, instead."""
        if self._file is not None or not self._budget.take(len(chunk)):
            return False
        self._chunks.append(chunk)
        self._in_memory += len(chunk)
        self.size += len(chunk)
        return True

    def add(self, chunk: bytes) -> None:
        """Add a chunk on disk, after moving the content in memory there."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by close()
            self._file.writelines(self._chunks)
            self._release_memory()
        self._file.write(chunk)
        self.size += len(chunk)

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes in order, in blocks of any size."""
        if self._file is None:
            yield from self._chunks
            return
        self._file.seek(0)
        while True:
            block = self._file.read(BLOCK_SIZE)
            if not block:
                return
            yield block

    def close(self) -> None:
        """Release the memory and the temporary file. Idempotent."""
        self._release_memory()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _release_memory(self) -> None:
        self._budget.give_back(self._in_memory)
        self._chunks = []
        self._in_memory = 0


class _TooSlowError(asyncio.TimeoutError):
    """The body is too slow. aiohttp handles this exception too, as a timeout."""


async def read_whole(
    request: web.BaseRequest,
    limits: Limits,
    largest: int,
    *,
    on_received: OnReceived | None = None,
) -> bytes:
    """Read a body of at most `largest` bytes into memory.

    Raises:
        BadRequestError: If the body is too large, slow or incomplete. The connection then closes.
    """
    refuse_larger(request, largest)
    await invite_body(request)
    chunks = body_chunks(request, limits, largest, on_received)
    return b"".join([chunk async for chunk in chunks])


async def read_content(
    request: web.BaseRequest,
    content: Content,
    limits: Limits,
    largest: int,
    *,
    spill: Spill,
    on_received: OnReceived | None = None,
) -> None:
    """Read a body of at most `largest` bytes into a `Content`.

    Raises:
        BadRequestError: If the body is too large, slow or incomplete. The connection then closes.
    """
    refuse_larger(request, largest)
    await invite_body(request)
    async for chunk in body_chunks(request, limits, largest, on_received):
        if not content.add_in_memory(chunk):
            await spill(chunk)


def refuse_larger(request: web.BaseRequest, largest: int) -> None:
    """Check the Content-Length of a body before reading it.

    Raises:
        BadRequestError: If it is above `largest`.
    """
    # aiohttp's `content_length` fails if it has more digits than `int` accepts, even zeros.
    declared = read_position(request.headers.get("Content-Length", "").strip(BLANKS))
    if declared is not None and declared > largest:
        raise too_large(largest)


def too_large(largest: int) -> BadRequestError:
    """Return the refusal of a body of more than `largest` bytes."""
    return BadRequestError(Problem.TOO_LARGE, f"the body exceeds {largest} bytes", close=True)


async def body_chunks(
    request: web.BaseRequest, limits: Limits, largest: int, on_received: OnReceived | None
) -> AsyncIterator[bytes]:
    """Yield the chunks of a body as they are received.

    Raises:
        BadRequestError: If there are more than `largest` bytes, or the body is slower than the
            limits allow, ends early or is malformed. The connection then closes.
    """
    loop = asyncio.get_running_loop()
    stream = request.content
    began = loop.time()
    received = 0
    while not stream.at_eof():
        deadline = began + limits.body_grace + received / limits.body_rate
        timeout = min(limits.idle_timeout, deadline - loop.time())
        watchdog = loop.call_later(timeout, stream.set_exception, _TooSlowError())
        try:
            with _refusals():
                chunk = await stream.readany()
        finally:
            watchdog.cancel()
        received += len(chunk)
        if received > largest:
            raise too_large(largest)
        if chunk:
            yield chunk
            if on_received is not None:
                await on_received(received, loop.time() - began)


@contextmanager
def _refusals() -> Iterator[None]:
    """Convert errors of receiving a body to refusals."""
    try:
        yield
    except _TooSlowError:
        raise BadRequestError(
            Problem.MALFORMED, "the body did not arrive in time", close=True
        ) from None
    except web.RequestPayloadError:
        raise BadRequestError(
            Problem.MALFORMED, "the body is truncated or malformed", close=True
        ) from None
