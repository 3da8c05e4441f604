"""`StreamingResponse`: the body of a response, read within limits of size and time.

The bytes of a file are read directly into a given buffer; a JSON response is read as a whole.
"""

from __future__ import annotations

import time
import zlib
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from urllib3.exceptions import HTTPError

from cosfast.errors import AnswerError, TransportError
from cosfast.transfer.adapter import GuardedResponse
from cosfast.transfer.headers import header

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cosfast.transfer.request import Request
    from cosfast.transfer.timeouts import StallGuard

Result = TypeVar("Result")

MIB = 1024 * 1024

_READ_SIZE = 64 * 1024
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_CODINGS = frozenset({"gzip", "x-gzip", "deflate"})

BROKEN = (requests.RequestException, HTTPError, HTTPException, OSError)
"""Exceptions that reading from a connection may raise."""


class StreamingResponse:
    """The head of a response, and its body as it arrives.

    Args:
        request: The request that it answers.
        response: The response, with its body not yet read.
        explain: Converts an exception of the connection to a `TransportError`.
        guard: Limits the time that reading may take.
    """

    def __init__(
        self,
        request: Request[Any],
        response: requests.Response,
        explain: Callable[[Request[Any], Exception], TransportError],
        guard: StallGuard,
    ) -> None:
        self._request = request
        self._raw: Any = response.raw
        # A file may be stored with a `Content-Encoding`; return its bytes as they are stored.
        if hasattr(self._raw, "decode_content"):
            self._raw.decode_content = False
        # Bypass urllib3's `readinto`, which copies each piece. The responses of other adapters have
        # no `_original_response` and are read through their own methods.
        below = getattr(self._raw, "_original_response", None)
        self._below: Any = below if isinstance(below, HTTPResponse) else None
        self._explain = explain
        self._guard = guard
        self.http_status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        if not isinstance(below, GuardedResponse):
            guard.restart()

    def fill(self, view: memoryview) -> None:
        """Read until `view` is full.

        Raises:
            TransportError: If the body ends early or is not received in time.
        """
        filled = 0
        while filled < len(view):
            count = self._read(lambda: self._read_into(view[filled:]))  # noqa: B023 - at once
            if not count:
                raise TransportError("the response body ended early", **self._context())
            filled += count

    def end(self) -> None:
        """Check that the body ends here, and release the connection.

        Raises:
            AnswerError: If the body is longer.
        """
        if self._read(lambda: self._read_some(1)):
            raise self._error("the response body is longer than the requested range")
        self._release()

    def read_whole(self, limit: int) -> bytes:
        """Return the whole body, decompressed, and release the connection.

        Compression is not requested. If a body is compressed nevertheless, at most `limit` bytes
        are decompressed; urllib3 would decompress all of it, and old versions of it in one step.

        Args:
            limit: Maximum size in bytes, both compressed and decompressed.

        Raises:
            AnswerError: If the body is larger, or cannot be decompressed.
            TransportError: If the body ends early or is not received in time.
        """
        pieces, total = [], 0
        while True:
            piece = self._read(lambda: self._read_some(_READ_SIZE))
            if not piece:
                break
            pieces.append(piece)
            total += len(piece)
            if total > limit:
                raise self._too_large(limit)
        if getattr(self._below, "length", None):
            raise TransportError("the response body ended early", **self._context())
        self._release()
        return self._decompressed(b"".join(pieces), limit)

    def _release(self) -> None:
        """Close the response, which is read to its end, and return the connection to its pool.

        `read1` leaves the response open; the next thread that uses the connection would then close
        it as well.
        """
        if self._below is not None:
            self._below.close()
        release = getattr(self._raw, "release_conn", None)  # other adapters return any file object
        if release is not None:
            release()

    def _decompressed(self, body: bytes, limit: int) -> bytes:
        coding = header(self.headers, "Content-Encoding").strip().lower()
        if not body or coding in {"", "identity"}:
            return body
        if coding not in _CODINGS:
            reason = f"the response is compressed with {coding!r}, which was not requested"
            raise self._error(reason, lost=True)
        decompressor = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            text = decompressor.decompress(body, limit + 1)
        except zlib.error as exc:
            reason = f"the response cannot be decompressed: {exc}"
            raise self._error(reason, lost=True) from exc
        if len(text) > limit:
            raise self._too_large(limit)
        return text

    def _read_into(self, view: memoryview) -> int:
        if isinstance(self._below, GuardedResponse):
            return self._below.readinto(view)
        if self._below is None:
            return int(self._raw.readinto(view))
        piece = self._read_some(len(view))
        view[: len(piece)] = piece
        return len(piece)

    def _read_some(self, size: int) -> bytes:
        """Return up to `size` bytes as soon as any are received; none at the end of the body."""
        if self._below is None:
            return bytes(self._raw.read(size, decode_content=False))
        if isinstance(self._below, GuardedResponse):
            return self._below.read1(size)
        # A connection of another adapter: its socket timeout applies to each read.
        self._guard.timeout()
        started = time.monotonic()
        piece: bytes = self._below.read1(size)
        self._guard.waited(time.monotonic() - started, len(piece))
        return piece

    def _read(self, read: Callable[[], Result]) -> Result:
        try:
            return read()
        except BROKEN as exc:
            error = self._explain(self._request, exc)
        raise error from error.__cause__  # outside of the `except` block: no __context__

    def _too_large(self, limit: int) -> AnswerError:
        return self._error(f"the response is larger than {limit // MIB} MiB")

    def _error(self, reason: str, *, lost: bool = False) -> AnswerError:
        context = self._context()
        return AnswerError(reason, http_status=self.http_status, lost=lost, **context)

    def _context(self) -> dict[str, Any]:
        return {"operation": self._request.operation, "target": self._request.target}
