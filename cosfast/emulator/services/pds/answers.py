"""Responses of PDS: JSON of the API and XML of the storage at signed URLs, also for refusals."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from aiohttp import web

from cosfast.emulator.errors import BadRequestError, Problem, RefusalError
from cosfast.emulator.wire.http import SERVER

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATUSES: Mapping[str, int] = {
    "AccessTokenInvalid": 401,
    "AccessTokenExpired": 401,
    "TokenExpired": 401,
    "AccessDenied": 403,
    "SignatureDoesNotMatch": 403,
    "NotFound.File": 404,
    "NotFound.UploadId": 404,
    "NotFound.Operation": 404,
    "NoSuchUpload": 404,
    "NoSuchKey": 404,
    "MethodNotAllowed": 405,
    "AlreadyExist.File": 409,
    "PreHashMatched": 409,
    "PartAlreadyExist": 409,
    "TooManyRequests": 429,
    "InternalError": 500,
    "ServiceUnavailable": 503,
    "InsufficientStorage": 507,
}
_CODES = {
    Problem.MALFORMED: "InvalidParameter",
    Problem.TOO_LARGE: "EntityTooLarge",
    Problem.NOT_FOUND: "NotFound.Operation",
    Problem.DISK_FULL: "InsufficientStorage",
    Problem.INTERNAL: "InternalError",
}
_MESSAGES = {"AccessDenied": "Request has expired."}


class RefusedError(RefusalError):
    """A request that is refused with a code of PDS; HTTP status 400 unless in `_STATUSES`."""

    def __init__(self, code: str, message: str, *, close: bool = False) -> None:
        super().__init__(message, close=close)
        self.code = code


def refused_by_fault(code: int | str) -> RefusedError:
    """Return the refusal for the code of the fault `Refusal`."""
    code = str(code)
    return RefusedError(code, _MESSAGES.get(code, "a fault that was asked for"))


def code_of(error: RefusalError) -> str:
    """Return the code of a refusal."""
    if isinstance(error, RefusedError):
        return error.code
    return _CODES[error.problem] if isinstance(error, BadRequestError) else "InternalError"


def success(data: Mapping[str, object] | None, request_id: str, status: int = 200) -> web.Response:
    """Return the response of a successful operation; without data it has no body."""
    body = b"" if data is None else json.dumps(data, separators=(",", ":")).encode("ascii")
    headers = common_headers(request_id)
    if data is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
    return web.Response(status=status, body=body, headers=headers)


def failure(error: RefusalError, request_id: str, *, of_storage: bool) -> web.Response:
    """Return the response to a refused request.

    Args:
        error: Reason of the refusal.
        request_id: Id of the request.
        of_storage: Whether the request was sent to a signed URL; then the response is XML.
    """
    code = code_of(error)
    headers = common_headers(request_id)
    if of_storage:
        headers["Content-Type"] = "application/xml"
        fields = (("Code", code), ("Message", error.message), ("RequestId", request_id))
        inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in fields)
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    else:
        headers["Content-Type"] = "application/json; charset=utf-8"
        body = json.dumps({"code": code, "message": error.message})
    response = web.Response(status=_STATUSES.get(code, 400), body=body.encode(), headers=headers)
    if error.close:
        response.force_close()
    return response


def common_headers(request_id: str) -> dict[str, str]:
    """Return the headers of every response, including those with content."""
    return {"Server": SERVER, "x-ca-request-id": request_id, "x-oss-request-id": request_id}
