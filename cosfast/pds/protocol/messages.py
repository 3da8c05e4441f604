"""Requests and answers: to the API with a JSON object, to the storage with content."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from cosfast.errors import AnswerError
from cosfast.parsing import is_unicode, load_json, whole_number
from cosfast.pds.errors import PART_KINDS, pds_error
from cosfast.pds.protocol.values import ID, PartUrl
from cosfast.transfer.headers import header, retry_after
from cosfast.transfer.redaction import excerpt_of_body
from cosfast.transfer.urls import is_signed_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cosfast.pds.errors import PdsError
    from cosfast.transfer.request import Body, HttpResponse

T = TypeVar("T")

PUT_PART = "put_part"
"""What errors call sending a part."""

_ANSWER_LIMIT = 16 * 1024 * 1024
_EXCERPT = 100
_SUCCESSES = range(200, 300)
_REFUSALS = range(300, 500)
_XML_FIELD = re.compile(rb"<(Code|Message|RequestId)>([^<]{0,2000})</\1>")


@dataclass(frozen=True)
class ApiRequest(Generic[T]):
    """A call of the API, without a token.

    Attributes:
        operation: The API's name for it.
        target: What it is about, as errors name it.
        fields: The JSON object that is sent.
        read: Reads the successful answer.
        answer_limit: Bytes of the largest answer that makes sense.
    """

    operation: str
    target: str
    fields: Mapping[str, Any] = field(repr=False)
    read: Callable[[Answer], T] = field(repr=False)
    answer_limit: int = _ANSWER_LIMIT

    @property
    def path(self) -> str:
        """The path of the URL."""
        return f"/v2/file/{self.operation}"

    def read_response(self, response: HttpResponse) -> T:
        """Read the response.

        Raises:
            PdsError: If the server refuses.
            AnswerError: If the answer is not what the protocol promises.
        """
        if response.status not in _SUCCESSES:
            raise _refusal(self, response)
        document = _parse(response.content)
        if not isinstance(document, dict):
            raise _answer_error(self, "the answer is not a JSON object", response, lost=True)
        return self.read(Answer(self, response.status, document))


class SignedUrl(Protocol):
    """A signed URL that can be replaced once it has expired. Threads may share it."""

    @property
    def current(self) -> PartUrl:
        """The URL to use now."""

    def renew(self, expired: PartUrl) -> None:
        """Fetch another one, unless another thread has already replaced `expired`."""


@dataclass(frozen=True)
class ContentRequest:
    """Content sent to or fetched from a signed URL.

    Attributes:
        operation: What errors call it.
        target: What it is about, as errors name it.
        method: ``PUT`` or ``GET``.
        signed: The URL.
        body: What is sent; None for nothing.
        headers: Beside those of the body.
        answer_limit: Bytes of the largest answer that is read whole.
    """

    operation: str
    target: str
    method: str
    signed: SignedUrl = field(repr=False)
    body: Body | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    answer_limit: int = 1024 * 1024

    def read_response(self, response: HttpResponse) -> str:
        """Return the ETag of the part that was taken.

        Raises:
            PdsError: If the server refuses.
            AnswerError: If the answer is not what the protocol promises.
        """
        if response.status not in _SUCCESSES or self.method != "PUT":
            raise _refusal(self, response, signed=True)
        return header(response.headers, "ETag")


class DeleteRequest(ApiRequest[None]):
    """A call whose success may come without a JSON object."""

    def read_response(self, response: HttpResponse) -> None:
        """Read the response; see `ApiRequest.read_response`."""
        if response.status not in _SUCCESSES:
            raise _refusal(self, response)


@dataclass(frozen=True)
class Answer:
    """A successful answer, and typed access to its fields.

    Attributes:
        request: What was asked.
        http_status: The HTTP status.
        data: The JSON object.
    """

    request: ApiRequest[Any]
    http_status: int
    data: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there and not be empty."""
        value = self.data.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value or default is not None):
            raise self.error(f"it has no text {name!r}")
        if not is_unicode(value):
            raise self.error(f"it has a text {name!r} that is not Unicode")
        return value

    def identifier(self, name: str) -> str:
        """Return an id: visible ASCII, 200 characters at most."""
        value = self.text(name)
        if not ID.fullmatch(value):
            raise self.error(f"it has no usable id {name!r}")
        return value

    def flag(self, name: str) -> bool | None:
        """Return true or false; None if it is absent."""
        value = self.data.get(name)
        if not isinstance(value, (bool, type(None))):
            raise self.error(f"{name!r} is neither true nor false")
        return value

    def integer(self, name: str) -> int | None:
        """Return a whole number from 0, be it sent as a number or as text; None if it is absent."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        number = whole_number(value)
        if number is None or number < 0:
            raise self.error(f"{name!r} is not a number")
        return number

    def objects(self, name: str) -> list[Answer]:
        """Return a list of JSON objects; empty if it is absent."""
        value = self.data.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
            raise self.error(f"{name!r} is not a list of objects")
        return [Answer(self.request, self.http_status, each) for each in value]

    def part_number(self) -> int:
        """Return the number of a part, from 1."""
        number = self.integer("part_number")
        if not number:
            raise self.error("a part has no number")
        return number

    def part_urls(self) -> dict[int, PartUrl]:
        """Return the URLs of `part_info_list`, by the parts' numbers."""
        found = {}
        for part in self.objects("part_info_list"):
            url, content_type = part.text("upload_url", ""), part.text("content_type", "")
            if not url:
                continue
            if not is_signed_url(url):
                raise self.error("it has an upload_url that cannot be requested")
            if not content_type.isascii() or not (content_type.isprintable() or not content_type):
                raise self.error("it has a content_type that cannot be sent")
            found[part.part_number()] = PartUrl(url, content_type)
        return found

    def error(self, reason: str) -> AnswerError:
        """Return the error that says what is wrong with this answer."""
        return AnswerError(
            reason,
            operation=self.request.operation,
            target=self.request.target,
            http_status=self.http_status,
        )


