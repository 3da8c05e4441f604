"""`PdsService`: encodes requests as HTTP, with a token or a signed URL for each attempt."""

from __future__ import annotations

from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.pds.errors import TokenError, UrlExpiredError, is_retryable
from cosfast.pds.protocol.messages import ContentRequest
from cosfast.transfer.bodies import JsonBody
from cosfast.transfer.request import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.errors import RequestError
    from cosfast.transfer.request import Body

_BEARER = "Bearer "


class Token:
    """An access token, and the function that renews it, if any. Threads may share it.

    Args:
        source: The token, or a function that returns a valid one.

    Raises:
        InputError: If it is neither.
    """

    def __init__(self, source: str | Callable[[], str]) -> None:
        if not callable(source):
            _check_token(source)
        self._source = source
        self._lock = Lock()
        self._current: str | None = None if callable(source) else source

    def current(self) -> str:
        """Return the current token."""
        with self._lock:
            if self._current is None and callable(self._source):
                self._current = _check_token(self._source())
            return self._current or ""

    def renew(self, refused: str) -> bool:
        """Replace a token that was refused; return whether the current one is different."""
        with self._lock:
            if self._current == refused and callable(self._source):
                self._current = _check_token(self._source())
            return self._current != refused

    def __repr__(self) -> str:
        return f"<Token from {'a callable' if callable(self._source) else 'text'}>"


class PdsService:
    """How requests are encoded as HTTP; implements `cosfast.transfer.request.Service`.

    Args:
        token: Token that is sent with each call of the API, but not to signed URLs.
        base_url: Scheme, host and port, without a slash at the end.
    """

    def __init__(self, token: Token, base_url: str) -> None:
        self._token = token
        self._base_url = base_url

    def encode(self, request: Any) -> HttpRequest:
        """Return a request for one attempt, with an access token or a signed URL."""
        if not isinstance(request, ContentRequest):
            return HttpRequest(
                "POST",
                self._base_url + request.path,
                headers={"Authorization": _BEARER + self._token.current()},
                body=JsonBody(request.fields),
            )
        given = request.signed.current
        body = request.body
        return _SignedRequest(
            request.method,
            given.url,
            headers=request.headers,
            body=None if body is None else _TypedBody(body, given.content_type),
            renew=lambda: request.signed.renew(given),
        )

    def is_retryable(self, error: RequestError, tried: HttpRequest | None) -> bool:
        """Return whether the request may be retried; renew a refused token or an expired URL."""
        if isinstance(tried, _SignedRequest):
            if isinstance(error, UrlExpiredError):
                tried.renew()
                return True
        elif isinstance(error, TokenError) and tried is not None:
            return self._token.renew(tried.headers["Authorization"].removeprefix(_BEARER))
        return is_retryable(error)


@dataclass(frozen=True)
class _SignedRequest(HttpRequest):
    """A request to a signed URL; `renew` fetches another URL for the next attempt."""

    renew: Callable[[], object] = field(kw_only=True, repr=False)


class _TypedBody:
    """A body with the Content-Type that its signed URL requires."""

    def __init__(self, body: Body, content_type: str) -> None:
        self.content_type = content_type
        self._body = body

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        return iter(self._body)


def _check_token(token: object) -> str:
    if not isinstance(token, str):
        raise InputError(
            f"the token must be text or a callable that returns text, not {type(token).__name__}"
        )
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise InputError("the token is empty, or has characters that no access token has")
    return token
