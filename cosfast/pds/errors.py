"""The errors of PDS, and the table of error codes.

::

    CosError
        RequestError
            PdsError                the service refused the request: `code`, `message`,
                                    `http_status`, `request_id`
                TokenError              the access token is invalid or expired
                ForbiddenError          the token does not permit the request
                UrlExpiredError         a signed URL has expired
                NotFoundError           the file, folder or drive does not exist
                ExistsError             the name is taken; `file_id` is the existing entry, if known
                SessionError            the upload is unknown, finished or expired
                PartExistsError         the server already has the part
                PartOrderError          the part was sent before an earlier part
                ParallelUploadError     the domain accepts parts only in order
                PreHashMatchedError     the server may have the content; it requires the full hash
                IntegrityRefusal        the received bytes do not match the hash or the context;
                                        also a cosfast.IntegrityError
                QuotaError              the drive is full
                ThrottledError          too many requests
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.errors import (
    MAX_MESSAGE,
    MAX_REQUEST_ID,
    AnswerError,
    IntegrityError,
    RequestError,
    TransportError,
)
from cosfast.transfer.redaction import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_CODE = 100
"""Maximum number of characters of a code; the rest is cut off."""


class PdsError(RequestError):
    """A request that the service refused.

    Args:
        code: The service's code, such as ``NotFound.File``; empty if it sent none.
        message: The service's message.
        http_status: HTTP status of the response.
        request_id: The service's id of the request; empty if it sent none.
        context: Keyword arguments of `RequestError`.
    """

    code: str
    message: str
    request_id: str

    def __init__(
        self, code: str, message: str, http_status: int, request_id: str = "", **context: Any
    ) -> None:
        details = f"HTTP {http_status}"
        if request_id:
            details += f", request id {request_id}"
        said = f"{code} {message}".strip() or "refused"
        super().__init__(f"{said} ({details})", http_status=http_status, **context)
        self.code = code
        self.message = message
        self.request_id = request_id


class TokenError(PdsError):
    """The access token is invalid or has expired."""


class ForbiddenError(PdsError):
    """The token does not permit the request."""


class UrlExpiredError(PdsError):
    """A signed URL has expired."""


class NotFoundError(PdsError):
    """The file, folder or drive does not exist."""


class ExistsError(PdsError):
    """The name is taken.

    Attributes:
        file_id: Id of the entry that has the name; empty if the server does not send it.
    """

    file_id: str = ""


class SessionError(PdsError):
    """The upload is unknown, finished or expired; it has to start over."""


class PartExistsError(PdsError):
    """The server already has the part."""


class PartOrderError(PdsError):
    """The part was sent before an earlier part, and the server accepts parts only in order."""


class ParallelUploadError(PdsError):
    """The domain accepts parts only in order."""


class PreHashMatchedError(PdsError):
    """The server may have the content; it requires the hash of the whole content."""


class IntegrityRefusal(PdsError, IntegrityError):  # noqa: N818 - a response, not a failure
    """The received bytes do not match the hash or the context that was sent."""


class QuotaError(PdsError):
    """The drive is full."""


class ThrottledError(PdsError):
    """Too many requests; reduce their rate."""


# The longest listed prefix of a code decides: "NotFound.File" is treated as "NotFound".
_KINDS: Mapping[str, type[PdsError]] = {
    "AccessTokenInvalid": TokenError,
    "AccessTokenExpired": TokenError,
    "TokenExpired": TokenError,
    "ForbiddenNoPermission": ForbiddenError,
    "NotFound": NotFoundError,
    "NotFound.UploadId": SessionError,
    "NoSuchUpload": SessionError,
    "AlreadyExist": ExistsError,
    "PartAlreadyExist": PartExistsError,
    "PartNotSequential": PartOrderError,
    "InvalidParameterNotSupported.ParallelUpload": ParallelUploadError,
    "PreHashMatched": PreHashMatchedError,
    "ContentHashNotMatch": IntegrityRefusal,
    "InvalidParameter.ContentHash": IntegrityRefusal,
    "InvalidDigest": IntegrityRefusal,
    "PartHashNotMatch": IntegrityRefusal,
    "QuotaExhausted": QuotaError,
    "ExceedQuota": QuotaError,
    "TooManyRequests": ThrottledError,
    "Throttling": ThrottledError,
}

_KINDS_BY_STATUS: Mapping[int, type[PdsError]] = {
    401: TokenError,
    403: ForbiddenError,
    404: NotFoundError,
    429: ThrottledError,
}

PART_KINDS: Mapping[int, type[PdsError]] = {404: SessionError, 409: PartExistsError}
"""Errors by HTTP status when a part is sent; the storage's response may have no code."""

_FORBIDDEN = 403

_SERVER_FAILURES = range(500, 600)


def pds_error(
    code: str,
    message: str,
    http_status: int,
    request_id: str,
    *,
    kinds: Mapping[int, type[PdsError]] | None = None,
    signed: bool = False,
    **context: Any,
) -> PdsError:
    """Return the error for a code, or for the HTTP status if the code is not known.

    Args:
        code: The service's code; may be empty.
        message: The service's message.
        http_status: HTTP status of the response.
        request_id: The service's id of the request.
        kinds: Errors by HTTP status that are specific to this request.
        signed: Whether the request was sent to a signed URL instead of the API.
        context: Keyword arguments of `RequestError`.
    """
    by_status = {**_KINDS_BY_STATUS, **(kinds or {})}
    kind = _kind_of(code) or by_status.get(http_status, PdsError)
    if signed and http_status == _FORBIDDEN and "expired" in message.lower():
        kind = UrlExpiredError
    return kind(
        excerpt(code, MAX_CODE),
        excerpt(message, MAX_MESSAGE),
        http_status,
        excerpt(request_id, MAX_REQUEST_ID),
        **context,
    )


def is_retryable(error: RequestError) -> bool:
    """Return whether the request may be retried without a change."""
    if isinstance(error, (TransportError, ThrottledError)):
        return True
    if isinstance(error, AnswerError) and error.lost:
        return True
    return isinstance(error, (PdsError, AnswerError)) and error.http_status in _SERVER_FAILURES


def _kind_of(code: str) -> type[PdsError] | None:
    while code:
        if code in _KINDS:
            return _KINDS[code]
        code = code.rpartition(".")[0]
    return None
