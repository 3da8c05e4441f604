"""Every error that cosfast raises on purpose.

::

    CosError
        InputError                  what the caller gave is wrong (also a ValueError)
        SourceChanged               the file changed while it was being read (also an OSError)
        Cancelled                   a CancelToken stopped it
        DeadlineExceeded            its time was over
        DeletionRefused             a sync would delete too much; nothing was changed
        IntegrityError              content is not what was announced
        UnfinishedUploadError       an unfinished upload of the path is in the way
        MismatchError               found here, by comparing; names the operation and its target
            ContentMismatchError        also an IntegrityError
            OtherUploadError            also an UnfinishedUploadError
        RequestError                a call of the API failed; names the operation and its target
            TransportError          no answer came: connection, TLS, a broken body
                TransportTimeout
            AnswerError             an answer came that the protocol does not allow
            ServerError             the server said no: `code`, `message`, `request_id`
                AuthenticationError
                NotFoundError
                ExistsError
                IntegrityRefusal            also an IntegrityError
                SessionError
                ThrottledError
                UnfinishedUploadRefusal     also an UnfinishedUploadError

Which code makes which `ServerError` is the table in `cosfast.cosv4.protocol.errors`. All of them
pickle and copy with every attribute, so that a worker process can raise them; what they were
raised from stays behind. None of them ever holds a key or a signature.
"""

from __future__ import annotations

from typing import Any

MAX_TEXT = 2000
"""Characters in the text of an error at most: part of it may be a server's."""

MAX_MESSAGE = 300
"""Characters that are kept of a server's own words."""

MAX_REQUEST_ID = 100
"""Characters that are kept of a server's name for a call."""


class CosError(Exception):
    """The base of all of them."""

    def __init__(self, message: str = "") -> None:
        super().__init__(_shortened(message, MAX_TEXT))

    def __reduce__(self) -> tuple[Any, ...]:
        # Exception's own way calls the class with `args`, which here are only the message.
        return _restore, (type(self), self.args), self.__dict__


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 3] + "..."


def _restore(kind: type[CosError], args: tuple[Any, ...]) -> CosError:
    error = kind.__new__(kind, *args)
    error.args = args  # OSError's __new__ leaves that to its __init__
    return error


class InputError(CosError, ValueError):
    """An argument, a setting or a file that cannot be what was meant; the message names it."""


class SourceChanged(CosError, OSError):  # noqa: N818 - it reads as what happened
    """The source is no longer what it was when the upload began.

    Args:
        path: the file, or what stands for it.
        detail: what differs, in a few words.
    """

    path: str

    def __init__(self, path: str, detail: str = "it changed while it was being uploaded") -> None:
        super().__init__(f"{path}: {detail}")
        self.path = path


class Cancelled(CosError):  # noqa: N818 - no error of anybody's
    """A `CancelToken` was used; what the server has by then can be gone on with."""


class DeadlineExceeded(CosError):  # noqa: N818 - it reads as what happened
    """The deadline was over; what the server has by then can be gone on with."""


class DeletionRefused(CosError):  # noqa: N818 - it reads as what happened
    """A sync would delete more than it may; nothing was transferred or deleted.

    Args:
        message: what would be deleted, and how to allow it.
        count: files and folders that would be deleted.
        max_delete: the limit that this exceeds; None if the source holds no files.
    """

    count: int
    max_delete: int | None

    def __init__(self, message: str, *, count: int, max_delete: int | None = None) -> None:
        super().__init__(message)
        self.count = count
        self.max_delete = max_delete


class IntegrityError(CosError):
    """Content is not what its SHA-1 or its size announced: the server says so, or it shows here."""


class UnfinishedUploadError(CosError):
    """An unfinished upload of the path exists: resume it, or overwrite it."""


class MismatchError(CosError):
    """What the server has is not what it should be, found by comparing here.

    No answer of the server says so, hence there is neither a code nor an HTTP status.

    Args:
        reason: what differs.
        operation: the API's name for the call that showed it.
        target: what it is about, such as ``cos://bucket/path``.
    """

    operation: str
    target: str

    def __init__(self, reason: str, *, operation: str, target: str) -> None:
        super().__init__(f"{operation} {target}: {reason}")
        self.operation = operation
        self.target = target


class ContentMismatchError(MismatchError, IntegrityError):
    """Content has another SHA-1 than it should have."""


class OtherUploadError(MismatchError, UnfinishedUploadError):
    """An unfinished upload of other content is at the path."""


class RequestError(CosError):
    """A call of the API that did not end well.

    Args:
        reason: what went wrong.
        operation: the API's name for the call, such as ``upload_slice_data``.
        target: what it was about, such as ``cos://bucket/path``.
        http_status: the answer's, or None where no answer came.
        retry_after: seconds that the server asked to be left alone, or None.

    Attributes:
        tried_before: whether the same request was sent before without an answer that could be
            used: then this refusal may be about what that try has done.
    """

    operation: str
    target: str
    http_status: int | None
    retry_after: float | None
    tried_before: bool = False

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
    """No answer came, or not all of it; raised from the HTTP library's own exception."""


class TransportTimeout(TransportError):  # noqa: N818 - it reads as what happened
    """No answer came in the time allowed."""


class AnswerError(RequestError):
    """An answer that is not JSON, or lacks what the protocol promises, or contradicts itself.

    Args:
        reason: what is wrong with it.
        excerpt: how it begins, a short text without anything that looks like a signature.
        lost: whether it tells nothing about what the server did, as when it is truncated or a
            proxy's page: the request may have been carried out, or never have arrived.
        context: `RequestError`'s keywords.
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


class ServerError(RequestError):
    """The server's own refusal (PROTOCOL.md, sections 1 and 7).

    Args:
        code: its result code, negative.
        message: its own words.
        request_id: what its operators can find the call by; empty where it gave none.
        http_status: which says little: refusals come with HTTP 200 too.
        context: `RequestError`'s other keywords.
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
    """The signature, the key, the clock or the account is not accepted."""


class NotFoundError(ServerError):
    """There is nothing of that name."""


class ExistsError(ServerError):
    """There is something of that name already."""


class IntegrityRefusal(ServerError, IntegrityError):  # noqa: N818 - an answer, not a failure
    """What arrived is not what the SHA-1 or the size announced."""


class SessionError(ServerError):
    """The upload session is unknown, expired or spoilt: the upload has to start over."""


class ThrottledError(ServerError):
    """Too many requests: go slower."""


class UnfinishedUploadRefusal(ServerError, UnfinishedUploadError):  # noqa: N818 - as above
    """An unfinished upload of this path exists: list it and resume it."""
