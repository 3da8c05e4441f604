"""Ranges of a file's bytes: what is asked for, and whether it came (RFC 9110, section 14)."""

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
    """Return the value of a `Range` header; without a length it goes to the file's end."""
    return f"bytes={start}-" if length is None else f"bytes={start}-{start + length - 1}"


def check_range(
    request: Request[Any],
    status: int,
    headers: Mapping[str, str],
    *,
    wanted: str = "",
    filesize: int | None = None,
) -> None:
    """Check that a successful response to a download begins with the bytes that were asked for.

    Args:
        request: Names the call in errors.
        status: The HTTP status, 200 or 206.
        headers: The response's.
        wanted: The value of the `Range` header that was sent; empty if the whole was asked for.
        filesize: Bytes in the whole file, if that is known.

    Raises:
        AnswerError: If the server ignored the range, answers another one, one of a file of
            another size, or announces a body of another length. It is `lost` if the body cannot
            be the file either: then it is the page of a proxy.
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
        raise error(f"{wanted or 'the whole file'} was asked for", lost=is_page)
    if not wanted:
        return
    given = header(headers, "Content-Range")
    found = _CONTENT_RANGE.fullmatch(given)
    if not found or not _covers(found, wanted):
        came = excerpt(given, _SHOWN_LENGTH) or "no Content-Range"
        raise error(f"{wanted} was asked for, and {came} came")
    if filesize is not None and int(found[3]) != filesize:
        raise error(f"{wanted} was asked for of {filesize} bytes, and {given} came")
    length = header(headers, "Content-Length")
    if length and length != str(int(found[2]) + 1 - int(found[1])):
        announced = excerpt(length, _SHOWN_LENGTH)
        raise error(f"{wanted} was asked for, and a body of {announced} bytes came")


def _covers(content_range: re.Match[str], wanted: str) -> bool:
    """Tell whether ``bytes 5-9/10`` answers ``bytes=5-99``: it may only end with the file."""
    asked = _BYTE_RANGE.fullmatch(wanted)
    if not asked:
        return False
    start, end, total = content_range.groups()
    last = int(asked[2]) if asked[2] else int(total) - 1
    return start == asked[1] and int(end) == min(last, int(total) - 1)