def _refusal(
    request: ApiRequest[Any] | ContentRequest, response: HttpResponse, *, signed: bool = False
) -> PdsError | AnswerError:
    """Return the error that a response stands for: JSON of the API, XML of the storage."""
    told = _told_by_json(response.content)
    if not told and signed:
        told = _told_by_xml(response.content)
    is_known = bool(told) or (signed and response.status in _REFUSALS)
    if not is_known or response.status in _SUCCESSES:
        lost = response.status not in _REFUSALS
        return _answer_error(request, "the answer is not of the protocol", response, lost=lost)
    code, message, request_id = (told.get(name, "") for name in ("code", "message", "request_id"))
    return pds_error(
        code,
        message,
        response.status,
        header(response.headers, "x-ca-request-id") or request_id,
        kinds=PART_KINDS if signed and request.operation == PUT_PART else None,
        signed=signed,
        operation=request.operation,
        target=request.target,
        retry_after=retry_after(response.headers),
    )


def _told_by_json(content: bytes) -> dict[str, str]:
    document = _parse(content)
    if not isinstance(document, dict) or not isinstance(document.get("code"), str):
        return {}
    return {name: value for name, value in document.items() if isinstance(value, str)}


def _told_by_xml(content: bytes) -> dict[str, str]:
    names = {b"Code": "code", b"Message": "message", b"RequestId": "request_id"}
    return {
        names[name]: value.decode(errors="replace") for name, value in _XML_FIELD.findall(content)
    }


def _answer_error(
    request: ApiRequest[Any] | ContentRequest, reason: str, response: HttpResponse, *, lost: bool
) -> AnswerError:
    return AnswerError(
        reason,
        excerpt=excerpt_of_body(response.content, _EXCERPT),
        lost=lost,
        operation=request.operation,
        target=request.target,
        http_status=response.status,
        retry_after=retry_after(response.headers),
    )


def _parse(content: bytes) -> object:
    try:
        return load_json(content)
    except ValueError:
        return None
