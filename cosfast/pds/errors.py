"""What PDS refuses: `PdsError` and its children.

::

    CosError
        RequestError
            PdsError                a refusal: `code`, `message`, `http_status`, `request_id`
                TokenError              the access token is invalid or expired
                ForbiddenError          the token does not allow it
                UrlExpiredError         a signed URL has expired
                NotFoundError           there is no such file, folder or drive
                ExistsError             the name is taken: `file_id` says by what, if that is known
                SessionError            the upload is unknown, finished or expired
                PartExistsError         the part is there already
                PartOrderError          the part came before those in front of it
                ParallelUploadError     the domain takes parts in order only
                PreHashMatchedError     the server may have the content: it wants the whole hash
                IntegrityRefusal        what arrived is not what was announced; also an
                                        IntegrityError
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
"""Characters that are kept of a code."""


class PdsError(RequestError):
    """A refusal of the server.

    Args:
        code: Its code, such as ``NotFound.File``; empty if it gave none.
        message: Its own words.
        http_status: The HTTP status.
        request_id: Its name for the call; empty if it gave none.
        context: `RequestError`'s keywords.
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
    """The token does not allow it."""


class UrlExpiredError(PdsError):
    """A signed URL has expired."""


class NotFoundError(PdsError):
    """There is no such file, folder or drive."""


class ExistsError(PdsError):
    """The name is taken.

    Attributes:
        file_id: What has it; empty if the server does not say.
    """

    file_id: str = ""


class SessionError(PdsError):
    """The upload is unknown, finished or expired: it has to start over."""


class PartExistsError(PdsError):
    """The part is there already."""


class PartOrderError(PdsError):
    """The part came before those in front of it, and the server takes them in order only."""


class ParallelUploadError(PdsError):
    """The domain takes parts in order only."""


class PreHashMatchedError(PdsError):
    """The server may have the content: it wants the hash of all of it."""


class IntegrityRefusal(PdsError, IntegrityError):  # noqa: N818 - an answer, not a failure
    """What arrived is not what the hash or the context announced."""


class QuotaError(PdsError):
    """The drive is full."""


class ThrottledError(PdsError):
    """Too many requests: go slower."""


# A code counts as far as it is here: "NotFound.File" is "NotFound". The longest one decides.
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
"""What a status means when a part is sent; the storage's answer may have no code."""

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
    """Return the child of `PdsError` that the code, or else the HTTP status, stands for.

    Args:
        code: The server's code; may be empty.
        message: Its words.
        http_status: The HTTP status.
        request_id: Its name for the call.
        kinds: What statuses mean for this request, if that is something of its own.
        signed: Whether a signed URL was requested, rather than the API.
        context: `RequestError`'s keywords.
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
    """Tell whether the same request may be sent again as it is."""
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
