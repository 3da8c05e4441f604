"""`Interference`: what a fault does to the one request that meets it, step by step."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import web

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.faults import kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.emulator.faults.queue import FaultQueue

_CUT = b'{"code":0,"message":"SUCC'
_PAGE = b"<html><body><h1>A proxy on the way</h1></body></html>"


class FaultAnswer(Exception):  # noqa: N818 - it is an answer
    """A fault's own answer in place of the server's."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


class Interference:
    """The fault of one request, if any: it is taken when the operation is known.

    Args:
        faults: where the fault is taken from.
        request: the one that meets it.
    """

    def __init__(self, faults: FaultQueue, request: web.BaseRequest) -> None:
        self._faults = faults
        self._request = request
        self._asked = False
        self._fault: kinds.Fault | None = None

    def operation_is(self, name: str) -> None:
        """Take the fault that waits for this operation; asked again it stays what it is."""
        if not self._asked:
            self._asked = True
            self._fault = self._faults.take(name)

    async def body_came(self, received: int, seconds: float) -> None:
        """Slow down or cut off a body of which `received` bytes came in so many seconds."""
        fault = self._fault
        if isinstance(fault, kinds.ResetAfter) and received >= fault.after:
            self._reset()
        if isinstance(fault, kinds.Bandwidth):
            await asyncio.sleep(max(0.0, received / fault.bytes_per_second - seconds))

    async def before_work(self, *, is_reading: bool = False) -> bool:
        """Do what a fault does instead of the work; return whether the session is to go first.

        Args:
            is_reading: Whether the work is to send a file, which `after_work` never sees.
        """
        fault = self._fault
        if isinstance(fault, kinds.Stall):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, (kinds.Stall, kinds.ResetAfter)):
            self._reset()
        if is_reading and isinstance(fault, kinds.LostAnswer):
            self._reset()
        if isinstance(fault, kinds.HttpStatus):
            raise FaultAnswer(_page(fault.status, fault.retry_after))
        if isinstance(fault, kinds.Malformed) and (is_reading or not fault.done):
            raise FaultAnswer(_malformed(fault, _CUT))
        if isinstance(fault, kinds.Refusal):
            raise RefusedError(_code(fault.code), "a fault that was asked for")
        return isinstance(fault, kinds.SessionExpired)

    @property
    def slice_size(self) -> int | None:
        """The slice size of the session that this request opens, if a fault chooses it."""
        return self._fault.size if isinstance(self._fault, kinds.SessionSliceSize) else None

    def alter(self, data: Mapping[str, object]) -> Mapping[str, object]:
        """Change what the operation answers."""
        if isinstance(self._fault, kinds.WrongSliceSize) and "slice_size" in data:
            return {**data, "slice_size": self._fault.size}
        return data

    async def after_work(self, response: web.Response) -> web.Response:
        """Delay, cut or lose the answer of work that is done."""
        fault = self._fault
        if isinstance(fault, kinds.Latency):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, kinds.LostAnswer):
            self._reset()
        if isinstance(fault, kinds.Malformed) and isinstance(response.body, bytes):
            cut = response.body[: len(response.body) // 2]
            malformed = _malformed(fault, cut, response.status)
            if response.keep_alive is False:  # the rest of the request's body is still to come
                malformed.force_close()
            return malformed
        return response

    def _reset(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
        raise ConnectionResetError("a fault that was asked for")


def _malformed(fault: kinds.Malformed, cut: bytes, status: int = 200) -> web.Response:
    if isinstance(fault, kinds.NotJson):
        return _page(200, 0)
    if isinstance(fault, kinds.EmptyAnswer):
        return web.Response(body=b"", content_type="application/json")
    return web.Response(status=status, body=cut, content_type="application/json")


def _page(status: int, retry_after: float) -> web.Response:
    headers = {"Retry-After": f"{retry_after:.0f}"} if retry_after else {}
    return web.Response(status=status, body=_PAGE, content_type="text/html", headers=headers)


def _code(number: int) -> Code:
    try:
        return Code(number)
    except ValueError:
        raise RefusedError(Code.BAD_FORM, f"a fault asked for the unknown code {number}") from None
