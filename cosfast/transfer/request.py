"""A request and its response as data; how a service turns its calls into HTTP. Nothing here sends.

A service's protocol package builds a `Request`, which carries the function that reads its response.
Its `Service` encodes the request for one try: URL, headers, and a signature or token that is fresh.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cosfast.errors import RequestError

T_co = TypeVar("T_co", covariant=True)


class Body(Protocol):
    """A request body that can be sent any number of times, of a length known beforehand."""

    @property
    def content_type(self) -> str:
        """Value of the Content-Type header; empty for none."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[bytes | memoryview]: ...


class MemoryBody:
    """A body whose chunks are in memory, few, and can leave in one system call."""


@dataclass(frozen=True)
class HttpResponse:
    """A whole response.

    Attributes:
        status: The HTTP status.
        headers: Its headers; their names' case does not matter.
        content: The whole body.
    """

    status: int
    headers: Mapping[str, str]
    content: bytes = field(repr=False)


class Request(Protocol[T_co]):
    """What a service's protocol package builds: a call without a signature."""

    @property
    def operation(self) -> str:
        """The API's name for it."""

    @property
    def target(self) -> str:
        """What it is about, as errors name it."""

    @property
    def answer_limit(self) -> int:
        """Bytes beyond which a short answer is refused."""

    def read_response(self, response: HttpResponse) -> T_co:
        """Read the response, or raise the error that it stands for."""


@dataclass(frozen=True)
class HttpRequest:
    """A request for one try, complete and signed.

    Attributes:
        method: The HTTP method.
        url: The whole URL.
        headers: Those beside the session's and the body's own.
        body: What is sent; None for no body.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Body | None = field(default=None, repr=False)


class Service(Protocol):
    """How one service's requests become HTTP, and what it can mend by itself."""

    def encode(self, request: Request[object]) -> HttpRequest:
        """Return the request for one try: its URL, and a signature or a token that is fresh."""

    def is_retryable(self, error: RequestError, tried: HttpRequest | None) -> bool:
        """Return whether the same request may be sent again; may renew a token first.

        Args:
            error: How the try failed; `RequestError.tries_alike` counts those that failed so.
            tried: What was sent; None if it could not be encoded.
        """
