"""Responses of WeDrive: a JSON object with `errcode` and `errmsg`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from cosfast.emulator.errors import BadRequestError, Problem, RefusalError
from cosfast.emulator.wire.http import SERVER
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = dict[str, object]
"""The fields of a successful response except `errcode` and `errmsg`."""

_CODES = {
    Problem.MALFORMED: ErrCode.BAD_JSON,
    Problem.TOO_LARGE: ErrCode.BAD_PARAMETER,
    Problem.NOT_FOUND: ErrCode.BAD_PARAMETER,
    Problem.DISK_FULL: ErrCode.SPACE_FULL,
    Problem.INTERNAL: ErrCode.BUSY,
}


class RefusedError(RefusalError):
    """A request that is refused with a code of WeDrive."""

    def __init__(self, code: int, message: str, *, close: bool = False) -> None:
        super().__init__(message, close=close)
        self.code: int = int(code)


def refused_by_fault(code: int | str) -> RefusedError:
    """Return the refusal for the code of the fault `Refusal`."""
    if isinstance(code, str):
        return RefusedError(ErrCode.BAD_PARAMETER, f"an injected fault has the unknown code {code}")
    return RefusedError(code, "refused by an injected fault")


def code_of(error: RefusalError) -> int:
    """Return the code of a refusal."""
    if isinstance(error, RefusedError):
        return error.code
    return int(_CODES[error.problem] if isinstance(error, BadRequestError) else ErrCode.BUSY)


def success(answer: Mapping[str, object]) -> web.Response:
    """Return a response with code 0."""
    return _envelope({"errcode": 0, "errmsg": "ok", **answer})


def failure(error: RefusalError) -> web.Response:
    """Return the response to a refused request. Its HTTP status is 200 too."""
    response = _envelope({"errcode": code_of(error), "errmsg": error.message})
    if error.close:
        response.force_close()
    return response


def forbidden() -> web.Response:
    """Return the response of a download server to a request without a valid cookie."""
    return web.Response(
        status=403,
        body=b"<html><body><h1>403 Forbidden</h1></body></html>",
        content_type="text/html",
        headers={"Server": SERVER},
    )


def _envelope(document: Mapping[str, object]) -> web.Response:
    return web.Response(
        body=json.dumps(document, separators=(",", ":")).encode("ascii"),
        headers={"Content-Type": "application/json; charset=UTF-8", "Server": SERVER},
    )
