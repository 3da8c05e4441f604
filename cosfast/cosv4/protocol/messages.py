"""`Request` and `Answer`: one call of the API before it is sent and after it came back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar
from urllib.parse import quote, urlencode

from cosfast.cosv4.protocol.errors import answer_error, server_error
from cosfast.cosv4.protocol.multipart import Body, JsonBody, MultipartBody
from cosfast.cosv4.protocol.validation import is_hex
from cosfast.errors import MAX_REQUEST_ID, AnswerError
from cosfast.parsing import is_unicode, load_json, whole_number
from cosfast.transfer.headers import header, retry_after
from cosfast.transfer.redaction import excerpt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.transfer.request import HttpResponse

T_co = TypeVar("T_co", covariant=True)

Signing = Literal["reusable", "once", "download"]
"""The kinds of signature (PROTOCOL.md, section 2)."""

Encoding = Literal["multipart", "json", "query", "none"]
"""How `op` and the fields travel; ``none``: there are none, as for a download."""

MIN_ANSWER_LIMIT = 4 * 1024 * 1024
"""Bytes that any answer may have; one whose length depends on what was asked may have more."""

_SUCCESSES = range(200, 300)
_REFUSALS = range(300, 500)


def read_nothing(answer: Answer) -> None:
    """Read an answer that says success and no more."""
    del answer


@dataclass(frozen=True)
class Request(Generic[T_co]):
    """What to ask, without a signature: each try needs a fresh one.

    Attributes:
        operation: the API's name for it, which is also the value of its `op` field.
        method: the HTTP method.
        address: the file or folder it is about.
        signing: which kind of signature it needs.
        encoding: how the fields travel.
        fields: names and values beside `op`, in the order they are sent.
        content: the bytes of `filecontent`, any bytes-like object, or None where there is none.
        headers: what must be sent beside Authorization and the body's own headers.
        location: a whole URL in place of the API's, for downloads.
        answer_limit: bytes of the largest answer that makes sense; a larger one is not read.
        read: reads the successful answer.
    """

    operation: str
    method: str
    address: ObjectAddress
    signing: Signing
    encoding: Encoding
    fields: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    content: Any = field(default=None, repr=False)
    headers: tuple[tuple[str, str], ...] = ()
    location: str | None = None
    answer_limit: int = MIN_ANSWER_LIMIT
    read: Callable[[Answer], T_co] = field(default=read_nothing, repr=False, compare=False)  # type: ignore[assignment]

    @property
    def target(self) -> str:
        """What it is about, as errors name it."""
        return str(self.address)

    def read_response(self, response: HttpResponse) -> T_co:
        """Read a whole response.

        Raises:
            CosError: As `read_answer` does, and what the answer's own reader raises.
        """
        answer = read_answer(self, response.status, response.headers, response.content)
        return self.read(answer)

    def url(self, base: str) -> str:
        """Return the whole URL; `base` is what `api_base` returned."""
        url = self.location or base + self.address.url_path
        if self.encoding != "query":
            return url
        return f"{url}?{urlencode(self._wire_fields(), quote_via=quote)}"

    def encode(self) -> Body | None:
        """Return a new body, to be sent with its own `content_type`, or None where there is none.

        Raises:
            InputError: where a field or the content cannot be sent.
        """
        if self.encoding == "multipart":
            return MultipartBody(self._wire_fields(), self.content)
        if self.encoding == "json":
            return JsonBody(self._wire_fields())
        return None

    def field(self, name: str) -> str | None:
        """Return the value of the field `name`, or None where it is not sent."""
        return dict(self.fields).get(name)

    def _wire_fields(self) -> tuple[tuple[str, str], ...]:
        return (("op", self.operation), *self.fields)


@dataclass(frozen=True)
class Answer:
    """A successful answer, and typed access to its `data`.

    Attributes:
        request: what was asked.
        http_status: the answer's.
        request_id: the server's name for the call; empty where it gave none.
        data: the fields of the answer.
    """

    request: Request[Any]
    http_status: int
    request_id: str
    data: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not be empty.

        Raises:
            AnswerError: where it is missing or not a text.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        if not isinstance(value, str) or not (value or default is not None):
            raise self.error(f"data has no text {name!r}")
        if not is_unicode(value):
            raise self.error(f"data has a text {name!r} that is not Unicode")
        return value

    def integer(self, name: str, default: int | None = None) -> int:
        """Return a whole number from 0 to 2**63 - 1, be it sent as a number or as text.

        Raises:
            AnswerError: where it is missing, without a default, or something else.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        number = whole_number(value)
        if number is None or number < 0:
            raise self.error(f"data has no number {name!r}")
        return number

    def sha(self) -> str | None:
        """Return the field `sha` in lower case, or None where the server has none.

        Raises:
            AnswerError: where it is not 40 hex digits.
        """
        sha = self.text("sha", "")
        if sha and not is_hex(sha, 40):
            raise self.error("data has a sha that is not 40 hex digits")
        return sha.lower() or None

    def error(self, reason: str, *, lost: bool = False) -> AnswerError:
        """Return the error that says what is wrong with this answer; see `AnswerError.lost`."""
        return AnswerError(
            reason,
            operation=self.request.operation,
            target=str(self.request.address),
            http_status=self.http_status,
            lost=lost,
        )


def read_answer(
    request: Request[Any], http_status: int, headers: Mapping[str, str], body: bytes
) -> Answer:
    """Read the envelope that every JSON answer comes in (PROTOCOL.md, section 1).

    Args:
        request: what was asked.
        http_status: the answer's.
        headers: the answer's; their names' case does not matter.
        body: the whole body.

    Raises:
        ServerError: where `code` is not 0; the child that the code stands for.
        AnswerError: where it is not JSON, not an object, has no `code`, or says success with an
            HTTP status that does not. One that is not JSON is `lost`, since it tells nothing
            about what the server did; unless it is the page of a proxy that refuses.
    """
    context: dict[str, Any] = {
        "operation": request.operation,
        "target": str(request.address),
        "retry_after": retry_after(headers),
    }
    envelope = _parse(body)
    code = whole_number(envelope.get("code")) if isinstance(envelope, dict) else None
    if envelope is _NOT_JSON:
        lost = http_status not in _REFUSALS or body.lstrip().startswith(b"{")
        reason = "the answer is not JSON"
        raise answer_error(reason, body, http_status=http_status, lost=lost, **context)
    if not isinstance(envelope, dict) or code is None:
        raise answer_error("the answer has no code", body, http_status=http_status, **context)
    request_id = _words(envelope.get("request_id")) or header(headers, "x-cos-request-id")
    if code:
        message = _words(envelope.get("message"))
        raise server_error(code, message, request_id, http_status, **context)
    data = envelope.get("data")
    if http_status not in _SUCCESSES or not isinstance(data, (dict, type(None))):
        reason = "the answer says success, but its HTTP status or its data do not"
        raise answer_error(reason, body, http_status=http_status, **context)
    return Answer(request, http_status, excerpt(request_id, MAX_REQUEST_ID), data or {})


def _words(value: object) -> str:
    """Return text or a number as text; the rest says nothing, and may be nested too deeply."""
    return str(value) if isinstance(value, (str, int)) and value else ""


_NOT_JSON = object()


def _parse(body: bytes) -> object:
    try:
        return load_json(body)
    except ValueError:
        return _NOT_JSON
