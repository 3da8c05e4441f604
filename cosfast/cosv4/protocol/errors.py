"""From a failed call to the error it deserves, and whether asking again makes sense."""

from __future__ import annotations

import email.utils
import re
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.codes import RETRYABLE_CODES, Code
from cosfast.errors import (
    MAX_MESSAGE,
    MAX_REQUEST_ID,
    AnswerError,
    AuthenticationError,
    ExistsError,
    IntegrityError,
    NotFoundError,
    ServerError,
    SessionError,
    ThrottledError,
    TransportError,
    UnfinishedUploadError,
)
from cosfast.parsing import parse_digits

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
    Code.SHA_DIFFERS: IntegrityError,
    Code.SIZE_DIFFERS: IntegrityError,
    Code.SLICE_SHA_MISMATCH: IntegrityError,
    Code.SHA1_MISMATCH: IntegrityError,
    Code.BAD_SESSION: SessionError,
    Code.SESSION_UNREADABLE: SessionError,
    Code.WRONG_SESSION: SessionError,
    Code.INDEX_DELETED: SessionError,
    Code.UPLOAD_AGAIN: SessionError,
    Code.TOO_MANY_REQUESTS: ThrottledError,
    Code.UNFINISHED_UPLOAD: UnfinishedUploadError,
}

# For codes without a name: a listing of nothing is promised a 404, not a code (section 4).
_KINDS_BY_STATUS: Mapping[int, type[ServerError]] = {
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
}

_SERVER_FAILURES = range(500, 600)
_EXCERPT_LENGTH = 100
_SEARCHED = 4096  # characters, of which less is shown: a signature that is cut is not

# A signature is well over a hundred base64 characters; a SHA-1 in hex, which may stay, is 40.
_LONG_TOKEN = re.compile(r"[A-Za-z0-9+/=%\\_-]{41,}")
_LABELLED = re.compile(r"(?i)\b(sign|authorization)(\W{1,5})\S+")


def server_error(
    code: int, message: str, request_id: str, http_status: int, **context: Any
) -> ServerError:
    """Return the child of `ServerError` that `code`, or else the HTTP status, stands for."""
    kind = _KINDS.get(code) or _KINDS_BY_STATUS.get(http_status, ServerError)
    message, request_id = shown(message, MAX_MESSAGE), shown(request_id, MAX_REQUEST_ID)
    return kind(code, message, request_id, http_status, **context)


def answer_error(reason: str, body: bytes, **context: Any) -> AnswerError:
    """Return the error for an answer that cannot be read, with how its body begins."""
    beginning = redacted(body[:_SEARCHED].decode(errors="replace"))
    return AnswerError(reason, excerpt=" ".join(beginning.split())[:_EXCERPT_LENGTH], **context)


def is_retryable(error: BaseException) -> bool:
    """Tell whether the same request may be sent again (PROTOCOL.md, section 7, "Retry").

    That is so for transport errors, answers that are as good as lost, HTTP 5xx and
    `RETRYABLE_CODES`; never blindly for others.
    """
    if isinstance(error, TransportError):
        return True
    if isinstance(error, AnswerError) and error.lost:
        return True
    if isinstance(error, ServerError) and error.code in RETRYABLE_CODES:
        return True
    return isinstance(error, (ServerError, AnswerError)) and error.http_status in _SERVER_FAILURES


def redacted(text: str) -> str:
    """Return `text` without anything that could be a signature, or that cannot be encoded.

    A server or a proxy in between may repeat the request's headers or its URL in its answer, and
    an HTTP library's exception may quote the URL.
    """
    text = text.encode(errors="replace").decode()
    return _LABELLED.sub(r"\1\2[...]", _LONG_TOKEN.sub("[...]", text))


def shown(text: str, length: int) -> str:
    """Return what of a server's text may be shown: nothing secret, and no more than `length`."""
    return redacted(text[:_SEARCHED])[:length]


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110, section 10.2.3), or None.

    A date is counted from the answer's own `Date`, so that a wrong clock here does no harm;
    without that, or where the header is malformed, the answer is None.
    """
    value = header(headers, "Retry-After").strip()
    seconds = parse_digits(value)
    if seconds is not None:
        return float(seconds)
    until, now = _timestamp(value), _timestamp(header(headers, "Date"))
    if until is None or now is None:
        return None
    return max(0.0, until - now)


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header's value, whatever the case of its name, or an empty text."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def _timestamp(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
