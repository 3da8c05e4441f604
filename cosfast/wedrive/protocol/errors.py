"""The errors of WeDrive, and the table of which code makes which.

::

    cosfast.RequestError
        WeDriveError                the service said no: `errcode`, `errmsg`
            TokenError                  the token, the corpid or the secret is not accepted
            QuotaError                  the month's calls or the capacity are used up
            ThrottledError              too many calls in a short time, or too many at once
            NotFoundError               no such space or file
            PermissionDeniedError       the app or its token has no right to it
            ParameterError              the service does not take what was sent
                BlockRefusedError           a block; also a cosfast.IntegrityError
        UnconfirmedError            the answer was lost, and nothing tells what the call has done
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.errors import MAX_MESSAGE, AnswerError, IntegrityError, RequestError, TransportError
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Mapping

BUSY_RETRIES = 3
"""Retries after -1 at most, as the vendor asks."""

TOKEN_RETRIES = 2
"""Retries with a new token at most: fetching tokens often is blocked by the service."""


class WeDriveError(RequestError):
    """The service's own refusal.

    Args:
        errcode: Its code.
        errmsg: Its own words.
        context: `RequestError`'s keywords.
    """

    errcode: int
    errmsg: str

    def __init__(self, errcode: int, errmsg: str = "", **context: Any) -> None:
        errmsg = errmsg if len(errmsg) <= MAX_MESSAGE else errmsg[: MAX_MESSAGE - 3] + "..."
        advice = _ADVICE.get(errcode)
        said = f"{errcode} {errmsg}".rstrip()
        super().__init__(f"{said}; {advice}" if advice else said, **context)
        self.errcode = errcode
        self.errmsg = errmsg


class TokenError(WeDriveError):
    """The access token, the corpid or the secret is not accepted."""


class QuotaError(WeDriveError):
    """The month's calls, or the capacity of the space or the corporation, are used up."""


class ThrottledError(WeDriveError):
    """Too many calls in a short time, or too many at once: go slower."""


class NotFoundError(WeDriveError):
    """There is no such space or file, or it was deleted."""


class PermissionDeniedError(WeDriveError):
    """The app has no right to this, or the API is not switched on for it."""


class ParameterError(WeDriveError):
    """The service does not take what was sent."""


class BlockRefusedError(ParameterError, IntegrityError):
    """A block is not what the list says, or its upload is not known."""

    @classmethod
    def of(cls, refusal: ParameterError) -> BlockRefusedError:
        """Return the error for the refusal of a block."""
        error = cls(
            refusal.errcode,
            refusal.errmsg,
            operation=refusal.operation,
            target=refusal.target,
            http_status=refusal.http_status,
            retry_after=refusal.retry_after,
        )
        error.tries, error.tries_alike = refusal.tries, refusal.tries_alike
        return error


class UnconfirmedError(RequestError):
    """The answer was lost, and nothing tells whether the file is there: look before you repeat."""


_KINDS: Mapping[int, type[WeDriveError]] = {
    ErrCode.BAD_SECRET: TokenError,
    ErrCode.BAD_CORPID: TokenError,
    ErrCode.INVALID_TOKEN: TokenError,
    ErrCode.OTHER_SECRET: TokenError,
    ErrCode.TOKEN_MISSING: TokenError,
    ErrCode.TOKEN_EXPIRED: TokenError,
    ErrCode.TOO_MANY_CALLS: ThrottledError,
    ErrCode.TOO_MANY_AT_ONCE: ThrottledError,
    ErrCode.NO_PERMISSION: PermissionDeniedError,
    ErrCode.IP_NOT_ALLOWED: PermissionDeniedError,
    ErrCode.NO_SUCH_SPACE: NotFoundError,
    ErrCode.NO_SUCH_FILE: NotFoundError,
    ErrCode.FILE_DELETED: NotFoundError,
    ErrCode.NO_RIGHT: PermissionDeniedError,
    ErrCode.NO_RIGHT_TO_SPACE: PermissionDeniedError,
    ErrCode.SPACE_FULL: QuotaError,
    ErrCode.CORPORATION_FULL: QuotaError,
    ErrCode.BAD_NAME: ParameterError,
    ErrCode.BAD_JSON: ParameterError,
    ErrCode.API_OFF: PermissionDeniedError,
    ErrCode.API_OFF_FOR_APP: PermissionDeniedError,
    ErrCode.QUOTA_USED_UP: QuotaError,
    ErrCode.BAD_FATHERID: ParameterError,
    ErrCode.BAD_BASE64: ParameterError,
    ErrCode.BAD_FILEID: ParameterError,
    ErrCode.BAD_SPACEID: ParameterError,
    ErrCode.BAD_PARAMETER: ParameterError,
    ErrCode.NOT_A_PLAIN_FILE: ParameterError,
}

_ADVICE: Mapping[int, str] = {
    ErrCode.BAD_SECRET: "check the corpsecret",
    ErrCode.OTHER_SECRET: "check the corpsecret",
    ErrCode.BAD_CORPID: "check the corpid",
    ErrCode.NO_PERMISSION: "give the app the WeDrive API in the admin console",
    ErrCode.IP_NOT_ALLOWED: "add this machine's address to the app's trusted addresses",
    ErrCode.API_OFF: "switch the WeDrive API on in the admin console",
    ErrCode.API_OFF_FOR_APP: "switch the WeDrive API on in the admin console",
    ErrCode.SPACE_FULL: "make room in the space",
    ErrCode.CORPORATION_FULL: "make room, or buy capacity",
    ErrCode.QUOTA_USED_UP: "the calls of this month are used up; the same call later resumes",
    ErrCode.NOT_A_PLAIN_FILE: "it is a folder or an online document",
}

_RENEWABLE = frozenset({ErrCode.INVALID_TOKEN, ErrCode.TOKEN_EXPIRED, ErrCode.TOKEN_MISSING})
_SERVER_FAILURES = range(500, 600)


def wedrive_error(errcode: int, errmsg: str, **context: Any) -> WeDriveError:
    """Return the child of `WeDriveError` that `errcode` stands for."""
    return _KINDS.get(errcode, WeDriveError)(errcode, errmsg, **context)


def wants_new_token(error: RequestError) -> bool:
    """Tell whether the same request may succeed with another token."""
    return (
        isinstance(error, TokenError)
        and error.errcode in _RENEWABLE
        and error.tries_alike <= TOKEN_RETRIES
    )


def is_retryable(error: RequestError) -> bool:
    """Tell whether the same request may be sent again as it is.

    That is so for lost answers, HTTP 5xx without an `errcode`, too many calls, and -1, which is
    retried 3 times at most.
    """
    if isinstance(error, ThrottledError):
        return True
    if isinstance(error, WeDriveError):
        return error.errcode == ErrCode.BUSY and error.tries_alike <= BUSY_RETRIES
    if isinstance(error, AnswerError):
        return error.lost or error.http_status in _SERVER_FAILURES
    return isinstance(error, TransportError)
