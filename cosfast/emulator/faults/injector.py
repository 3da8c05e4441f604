"""`Injector`: injects a fault into one request."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from cosfast.emulator.faults import kinds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.emulator.errors import RefusalError
    from cosfast.emulator.faults.queue import FaultQueue

RefusedByFault = Callable[["int | str"], "RefusalError"]
"""Returns a service's refusal with the code of the fault `Refusal`."""

_CUT = b'{"code":0,"message":"SUCC'
_PAGE = b"<html><body><h1>A proxy on the way</h1></body></html>"


class FaultAnswer(Exception):  # noqa: N818 - it is a response
    """A fault's response, which replaces the server's."""

    def __init__(self, response: web.Response) -> None:
        super().__init__()
        self.response = response


class Injector:
    """Injects the fault that is queued for one request's operation, if there is one.

    Args:
        faults: The queue of faults.
        request: The request.
        refused: Creates the service's refusal for the fault `Refusal`.
    """

    def __init__(
        self, faults: FaultQueue, request: web.BaseRequest, refused: RefusedByFault
    ) -> None:
        self._faults = faults
        self._request = request
        self._refused = refused
        self._asked = False
        self._fault: kinds.Fault | None = None

    def operation_is(self, name: str) -> None:
        """Take the next fault of this operation from the queue. Later calls have no effect."""
        if not self._asked:
            self._asked = True
            self._fault = self._faults.take(name)

    async def body_came(self, received: int, seconds: float) -> None:
        """Slow down or cut off a body of which `received` bytes have arrived in `seconds`."""
        fault = self._fault
        if isinstance(fault, kinds.ResetAfter) and received >= fault.after:
            self._reset()
        if isinstance(fault, kinds.Bandwidth):
            await asyncio.sleep(max(0.0, received / fault.bytes_per_second - seconds))

    async def before_work(self, *, is_reading: bool = False) -> bool:
        """Inject a fault that replaces or precedes the work.

        Args:
            is_reading: Whether the work is to send a file. `after_work` is not called for it.

        Returns:
            Whether to end the request's upload session before the work.

        Raises:
            FaultAnswer: If the fault replaces the response.
            RefusalError: If the fault is a refusal.
            ConnectionResetError: If the fault has reset the connection.
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
            raise self._refused(fault.code)
        return isinstance(fault, kinds.SessionExpired)

    @property
    def slice_size(self) -> int | None:
        """Slice size of the session that this request opens, if a fault sets it."""
        return self._fault.size if isinstance(self._fault, kinds.SessionSliceSize) else None

    def alter(self, data: Mapping[str, object]) -> Mapping[str, object]:
        """Return the data of a response as the fault changes them."""
        if isinstance(self._fault, kinds.WrongSliceSize) and "slice_size" in data:
            return {**data, "slice_size": self._fault.size}
        return data

    async def after_work(self, response: web.Response) -> web.Response:
        """Delay, truncate or drop the response of completed work."""
        fault = self._fault
        if isinstance(fault, kinds.Latency):
            await asyncio.sleep(fault.seconds)
        if isinstance(fault, kinds.LostAnswer):
            self._reset()
        if isinstance(fault, kinds.Malformed) and isinstance(response.body, bytes):
            cut = response.body[: len(response.body) // 2]
            malformed = _malformed(fault, cut, response.status)
            if response.keep_alive is False:  # the request's body was not read to its end
                malformed.force_close()
            return malformed
        return response

    def _reset(self) -> None:
        if self._request.transport is not None:
            self._request.transport.abort()
        raise ConnectionResetError("connection reset by an injected fault")


def _malformed(fault: kinds.Malformed, cut: bytes, status: int = 200) -> web.Response:
    if isinstance(fault, kinds.NotJson):
        return _page(200, 0)
    if isinstance(fault, kinds.EmptyAnswer):
        return web.Response(body=b"", content_type="application/json")
    return web.Response(status=status, body=cut, content_type="application/json")


def _page(status: int, retry_after: float) -> web.Response:
    headers = {"Retry-After": f"{retry_after:.0f}"} if retry_after else {}
    return web.Response(status=status, body=_PAGE, content_type="text/html", headers=headers)
