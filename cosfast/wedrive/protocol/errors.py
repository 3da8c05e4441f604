"""The errors of WeDrive, and the table of error codes.

::

    cosfast.RequestError
        WeDriveError                the service refused the call: `errcode`, `errmsg`
            TokenError                  the token, the corpid or the secret is not accepted
            QuotaError                  the calls of the month or the capacity are used up
            ThrottledError              too many calls in a short time, or too many concurrent ones
            NotFoundError               the space or file does not exist
            PermissionDeniedError       the app has no permission, or the API is not enabled
            ParameterError              the service does not accept a parameter
                BlockRefusedError           a block was refused; also a cosfast.IntegrityError
        UnconfirmedError            the response was lost, and the outcome cannot be looked up
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.errors import MAX_MESSAGE, AnswerError, IntegrityError, RequestError, TransportError
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Mapping

BUSY_RETRIES = 3
"""Maximum number of retries after code -1, as the vendor requires."""

TOKEN_RETRIES = 2
"""Maximum number of retries with a new token: the service blocks clients that fetch many."""


class WeDriveError(RequestError):
    """An error code of the service.

    Args:
        errcode: The code.
        errmsg: The service's message.
        context: Keyword arguments of `RequestError`.
    """

    errcode: int
    errmsg: str

    def __init__(self, errcode: int, errmsg: str = "", **context: Any) -> None:
        errmsg = errmsg if len(errmsg) <= MAX_MESSAGE else errmsg[: MAX_MESSAGE - 3] + "..."
        advice = _ADVICE.get(errcode)
        message = f"{errcode} {errmsg}".rstrip()
        super().__init__(f"{message}; {advice}" if advice else message, **context)
        self.errcode = errcode
        self.errmsg = errmsg


class TokenError(WeDriveError):
    """The access token, the corpid or the secret is not accepted."""


class QuotaError(WeDriveError):
    """The calls of the month, or the capacity of the space or the corporation, are used up."""


class ThrottledError(WeDriveError):
    """Too many calls in a short time, or too many concurrent calls; reduce their number."""


class NotFoundError(WeDriveError):
    """The space or file does not exist, or was deleted."""


class PermissionDeniedError(WeDriveError):
    """The app has no permission, or the API is not enabled for it."""


class ParameterError(WeDriveError):
    """The service does not accept a parameter."""


class BlockRefusedError(ParameterError, IntegrityError):
    """A block does not match the parts list, or the service does not know its upload."""

    @classmethod
    def of(cls, refusal: ParameterError) -> BlockRefusedError:
        """Return the error for a block, given the service's error."""
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
    """The response was lost; check whether the file exists before you repeat the call."""


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
    ErrCode.NO_PERMISSION: "grant the app the WeDrive API in the admin console",
    ErrCode.IP_NOT_ALLOWED: "add this machine's IP address to the trusted addresses of the app",
    ErrCode.API_OFF: "enable the WeDrive API in the admin console",
    ErrCode.API_OFF_FOR_APP: "enable the WeDrive API in the admin console",
    ErrCode.SPACE_FULL: "delete files in the space",
    ErrCode.CORPORATION_FULL: "delete files, or buy capacity",
    ErrCode.QUOTA_USED_UP: "the calls of this month are used up; repeat the call later to resume",
    ErrCode.NOT_A_PLAIN_FILE: "it is a folder or an online document; choose a regular file",
}

_RENEWABLE = frozenset({ErrCode.INVALID_TOKEN, ErrCode.TOKEN_EXPIRED, ErrCode.TOKEN_MISSING})
_SERVER_FAILURES = range(500, 600)


def wedrive_error(errcode: int, errmsg: str, **context: Any) -> WeDriveError:
    """Return the error for `errcode`, of a subclass of `WeDriveError` if there is one."""
    return _KINDS.get(errcode, WeDriveError)(errcode, errmsg, **context)


def wants_new_token(error: RequestError) -> bool:
    """Return whether the request may succeed with another token."""
    return (
        isinstance(error, TokenError)
        and error.errcode in _RENEWABLE
        and error.tries_alike <= TOKEN_RETRIES
    )


def is_retryable(error: RequestError) -> bool:
    """Return whether the request may be retried without a change.

    It may after a lost response, HTTP 5xx without an `errcode`, throttling, and code -1, at most 3
    times.
    """
    if isinstance(error, ThrottledError):
        return True
    if isinstance(error, WeDriveError):
        return error.errcode == ErrCode.BUSY and error.tries_alike <= BUSY_RETRIES
    if isinstance(error, AnswerError):
        return error.lost or error.http_status in _SERVER_FAILURES
    return isinstance(error, TransportError)
