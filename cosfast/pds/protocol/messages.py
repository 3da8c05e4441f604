"""Requests and their responses: JSON objects for the API, content for signed URLs."""

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
"""Operation of a request that sends a part, for error messages."""

_ANSWER_LIMIT = 16 * 1024 * 1024
_EXCERPT = 100
_SUCCESSES = range(200, 300)
_REFUSALS = range(300, 500)
_XML_FIELD = re.compile(rb"<(Code|Message|RequestId)>([^<]{0,2000})</\1>")


@dataclass(frozen=True)
class ApiRequest(Generic[T]):
    """A call of the API, without its access token.

    Attributes:
        operation: Name of the operation in the API.
        target: File, folder or other object of the call, for error messages.
        fields: JSON object that is sent.
        read: Converts a successful response to the result.
        answer_limit: Maximum size of the response in bytes.
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
        """Return the result of a response.

        Raises:
            PdsError: If the server refuses the request.
            AnswerError: If the response is not valid.
        """
        if response.status not in _SUCCESSES:
            raise _refusal(self, response)
        document = _parse(response.content)
        if not isinstance(document, dict):
            raise _answer_error(self, "the answer is not a JSON object", response, lost=True)
        return self.read(Answer(self, response.status, document))


class SignedUrl(Protocol):
    """A signed URL that can be replaced after it has expired. Threads may share it."""

    @property
    def current(self) -> PartUrl:
        """The current URL."""

    def renew(self, expired: PartUrl) -> None:
        """Fetch another URL, unless another thread has already replaced `expired`."""


@dataclass(frozen=True)
class ContentRequest:
    """A request that sends content to a signed URL, or fetches content from it.

    Attributes:
        operation: Name of the operation in error messages.
        target: File or part of the request, for error messages.
        method: ``PUT`` or ``GET``.
        signed: The signed URL.
        body: Content that is sent; None for no body.
        headers: Headers in addition to those of the body.
        answer_limit: Maximum size in bytes of a response that is read whole.
    """

    operation: str
    target: str
    method: str
    signed: SignedUrl = field(repr=False)
    body: Body | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    answer_limit: int = 1024 * 1024

    def read_response(self, response: HttpResponse) -> str:
        """Return the ETag of the part that the server received.

        Raises:
            PdsError: If the server refuses the request.
            AnswerError: If the response is not valid.
        """
        if response.status not in _SUCCESSES or self.method != "PUT":
            raise _refusal(self, response, signed=True)
        return header(response.headers, "ETag")


class DeleteRequest(ApiRequest[None]):
    """A call whose successful response may have no JSON object."""

    def read_response(self, response: HttpResponse) -> None:
        """Check the response; see `ApiRequest.read_response`."""
        if response.status not in _SUCCESSES:
            raise _refusal(self, response)


@dataclass(frozen=True)
class Answer:
    """A JSON object in a successful response, with typed access to its fields.

    Attributes:
        request: The call.
        http_status: HTTP status of the response.
        data: The object: the whole response, or an object in it.
    """

    request: ApiRequest[Any]
    http_status: int
    data: Mapping[str, Any]

    def text(self, name: str, default: str | None = None) -> str:
        """Return a string field; without a default it must exist and not be empty."""
        value = self.data.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value or default is not None):
            raise self.error(f"it has no text {name!r}")
        if not is_unicode(value):
            raise self.error(f"it has a text {name!r} that is not Unicode")
        return value

    def identifier(self, name: str) -> str:
        """Return an id field: visible ASCII of at most 200 characters."""
        value = self.text(name)
        if not ID.fullmatch(value):
            raise self.error(f"it has no usable id {name!r}")
        return value

    def flag(self, name: str) -> bool | None:
        """Return a boolean field; None if it is missing."""
        value = self.data.get(name)
        if not isinstance(value, (bool, type(None))):
            raise self.error(f"{name!r} is neither true nor false")
        return value

    def integer(self, name: str) -> int | None:
        """Return a non-negative integer field, sent as number or string; None if it is missing."""
        value = self.data.get(name)
        if value is None or value == "":
            return None
        number = whole_number(value)
        if number is None or number < 0:
            raise self.error(f"{name!r} is not a number")
        return number

    def objects(self, name: str) -> list[Answer]:
        """Return a field that is a list of JSON objects; empty if it is missing."""
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
        """Return the URLs in `part_info_list`, by part number."""
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
        """Return the error for a response that is not valid."""
        return AnswerError(
            reason,
            operation=self.request.operation,
            target=self.request.target,
            http_status=self.http_status,
        )


def _refusal(
    request: ApiRequest[Any] | ContentRequest, response: HttpResponse, *, signed: bool = False
) -> PdsError | AnswerError:
    """Return the error for a response, which is JSON from the API and XML from the storage."""
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
