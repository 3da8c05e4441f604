"""Responses of COS v4: the JSON envelope, and refusals with codes (PROTOCOL.md section 1)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from aiohttp import web

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import BadRequestError, Problem, RefusalError
from cosfast.emulator.wire.http import SERVER

if TYPE_CHECKING:
    from collections.abc import Mapping

Answer = dict[str, object]
"""The `data` of a successful response."""

_CONTENT_TYPE = "application/json; charset=utf-8"
_NOT_FOUND_CODES = frozenset({Code.NOT_FOUND, Code.INDEX_MISSING})
_FIRST_SIGNATURE_CODE, _LAST_SIGNATURE_CODE = -60, -99
_CODES = {
    Problem.MALFORMED: Code.BAD_FORM,
    Problem.TOO_LARGE: Code.TOO_LARGE,
    Problem.NOT_FOUND: Code.NOT_FOUND,
    Problem.DISK_FULL: Code.DISK_FULL,
    Problem.INTERNAL: Code.BACKEND_NETWORK,
}


class RefusedError(RefusalError):
    """A request that is refused with a code of COS v4."""

    def __init__(self, code: Code, message: str, *, close: bool = False) -> None:
        super().__init__(message, close=close)
        self.code = code


def refused_by_fault(code: int | str) -> RefusedError:
    """Return the refusal for the code of the fault `Refusal`."""
    if code in frozenset(Code):
        return RefusedError(Code(int(code)), "refused by an injected fault")
    return RefusedError(Code.BAD_FORM, f"an injected fault has the unknown code {code}")


def code_of(error: RefusalError) -> Code:
    """Return the code of a refusal."""
    if isinstance(error, RefusedError):
        return error.code
    return _CODES[error.problem] if isinstance(error, BadRequestError) else Code.BACKEND_NETWORK


def common_headers(request_id: str) -> dict[str, str]:
    """Return the headers of every response, including downloads."""
    return {"Server": SERVER, "x-cos-request-id": request_id}


def success(data: Mapping[str, object], request_id: str) -> web.Response:
    """Return a response with code 0 and the operation's data."""
    return _envelope(200, Code.SUCCESS, "SUCCESS", request_id, data)


def failure(error: RefusalError, request_id: str) -> web.Response:
    """Return the response to a refused request."""
    code = code_of(error)
    response = _envelope(_status_of(code), code, error.message, request_id, {})
    if error.close:
        response.force_close()
    return response


def _status_of(code: Code) -> int:
    """Return the HTTP status of a code, one that clients handle (PROTOCOL.md section 1)."""
    if code is Code.BACKEND_NETWORK:
        return 500
    if code in _NOT_FOUND_CODES:
        return 404
    if _LAST_SIGNATURE_CODE <= code <= _FIRST_SIGNATURE_CODE:
        return 403
    return 400


def _envelope(
    status: int, code: Code, message: str, request_id: str, data: Mapping[str, object]
) -> web.Response:
    envelope = {"code": int(code), "message": message, "request_id": request_id, "data": data}
    return web.Response(
        status=status,
        body=json.dumps(envelope, separators=(",", ":")).encode("ascii"),
        headers={"Content-Type": _CONTENT_TYPE, **common_headers(request_id)},
    )
