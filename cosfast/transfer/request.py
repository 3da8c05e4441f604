"""Requests and responses as data, and the interface of a service. Nothing here sends.

The protocol package of a service builds a `Request`, which also reads its response. The `Service`
encodes the request for one attempt: URL, headers, and a new signature or a valid token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cosfast.errors import RequestError

T_co = TypeVar("T_co", covariant=True)


class Body(Protocol):
    """A request body of known length that can be sent several times."""

    @property
    def content_type(self) -> str:
        """Value of the `Content-Type` header; empty to send no such header."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes | memoryview]: ...


class MemoryBody:
    """A body of few chunks in memory, which can be sent in one system call."""


@dataclass(frozen=True)
class HttpResponse:
    """A complete response.

    Attributes:
        status: The HTTP status.
        headers: The headers; the case of their names does not matter.
        content: The whole body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class Request(Protocol[T_co]):
    """A request to a service, without a signature."""

    @property
    def operation(self) -> str:
        """Name of the operation in the service's API."""

    @property
    def target(self) -> str:
        """File, folder or other object of the request, for error messages."""

    @property
    def answer_limit(self) -> int:
        """Maximum size in bytes of a response that is not content."""

    def read_response(self, response: HttpResponse) -> T_co:
        """Return the result of a response, or raise the error that it reports."""


@dataclass(frozen=True)
class HttpRequest:
    """A request for one attempt, complete and signed.

    Attributes:
        method: The HTTP method.
        url: The whole URL.
        headers: Headers in addition to those of the session and of the body.
        body: The body; None for no body.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = field(default=None, repr=False)


class Service(Protocol):
    """How the requests of one service are encoded as HTTP, and which failures it can handle."""

    def encode(self, request: Request[object]) -> HttpRequest:
        """Return a request for one attempt, with a new signature or a valid token."""

    def is_retryable(self, error: RequestError, tried: HttpRequest | None) -> bool:
        """Return whether the request may be retried; a token may be renewed before that.

        Args:
            error: Why the attempt failed; `RequestError.tries_alike` counts the attempts that
                failed with the same type of error.
            tried: The attempt; None if the request could not be encoded.
        """
