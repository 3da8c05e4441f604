"""The errors of cosfast.

::

    CosError
        InputError                  an argument, setting or file is not valid (also a ValueError)
        SourceChanged               the file changed while it was being read (also an OSError)
        Cancelled                   a CancelToken cancelled the transfer
        DeadlineExceeded            the transfer took longer than its deadline
        DeletionRefused             a sync would delete too much; nothing was changed
        IntegrityError              content does not match its SHA-1 or its size
        UnfinishedUploadError       an unfinished upload exists at the path
        MismatchError               the client found a mismatch; names the operation and its target
            ContentMismatchError        also an IntegrityError
            OtherUploadError            also an UnfinishedUploadError
        RequestError                a request failed; names the operation and its target
            TransportError          no complete response: connection, TLS, a truncated body
                TransportTimeout
            AnswerError             the response does not follow the protocol
            ServerError             the server refused: `code`, `message`, `request_id`
                AuthenticationError
                NotFoundError
                ExistsError
                IntegrityRefusal            also an IntegrityError
                SessionError
                ThrottledError
                UnfinishedUploadRefusal     also an UnfinishedUploadError

The table in `cosfast.cosv4.protocol.errors` maps result codes to classes of `ServerError`. Errors
pickle and copy with all attributes except their cause, so worker processes can raise them. No error
holds a key or a signature.
"""

from __future__ import annotations

from typing import Any

MAX_TEXT = 2000
"""Maximum number of characters in the text of an error, since a server may have sent part of it."""

MAX_MESSAGE = 300
"""Maximum number of characters that are kept of a server's message."""

MAX_REQUEST_ID = 100
"""Maximum number of characters that are kept of a request id."""


class CosError(Exception):
    """Base class of all errors of cosfast."""

    def __init__(self, message: str = "") -> None:
        super().__init__(_shortened(message, MAX_TEXT))

    def __reduce__(self) -> tuple[Any, ...]:
        # BaseException.__reduce__ would call the class with `args`, which hold only the message.
        return _restore, (type(self), self.args), self.__dict__


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def _restore(kind: type[CosError], args: tuple[Any, ...]) -> CosError:
    error = kind.__new__(kind, *args)
    error.args = args  # OSError sets them in __init__, which is not called here
    return error


class InputError(CosError, ValueError):
    """An argument, a setting or a file is not valid; the message names it."""


class SourceChanged(CosError, OSError):  # noqa: N818 - it reads as what happened
    """The source changed while it was being read.

    Args:
        path: The path of the file, or a description of another source.
        detail: What changed, in a few words.
    """

    path: str

    def __init__(self, path: str, detail: str = "it changed while it was being uploaded") -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path


class Cancelled(CosError):  # noqa: N818 - the caller asked for it
    """A `CancelToken` cancelled the transfer; the same call resumes it."""


class DeadlineExceeded(CosError):  # noqa: N818 - it reads as what happened
    """The transfer took longer than its deadline; the same call resumes it."""


class DeletionRefused(CosError):  # noqa: N818 - it reads as what happened
    """A sync would delete more than is allowed; nothing was transferred or deleted.

    Args:
        message: What would be deleted, and how to allow it.
        count: Number of files and folders that would be deleted.
        max_delete: The limit that `count` exceeds; None if the source holds no files.
    """

    count: int
    max_delete: int | None

    def __init__(self, message: str, *, count: int, max_delete: int | None = None) -> None:
        super().__init__(message)
        self.count = count
        self.max_delete = max_delete


class IntegrityError(CosError):
    """Content does not match its SHA-1 or its size, as the server or the client found."""


class UnfinishedUploadError(CosError):
    """An unfinished upload exists at the path: resume it, or overwrite it."""


class MismatchError(CosError):
    """The client found that the server's data differs from what is expected.

    The server did not refuse anything, so there is neither a result code nor an HTTP status.

    Args:
        reason: What differs.
        operation: The API's name of the request that showed it.
        target: The object of the request, such as ``cos://bucket/path``.
    """

    operation: str
    target: str

    def __init__(self, reason: str, *, operation: str, target: str) -> None:
        super().__init__(f"{operation} {target}: {reason}")
        self.operation = operation
        self.target = target


class ContentMismatchError(MismatchError, IntegrityError):
    """The content has a different SHA-1 than expected."""


