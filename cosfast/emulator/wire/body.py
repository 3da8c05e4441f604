"""Request bodies: read in pieces from a client that may be slow, wrong, or gone."""

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
"""Awaited after each piece of a body, with the bytes and the seconds so far."""

Spill = Callable[[bytes], Awaitable[None]]
"""`Content.add` in a worker thread."""


class MemoryBudget:
    """How many bytes of content all requests together may hold in memory."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Reserve memory; return False if there is not enough left."""
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
    """The content of one request: bytes that arrive in pieces, read in order and repeatedly.

    They stay in memory while the budget lasts, then go to a file without a name, which is gone
    when the process ends. A slow client can therefore neither fill the memory nor make others
    wait for their share of it.
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
        """Add a piece if that needs no disk; else return False: use `add` in a worker thread."""
        if self._file is not None or not self._budget.take(len(chunk)):
            return False
        self._chunks.append(chunk)
        self._in_memory += len(chunk)
        self.size += len(chunk)
        return True

    def add(self, chunk: bytes) -> None:
        """Add a piece on the disk, and move what is in memory there first."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by close()
            self._file.writelines(self._chunks)
            self._release_memory()
        self._file.write(chunk)
        self.size += len(chunk)

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes in order, in pieces of no particular size."""
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
        """Release memory and disk. Idempotent."""
        self._release_memory()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _release_memory(self) -> None:
        self._budget.give_back(self._in_memory)
        self._chunks = []
        self._in_memory = 0


class _TooSlowError(asyncio.TimeoutError):
    """The body is late. aiohttp sees this exception too, and treats it as a timeout."""


async def read_whole(
    request: web.BaseRequest,
    limits: Limits,
    largest: int,
    *,
    on_received: OnReceived | None = None,
) -> bytes:
    """Read a body of at most `largest` bytes into memory.

    Raises:
        BadRequestError: If the body is too large or does not come. The connection then closes.
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
        BadRequestError: If the body is too large or does not come. The connection then closes.
    """
    refuse_larger(request, largest)
    await invite_body(request)
    async for chunk in body_chunks(request, limits, largest, on_received):
        if not content.add_in_memory(chunk):
            await spill(chunk)


def refuse_larger(request: web.BaseRequest, largest: int) -> None:
    """Refuse a body by its Content-Length, before a byte of it is read.

    Raises:
        BadRequestError: If it has more than `largest` bytes.
    """
    # aiohttp's own `content_length` fails on more digits than `int` takes, be they zeros.
    declared = read_position(request.headers.get("Content-Length", "").strip(BLANKS))
    if declared is not None and declared > largest:
        raise too_large(largest)


def too_large(largest: int) -> BadRequestError:
    """Return the refusal of a body of more than `largest` bytes."""
    return BadRequestError(Problem.TOO_LARGE, f"the body is above {largest} bytes", close=True)


async def body_chunks(
    request: web.BaseRequest, limits: Limits, largest: int, on_received: OnReceived | None
) -> AsyncIterator[bytes]:
    """Yield a body as it comes.

    Raises:
        BadRequestError: If there are more than `largest` bytes, or the body comes more slowly than
            the limits allow, ends early or is garbled. The connection then closes.
    """
    loop = asyncio.get_running_loop()
    stream = request.content
    began = loop.time()
    received = 0
    while not stream.at_eof():
        deadline = began + limits.body_grace + received / limits.body_rate
        patience = min(limits.idle_timeout, deadline - loop.time())
        watchdog = loop.call_later(patience, stream.set_exception, _TooSlowError())
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
    """Raise what is wrong with a body's delivery as a refusal."""
    try:
        yield
    except _TooSlowError:
        raise BadRequestError(
            Problem.MALFORMED, "the body did not arrive in time", close=True
        ) from None
    except web.RequestPayloadError:
        raise BadRequestError(
            Problem.MALFORMED, "the body is cut off or garbled", close=True
        ) from None
