"""Sends an opened file to a client that may be slow or gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from cosfast.emulator.operations.downloads import Download

BLOCK_SIZE = 512 * 1024

Read = Callable[[int], Awaitable[bytes]]


async def send_download(
    request: web.BaseRequest,
    download: Download,
    headers: dict[str, str],
    *,
    read: Read,
    idle_timeout: float,
) -> web.StreamResponse:
    """Answer with the file's bytes; a client that takes none for `idle_timeout` s is cut off.

    Args:
        request: a GET, or a HEAD, which gets the headers alone.
        download: what to send. It is not closed here.
        headers: to send beside the download's own.
        read: reads up to so many bytes of the file, in a worker.
        idle_timeout: in seconds.
    """
    response = web.StreamResponse(status=download.status, headers={**download.headers, **headers})
    response.content_length = download.length
    await response.prepare(request)
    if request.method != "HEAD":
        await _send_blocks(request, response, download.length, read, idle_timeout)
        await response.write_eof()
    return response


async def _send_blocks(
    request: web.BaseRequest,
    response: web.StreamResponse,
    length: int,
    read: Read,
    idle_timeout: float,
) -> None:
    loop = asyncio.get_running_loop()
    while length:
        block = await read(min(length, BLOCK_SIZE))
        if not block:
            raise ConnectionAbortedError("the file is shorter than its row says")
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client is gone")
        watchdog = loop.call_later(idle_timeout, transport.abort)
        try:
            await response.write(block)
        finally:
            watchdog.cancel()
        length -= len(block)
