"""`CosService`: COS v4 requests as HTTP requests, signed for each attempt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.errors import is_retryable
from cosfast.transfer.request import HttpRequest

if TYPE_CHECKING:
    from cosfast.cosv4.credentials import Credentials
    from cosfast.errors import RequestError


class CosService:
    """Encodes and signs COS v4 requests (see `cosfast.transfer.request.Service`).

    Args:
        credentials: Sign each attempt, since a signature may expire while a request waits.
        base_url: Scheme, host and port, without a trailing slash.
    """

    def __init__(self, credentials: Credentials, base_url: str) -> None:
        self._credentials = credentials
        self._base_url = base_url

    def encode(self, request: Any) -> HttpRequest:
        """Return a COS `Request` as HTTP for one attempt, with a new signature."""
        return HttpRequest(
            method=request.method,
            url=request.url(self._base_url),
            headers={
                **dict(request.headers),
                "Authorization": self._credentials.sign_request(request),
            },
            body=request.encode(),
        )

    def is_retryable(self, error: RequestError, tried: HttpRequest | None) -> bool:
        """Return whether the same request may be sent again (PROTOCOL.md, section 7)."""
        del tried
        return is_retryable(error)
