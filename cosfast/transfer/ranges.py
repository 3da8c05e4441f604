"""Byte ranges: the `Range` header, and checks of its response (RFC 9110, section 14)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cosfast.errors import AnswerError
from cosfast.transfer.headers import header
from cosfast.transfer.redaction import excerpt

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.transfer.request import Request

_BYTE_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]*)")
_CONTENT_RANGE = re.compile(r"bytes ([0-9]{1,19})-([0-9]{1,19})/([0-9]{1,19})")
_SHOWN_LENGTH = 100  # characters of a header in an error


def byte_range(start: int, length: int | None) -> str:
    """Return the value of a `Range` header; without a length, up to the end of the file."""
    return f"bytes={start}-" if length is None else f"bytes={start}-{start + length - 1}"


def check_range(
    request: Request[Any],
    status: int,
    headers: Mapping[str, str],
    *,
    wanted: str = "",
    filesize: int | None = None,
) -> None:
    """Check by status and headers that the response to a download has the requested bytes.

    Args:
        request: The request, which errors name.
        status: The HTTP status, 200 or 206.
        headers: The headers of the response.
        wanted: The value of the `Range` header that was sent; empty if the whole file was
            requested.
        filesize: Size of the whole file in bytes, if it is known.

    Raises:
        AnswerError: If the server ignored the range, or sends another range, a range of a file of
            another size, or a body of another length. It is `lost` if the body cannot be the whole
            file either, but is the page of a proxy.
    """

    def error(reason: str, *, lost: bool = False) -> AnswerError:
        return AnswerError(
            reason,
            operation=request.operation,
            target=request.target,
            http_status=status,
            lost=lost,
        )

    if status != (206 if wanted else 200):
        is_page = filesize is not None and header(headers, "Content-Length") != str(filesize)
        raise error(f"{wanted or 'the whole file'} was requested", lost=is_page)
    if not wanted:
        return
    given = header(headers, "Content-Range")
    found = _CONTENT_RANGE.fullmatch(given)
    if not found or not _covers(found, wanted):
        received = excerpt(given, _SHOWN_LENGTH) or "no Content-Range"
        raise error(f"{wanted} was requested, but the server sent {received}")
    if filesize is not None and int(found[3]) != filesize:
        raise error(f"{wanted} of {filesize} bytes was requested, but the server sent {given}")
    length = header(headers, "Content-Length")
    if length and length != str(int(found[2]) + 1 - int(found[1])):
        announced = excerpt(length, _SHOWN_LENGTH)
        raise error(f"{wanted} was requested, but the server sent a body of {announced} bytes")


def _covers(content_range: re.Match[str], wanted: str) -> bool:
    """Return whether ``bytes 5-9/10`` answers ``bytes=5-99``: only the end of file may cut it."""
    asked = _BYTE_RANGE.fullmatch(wanted)
    if not asked:
        return False
    start, end, total = content_range.groups()
    last = int(asked[2]) if asked[2] else int(total) - 1
    return start == asked[1] and int(end) == min(last, int(total) - 1)
