"""`Incoming`: an answer that is bytes, read straight into memory that is there already."""

from __future__ import annotations

from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, Callable

import requests
from urllib3.exceptions import HTTPError

from cosfast.errors import AnswerError, TransportError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.protocol.messages import Request

BROKEN = (requests.RequestException, HTTPError, HTTPException, OSError)
"""What reading from a connection may raise."""


class Incoming:
    """The head of an answer, and its body as it arrives.

    Args:
        request: what was asked.
        response: the answer, whose body nobody has read from.
        explain: turns what a connection raises into our error.
    """

    def __init__(
        self,
        request: Request,
        response: requests.Response,
        explain: Callable[[Request, Exception], TransportError],
    ) -> None:
        self._request = request
        self._raw: Any = response.raw
        # A `Content-Encoding` describes what is stored; the stored bytes are what is wanted.
        if hasattr(self._raw, "decode_content"):
            self._raw.decode_content = False
        # urllib3's own `readinto` makes bytes of each piece first. Other adapters' answers lack
        # what is below it, and are read their way.
        below = getattr(self._raw, "_original_response", None)
        self._body: Any = below if isinstance(below, HTTPResponse) else self._raw
        self._explain = explain
        self.http_status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers

    def fill(self, view: memoryview) -> None:
        """Read until `view` is full.

        Raises:
            TransportError: where the body breaks off before, or nothing comes in time.
        """
        filled = 0
        while filled < len(view):
            count = self._read(lambda: self._body.readinto(view[filled:]))  # noqa: B023 - at once
            if not count:
                raise TransportError("the body broke off", **self._context())
            filled += count

    def end(self) -> None:
        """Let the connection be used again.

        Raises:
            AnswerError: where the body goes on.
        """
        if self._read(lambda: self._body.read(1)):
            raise AnswerError(
                "the body is longer than what was asked for",
                http_status=self.http_status,
                **self._context(),
            )
        self._raw.release_conn()

    def _read(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except BROKEN as exc:
            raise self._explain(self._request, exc) from exc

    def _context(self) -> dict[str, Any]:
        return {"operation": self._request.operation, "target": str(self._request.address)}
