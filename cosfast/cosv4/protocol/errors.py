"""The errors of failed requests, and which of them are retryable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.codes import RETRYABLE_CODES, Code
from cosfast.errors import (
    MAX_MESSAGE,
    MAX_REQUEST_ID,
    AnswerError,
    AuthenticationError,
    ExistsError,
    IntegrityRefusal,
    NotFoundError,
    ServerError,
    SessionError,
    ThrottledError,
    TransportError,
    UnfinishedUploadRefusal,
)
from cosfast.transfer.redaction import excerpt, excerpt_of_body

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: Mapping[int, type[ServerError]] = {
    Code.BUCKET_MISMATCH: AuthenticationError,
    Code.APPID_MISMATCH: AuthenticationError,
    Code.FILEID_MISMATCH: AuthenticationError,
    Code.ONCE_WITH_EXPIRY: AuthenticationError,
    Code.REUSABLE_WITHOUT_EXPIRY: AuthenticationError,
    Code.ONCE_USED_AGAIN: AuthenticationError,
    Code.UNKNOWN_SECRET_ID: AuthenticationError,
    Code.BAD_APPID: AuthenticationError,
    Code.SIGNATURE_MISSING: AuthenticationError,
    Code.SIGNATURE_EXPIRED: AuthenticationError,
    Code.SIGNATURE_WRONG: AuthenticationError,
    Code.INDEX_MISSING: NotFoundError,
    Code.NOT_FOUND: NotFoundError,
    Code.ALREADY_EXISTS: ExistsError,
    Code.PATH_CONFLICT: ExistsError,
    Code.SAME_FILE_EXISTS: ExistsError,
    Code.SHA_DIFFERS: IntegrityRefusal,
    Code.SIZE_DIFFERS: IntegrityRefusal,
    Code.SLICE_SHA_MISMATCH: IntegrityRefusal,
    Code.SHA1_MISMATCH: IntegrityRefusal,
    Code.BAD_SESSION: SessionError,
    Code.SESSION_UNREADABLE: SessionError,
    Code.WRONG_SESSION: SessionError,
    Code.INDEX_DELETED: SessionError,
    Code.UPLOAD_AGAIN: SessionError,
    Code.TOO_MANY_REQUESTS: ThrottledError,
    Code.UNFINISHED_UPLOAD: UnfinishedUploadRefusal,
}

# For unknown codes: `upload_slice_list` of nothing gets a 404 without a fixed code (section 4).
_KINDS_BY_STATUS: Mapping[int, type[ServerError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
}

_SERVER_FAILURES = range(500, 600)
_EXCERPT_LENGTH = 100


def server_error(
    code: int, message: str, request_id: str, http_status: int, **context: Any
) -> ServerError:
    """Return an error of the subclass of `ServerError` for `code`, else for the HTTP status."""
    kind = _KINDS.get(code) or _KINDS_BY_STATUS.get(http_status, ServerError)
    message = excerpt(message, MAX_MESSAGE)
    return kind(code, message, excerpt(request_id, MAX_REQUEST_ID), http_status, **context)


def answer_error(reason: str, body: bytes, **context: Any) -> AnswerError:
    """Return the error for an unreadable response, with the beginning of its body."""
    return AnswerError(reason, excerpt=excerpt_of_body(body, _EXCERPT_LENGTH), **context)


def is_retryable(error: BaseException) -> bool:
    """Return whether the same request may be sent again (PROTOCOL.md, section 7, "Retry").

    Transport errors, lost responses, HTTP 5xx and `RETRYABLE_CODES` are retryable.
    """
    if isinstance(error, TransportError):
        return True
    if isinstance(error, AnswerError) and error.lost:
        return True
    if isinstance(error, ServerError) and error.code in RETRYABLE_CODES:
        return True
    return isinstance(error, (ServerError, AnswerError)) and error.http_status in _SERVER_FAILURES