class OtherUploadError(MismatchError, UnfinishedUploadError):
    """An unfinished upload of different content exists at the path."""


class RequestError(CosError):
    """A request failed.

    Args:
        reason: What went wrong.
        operation: The API's name of the request, such as ``upload_slice_data``.
        target: The object of the request, such as ``cos://bucket/path``.
        http_status: HTTP status of the response; None if there was none.
        retry_after: Seconds that the server asked to wait before a retry, or None.

    Attributes:
        tries: Number of the attempt that failed, from 1.
        tries_alike: How many attempts failed with this type of error, from 1.
    """

    operation: str
    target: str
    http_status: int | None
    retry_after: float | None
    tries: int = 1
    tries_alike: int = 1

    @property
    def tried_before(self) -> bool:
        """Whether an earlier attempt at the same request got no usable response.

        Then this refusal may be a consequence of what that attempt did.
        """
        return self.tries > 1

    @property
    def is_lost(self) -> bool:
        """Whether it tells nothing of what the server did, which may have done all or nothing."""
        return False

    def __init__(
        self,
        reason: str,
        *,
        operation: str = "",
        target: str = "",
        http_status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        call = f"{operation} {target}".strip()
        super().__init__(f"{call}: {reason}" if call else reason)
        self.operation = operation
        self.target = target
        self.http_status = http_status
        self.retry_after = retry_after


class TransportError(RequestError):
    """No complete response arrived; raised from the HTTP library's exception."""

    @property
    def is_lost(self) -> bool:  # noqa: D102 - see RequestError
        return True


class TransportTimeout(TransportError):  # noqa: N818 - it reads as what happened
    """No response arrived within the timeout."""


class AnswerError(RequestError):
    """The response is not JSON, lacks required fields, or contradicts itself.

    Args:
        reason: What is wrong with the response.
        excerpt: The beginning of the response, without anything that looks like a signature.
        lost: Whether the response says nothing about what the server did, such as a truncated one
            or a proxy's page: the request may have been carried out, or never have arrived.
        context: Keyword arguments of `RequestError`.
    """

    excerpt: str
    lost: bool

    def __init__(
        self, reason: str, *, excerpt: str = "", lost: bool = False, **context: Any
    ) -> None:
        status = context.get("http_status")
        reason = _shortened(reason, MAX_TEXT // 2)
        details = [f"HTTP {status}"] if status is not None else []
        if excerpt:
            details.append(f"it begins {excerpt!r}")
        super().__init__(f"{reason} ({', '.join(details)})" if details else reason, **context)
        self.excerpt = excerpt
        self.lost = lost

    @property
    def is_lost(self) -> bool:  # noqa: D102 - see RequestError
        return self.lost


class ServerError(RequestError):
    """The server refused the request (PROTOCOL.md, sections 1 and 7).

    Args:
        code: Result code, negative.
        message: The server's message.
        request_id: The server's id of the request, for its operators; empty if it sent none.
        http_status: HTTP status; a refusal may also have status 200.
        context: Other keyword arguments of `RequestError`.
    """

    code: int
    message: str
    request_id: str

    def __init__(
        self, code: int, message: str, request_id: str, http_status: int, **context: Any
    ) -> None:
        message = _shortened(message, MAX_MESSAGE)
        request_id = _shortened(request_id, MAX_REQUEST_ID)
        details = f"HTTP {http_status}"
        if request_id:
            details += f", request id {request_id}"
        said = f"{code} {message}".rstrip()
        super().__init__(f"{said} ({details})", http_status=http_status, **context)
        self.code = code
        self.message = message
        self.request_id = request_id


class AuthenticationError(ServerError):
    """The server did not accept the signature, the key, the clock or the account."""


class NotFoundError(ServerError):
    """Nothing exists at the path."""


class ExistsError(ServerError):
    """Something already exists at the path."""


class IntegrityRefusal(ServerError, IntegrityError):  # noqa: N818 - the server refused
    """The server received content that does not match the announced SHA-1 or size."""


class SessionError(ServerError):
    """The upload session is unknown, expired or unusable: the upload must start over."""


class ThrottledError(ServerError):
    """Too many requests: send fewer per second."""


class UnfinishedUploadRefusal(ServerError, UnfinishedUploadError):  # noqa: N818 - as above
    """The server has an unfinished upload of this path: list it and resume it."""
