"""`Request` and `Answer`: a call, and its response with typed access to the fields."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cosfast.errors import MAX_MESSAGE, AnswerError
from cosfast.parsing import is_unicode, load_json, whole_number
from cosfast.transfer.bodies import Base64JsonBody, JsonBody
from cosfast.transfer.headers import retry_after
from cosfast.transfer.redaction import excerpt, excerpt_of_body
from cosfast.wedrive.protocol.errors import wedrive_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cosfast.transfer.request import Body, HttpResponse

T_co = TypeVar("T_co", covariant=True)

ANSWER_LIMIT = 4 * 1024 * 1024
"""Maximum size in bytes of a response whose length does not depend on the call."""

CONTENT_FIELD = "file_base64_content"

_EXCERPT_LENGTH = 100
_REFUSALS = range(300, 500)


def read_nothing(answer: Answer) -> None:
    """Read a response that contains nothing but success."""
    del answer


@dataclass(frozen=True)
class Request(Generic[T_co]):
    """A call, without its access token.

    Attributes:
        operation: Path below ``/cgi-bin/``, such as ``wedrive/file_upload_part``.
        target: File, folder or other object of the call, for error messages; never a secret.
        fields: JSON object that is sent; None for a GET.
        content: Bytes of `CONTENT_FIELD`; None without that field.
        query: Query of the URL, a secret; None for a query with the access token.
        secrets: Strings that are removed from messages of the service.
        answer_limit: Maximum size of the response in bytes.
        read: Converts a successful response to the result.
    """

    operation: str
    target: str
    fields: Mapping[str, Any] | None = field(default=None, repr=False)
    content: memoryview | None = field(default=None, repr=False)
    query: str | None = field(default=None, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    answer_limit: int = ANSWER_LIMIT
    read: Callable[[Answer], T_co] = field(default=read_nothing, repr=False, compare=False)  # type: ignore[assignment]

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET" if self.fields is None else "POST"

    @property
    def path(self) -> str:
        """The path of the URL."""
        return f"/cgi-bin/{self.operation}"

    def encode(self) -> Body | None:
        """Return the body; None for a GET."""
        if self.fields is None:
            return None
        if self.content is None:
            return JsonBody(self.fields)
        return Base64JsonBody(self.fields, CONTENT_FIELD, self.content)

    def read_response(self, response: HttpResponse) -> T_co:
        """Return the result of a response.

        Raises:
            CosError: As `read_answer` does, or if `read` raises it.
        """
        return self.read(read_answer(self, response.status, response.headers, response.content))


@dataclass(frozen=True)
class Answer:
    """A JSON object in a response, with typed access to its fields.

    Attributes:
        request: The call.
        http_status: HTTP status of the response.
        data: The object: the whole response, or an object in it.
    """

    request: Request[Any]
    http_status: int
    data: Mapping[str, Any] = field(repr=False)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string field; without a default it must exist and not be empty.

        Raises:
            AnswerError: If the field is missing, empty or not a valid string.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        if not isinstance(value, str) or not (value or default is not None):
            raise self.error(f"the response has no text {name!r}")
        if not is_unicode(value):
            raise self.error(f"the response has a text {name!r} that is not valid Unicode")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """Return an integer field from 0 to 2**63 - 1, sent as a number or as a string.

        Raises:
            AnswerError: If the field is not valid, or is missing and has no default.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        number = whole_number(value)
        if number is None or number < 0:
            raise self.error(f"the response has no number {name!r} from 0 to 2^63 - 1")
        return number

    def boolean(self, name: str) -> bool:
        """Return a boolean field; a missing one is false.

        Raises:
            AnswerError: If the field is not a boolean.
        """
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            raise self.error(f"the response has a {name!r} that is neither true nor false")
        return value

    def inner(self, name: str) -> Answer:
        """Return an object field.

        Raises:
            AnswerError: If the field is missing or not an object.
        """
        value = self.data.get(name)
        if not isinstance(value, dict):
            raise self.error(f"the response has no object {name!r}")
        return Answer(self.request, self.http_status, value)

    def error(self, reason: str) -> AnswerError:
        """Return the error for a response that is not valid."""
        return AnswerError(
            reason,
            operation=self.request.operation,
            target=self.request.target,
            http_status=self.http_status,
        )


def read_answer(
    request: Request[Any], http_status: int, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Read a response, which is a JSON object; its `errcode` counts, not the HTTP status.

    Args:
        request: The call.
        http_status: HTTP status of the response.
        headers: Headers of the response; the case of their names does not matter.
        body: The whole body.

    Raises:
        WeDriveError: If `errcode` is not 0; of the subclass for that code.
        AnswerError: If the response is not a JSON object with an `errcode`. If it is not JSON, it
            is `lost`, unless it is the page of a proxy that refuses the request.
    """
    context: dict[str, Any] = {
        "operation": request.operation,
        "target": request.target,
        "http_status": http_status,
        "retry_after": retry_after(headers),
    }
    try:
        document = load_json(body)
    except ValueError:
        lost = http_status not in _REFUSALS or body.lstrip().startswith(b"{")
        raise AnswerError(
            "the response is not JSON", excerpt=_excerpt(request, body), lost=lost, **context
        ) from None
    errcode = whole_number(document.get("errcode")) if isinstance(document, dict) else None
    if not isinstance(document, dict) or errcode is None:
        raise AnswerError("the response has no errcode", excerpt=_excerpt(request, body), **context)
    if errcode:
        errmsg = document.get("errmsg")
        message = _without(request.secrets, errmsg) if isinstance(errmsg, str) else ""
        raise wedrive_error(errcode, excerpt(message, MAX_MESSAGE), **context)
    return Answer(request, http_status, document)


def _excerpt(request: Request[Any], body: bytes) -> str:
    """Return the beginning of a body that cannot be parsed; empty if it contains a secret."""
    if any(secret.encode() in body for secret in request.secrets):
        return ""
    return excerpt_of_body(body, _EXCERPT_LENGTH)


def _without(secrets: tuple[str, ...], message: str) -> str:
    for secret in secrets:
        message = message.replace(secret, "[...]")
    return message
