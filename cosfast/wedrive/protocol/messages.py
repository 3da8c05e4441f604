"""`Request` and `Answer`: one call before it is sent and after it came back."""

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
"""Bytes that an answer may have whose length does not depend on what was asked."""

CONTENT_FIELD = "file_base64_content"

_EXCERPT_LENGTH = 100
_REFUSALS = range(300, 500)


def read_nothing(answer: Answer) -> None:
    """Read an answer that says success and no more."""
    del answer


@dataclass(frozen=True)
class Request(Generic[T_co]):
    """A call, without its access token.

    Attributes:
        operation: Its path below ``/cgi-bin/``, such as ``wedrive/file_upload_part``.
        target: What it is about, as errors name it; never a secret.
        fields: The JSON object that is sent; None for a GET.
        content: The bytes of `CONTENT_FIELD`; None without one.
        query: What follows the URL's ``?`` in the place of the access token, a secret; None for
            the token.
        secrets: Texts that the service's own words must not repeat.
        answer_limit: Bytes of the largest answer that makes sense.
        read: Reads the successful answer.
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
        """The path of its URL."""
        return f"/cgi-bin/{self.operation}"

    def encode(self) -> Body | None:
        """Return a new body; None for a GET."""
        if self.fields is None:
            return None
        if self.content is None:
            return JsonBody(self.fields)
        return Base64JsonBody(self.fields, CONTENT_FIELD, self.content)

    def read_response(self, response: HttpResponse) -> T_co:
        """Read a whole response.

        Raises:
            CosError: As `read_answer` does, and what the answer's own reader raises.
        """
        return self.read(read_answer(self, response.status, response.headers, response.content))


@dataclass(frozen=True)
class Answer:
    """A JSON object that the service sent, and typed access to its fields.

    Attributes:
        request: What was asked.
        http_status: The answer's.
        data: The object: of the answer itself, or one within it.
    """

    request: Request[Any]
    http_status: int
    data: Mapping[str, Any] = field(repr=False)

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not be empty.

        Raises:
            AnswerError: If it is missing or not a text.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        if not isinstance(value, str) or not (value or default is not None):
            raise self.error(f"the answer has no text {name!r}")
        if not is_unicode(value):
            raise self.error(f"the answer has a text {name!r} that is not Unicode")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number from 0 to 2**63 - 1, be it sent as a number or as text.

        Raises:
            AnswerError: If it is missing, without a default, or something else.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        number = whole_number(value)
        if number is None or number < 0:
            raise self.error(f"the answer has no number {name!r}")
        return number

    def boolean(self, name: str) -> bool:
        """Return a truth value, which is false if it is missing.

        Raises:
            AnswerError: If it is something else.
        """
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            raise self.error(f"the answer's {name!r} is neither true nor false")
        return value

    def inner(self, name: str) -> Answer:
        """Return an object within this one.

        Raises:
            AnswerError: If it is missing or not an object.
        """
        value = self.data.get(name)
        if not isinstance(value, dict):
            raise self.error(f"the answer has no object {name!r}")
        return Answer(self.request, self.http_status, value)

    def error(self, reason: str) -> AnswerError:
        """Return the error that says what is wrong with this answer."""
        return AnswerError(
            reason,
            operation=self.request.operation,
            target=self.request.target,
            http_status=self.http_status,
        )


def read_answer(
    request: Request[Any], http_status: int, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Read the object that every answer is; its `errcode` decides, whatever the HTTP status.

    Args:
        request: What was asked.
        http_status: The answer's.
        headers: The answer's; their names' case does not matter.
        body: The whole body.

    Raises:
        WeDriveError: If `errcode` is not 0; the child that it stands for.
        AnswerError: If it is not a JSON object with an `errcode`. One that is not JSON is `lost`,
            unless it is the page of a proxy that refuses.
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
            "the answer is not JSON", excerpt=_excerpt(request, body), lost=lost, **context
        ) from None
    errcode = whole_number(document.get("errcode")) if isinstance(document, dict) else None
    if not isinstance(document, dict) or errcode is None:
        raise AnswerError("the answer has no errcode", excerpt=_excerpt(request, body), **context)
    if errcode:
        errmsg = document.get("errmsg")
        words = _without(request.secrets, errmsg) if isinstance(errmsg, str) else ""
        raise wedrive_error(errcode, excerpt(words, MAX_MESSAGE), **context)
    return Answer(request, http_status, document)


def _excerpt(request: Request[Any], body: bytes) -> str:
    """Return how a body that cannot be read begins, unless it holds a secret."""
    if any(secret.encode() in body for secret in request.secrets):
        return ""
    return excerpt_of_body(body, _EXCERPT_LENGTH)


def _without(secrets: tuple[str, ...], words: str) -> str:
    for secret in secrets:
        words = words.replace(secret, "[...]")
    return words
