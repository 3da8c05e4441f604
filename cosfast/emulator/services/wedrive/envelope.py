"""Answers of WeDrive: one JSON object, in which `errcode` tells the outcome."""

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
"""What a successful answer has beside `errcode` and `errmsg`."""

_CODES = {
    Problem.MALFORMED: ErrCode.BAD_JSON,
    Problem.TOO_LARGE: ErrCode.BAD_PARAMETER,
    Problem.NOT_FOUND: ErrCode.BAD_PARAMETER,
    Problem.DISK_FULL: ErrCode.SPACE_FULL,
    Problem.INTERNAL: ErrCode.BUSY,
}


class RefusedError(RefusalError):
    """A request that is answered with a code of failure."""

    def __init__(self, code: int, message: str, *, close: bool = False) -> None:
        super().__init__(message, close=close)
        self.code = int(code)


def refused_by_fault(code: int | str) -> RefusedError:
    """Return the refusal that a fault asks for."""
    if isinstance(code, str):
        return RefusedError(ErrCode.BAD_PARAMETER, f"a fault asked for the unknown code {code}")
    return RefusedError(code, "a fault that was asked for")


def code_of(error: RefusalError) -> int:
    """Return the code that an error is answered with."""
    if isinstance(error, RefusedError):
        return error.code
    return int(_CODES[error.problem] if isinstance(error, BadRequestError) else ErrCode.BUSY)


def success(answer: Mapping[str, object]) -> web.Response:
    """Return an answer with code 0."""
    return _envelope({"errcode": 0, "errmsg": "ok", **answer})


def failure(error: RefusalError) -> web.Response:
    """Return the answer that tells a client why it was refused; its HTTP status is 200 too."""
    response = _envelope({"errcode": code_of(error), "errmsg": error.message})
    if error.close:
        response.force_close()
    return response


def forbidden() -> web.Response:
    """Return what the servers that files are downloaded from say without the cookie."""
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
