"""The JSON envelope around every answer (PROTOCOL.md section 1)."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING

from aiohttp import web

from cosfast.cosv4.protocol.codes import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.emulator.errors import RefusedError

REQUEST_ID_HEADER = "x-cos-request-id"
SERVER = "cosfast-emulator"
_CONTENT_TYPE = "application/json; charset=utf-8"


def new_request_id() -> str:
    """Make a request id, in the shape clients have seen: base64 of random bytes."""
    return base64.b64encode(os.urandom(18)).decode("ascii")


def common_headers(request_id: str) -> dict[str, str]:
    """List the headers that every answer carries, downloads as well."""
    return {"Server": SERVER, REQUEST_ID_HEADER: request_id}


def success(data: Mapping[str, object], request_id: str) -> web.Response:
    """Code 0 with the operation's data."""
    return _envelope(200, Code.SUCCESS, "SUCCESS", request_id, data)


def failure(error: RefusedError, request_id: str) -> web.Response:
    """Tell the client why it was refused."""
    response = _envelope(error.status, error.code, error.message, request_id, {})
    if error.close:
        response.force_close()
    return response


def _envelope(
    status: int, code: Code, message: str, request_id: str, data: Mapping[str, object]
) -> web.Response:
    envelope = {"code": int(code), "message": message, "request_id": request_id, "data": data}
    return web.Response(
        status=status,
        body=json.dumps(envelope, separators=(",", ":")).encode("ascii"),
        headers={"Content-Type": _CONTENT_TYPE, **common_headers(request_id)},
    )
