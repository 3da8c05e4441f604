"""`Request` and `Answer`: one request of the API and its successful response."""

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
"""How `op` and the fields are sent; ``none`` if there are none, as for a download."""

MIN_ANSWER_LIMIT = 4 * 1024 * 1024
"""Maximum bytes of a response, unless its length depends on the request."""

_SUCCESSES = range(200, 300)
_REFUSALS = range(300, 500)


def read_nothing(answer: Answer) -> None:
    """Ignore the data of a successful response."""
    del answer


@dataclass(frozen=True)
class Request(Generic[T_co]):
    """A request without a signature, since each attempt needs a new one.

    Attributes:
        operation: The API's name of the request, which is also the value of its field `op`.
        method: HTTP method.
        address: File or folder of the request.
        signing: Kind of signature that it needs.
        encoding: How the fields are sent.
        fields: Names and values in addition to `op`, in the order in which they are sent.
        content: Value of `filecontent`, any bytes-like object, or None.
        headers: Headers in addition to Authorization and those of the body.
        location: Full URL to use instead of the API's, for downloads.
        answer_limit: Maximum bytes of the response; a larger one is not read.
        read: Reads a successful response.
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
        """The address, as errors name it."""
        return str(self.address)

    def read_response(self, response: HttpResponse) -> T_co:
        """Read a complete response.

        Raises:
            CosError: As `read_answer` and the request's `read` do.
        """
        answer = read_answer(self, response.status, response.headers, response.content)
        return self.read(answer)

    def url(self, base: str) -> str:
        """Return the full URL; `base` is the result of `api_base`."""
        url = self.location or base + self.address.url_path
        if self.encoding != "query":
            return url
        return f"{url}?{urlencode(self._wire_fields(), quote_via=quote)}"

    def encode(self) -> Body | None:
        """Return a new body, which has a `content_type`; None if the request has no body.

        Raises:
            InputError: If a field or the content cannot be encoded.
        """
        if self.encoding == "multipart":
            return MultipartBody(self._wire_fields(), self.content)
        if self.encoding == "json":
            return JsonBody(self._wire_fields())
        return None

    def field(self, name: str) -> str | None:
        """Return the value of the field `name`, or None if the request does not have it."""
        return dict(self.fields).get(name)

    def _wire_fields(self) -> tuple[tuple[str, str], ...]:
        return (("op", self.operation), *self.fields)


@dataclass(frozen=True)
class Answer:
    """A successful response, with typed access to its `data`.

    Attributes:
        request: The request.
        http_status: HTTP status.
        request_id: The server's id of the request; empty if it sent none.
        data: Fields of the response.
    """

    request: Request[Any]
    http_status: int
    request_id: str
    data: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text field; without a default, the field is required and not empty.

        Raises:
            AnswerError: If the field is missing or not text.
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
        """Return a whole number from 0 to 2**63 - 1, sent as a number or as text.

        Raises:
            AnswerError: If the field is missing and has no default, or is not such a number.
        """
        value = self.data.get(name)
        if default is not None and value is None:
            return default
        number = whole_number(value)
        if number is None or number < 0:
            raise self.error(f"the response has no number {name!r} from 0 to 2^63 - 1")
        return number

    def sha1(self) -> str | None:
        """Return the field `sha` in lower case, or None if it is missing or empty.

        Raises:
            AnswerError: If it is not 40 hex digits.
        """
        sha1 = self.text("sha", "")
        if sha1 and not is_hex(sha1, 40):
            raise self.error("the response has a 'sha' that is not 40 hex digits")
        return sha1.lower() or None

    def error(self, reason: str, *, lost: bool = False) -> AnswerError:
        """Return an error about this response; see `AnswerError.lost`."""
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
    """Read the envelope of every JSON response (PROTOCOL.md, section 1).

    Args:
        request: The request.
        http_status: HTTP status.
        headers: Headers of the response, with names in any case.
        body: The complete body.

    Raises:
        ServerError: If `code` is not 0; the subclass depends on the code.
        AnswerError: If the response is not JSON, not an object, has no `code`, or if its code and
            HTTP status contradict each other. A response that is not JSON is `lost`, since it does
            not tell what the server did, unless its status shows that a proxy refused the request.
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
        reason = "the response is not JSON"
        raise answer_error(reason, body, http_status=http_status, lost=lost, **context)
    if not isinstance(envelope, dict) or code is None:
        raise answer_error("the response has no code", body, http_status=http_status, **context)
    request_id = _words(envelope.get("request_id")) or header(headers, "x-cos-request-id")
    if code:
        message = _words(envelope.get("message"))
        raise server_error(code, message, request_id, http_status, **context)
    data = envelope.get("data")
    if http_status not in _SUCCESSES or not isinstance(data, (dict, type(None))):
        reason = "the response has code 0, but its HTTP status or its data is not that of a success"
        raise answer_error(reason, body, http_status=http_status, **context)
    return Answer(request, http_status, excerpt(request_id, MAX_REQUEST_ID), data or {})


def _words(value: object) -> str:
    """Return text or a number as text; other values are ignored, as `str` could overflow."""
    return str(value) if isinstance(value, (str, int)) and value else ""


_NOT_JSON = object()


def _parse(body: bytes) -> object:
    try:
        return load_json(body)
    except ValueError:
        return _NOT_JSON
