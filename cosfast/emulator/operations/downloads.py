"""Downloads: whole files, and one range of them (RFC 9110 section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, BinaryIO

from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules
from cosfast.emulator.operations.attributes import PRIVATE
from cosfast.emulator.store import tree
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    from cosfast.emulator.operations.context import Context
    from cosfast.emulator.wire.addressing import Place

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)
_DEFAULT_TYPE = "application/octet-stream"
_LOOKUPS = 5  # how often in a row a file may be replaced between its lookup and its opening


@dataclass(frozen=True)
class Wanted:
    """What a download asks for. A file of `eWRPrivate` is for signed requests alone."""

    place: Place
    range_header: str = ""
    if_range: str = ""
    is_signed: bool = False


@dataclass(frozen=True)
class Download:
    """An answer: a file that stands at the first of the `length` bytes to send."""

    file: BinaryIO
    status: int
    headers: dict[str, str]
    length: int


def open_download(context: Context, wanted: Wanted) -> Download:
    """Open a file for the answer.

    A range that cannot be satisfied gives an answer without bytes that says so by its
    status; one that is malformed, or that `If-Range` rules out, is ignored.

    Raises:
        RefusedError: code -197 where there is no file, -81 where it is private.
    """
    for _ in range(_LOOKUPS - 1):
        try:
            return _open(context, wanted)
        except FileNotFoundError:
            continue
    return _open(context, wanted)


def _open(context: Context, wanted: Wanted) -> Download:
    entry = context.store.database.read(lambda connection: tree.find(connection, wanted.place))
    if entry is None or entry.content is None:
        raise rules.not_found(wanted.place)
    if entry.authority == PRIVATE and not wanted.is_signed:
        raise RefusedError(Code.SIGNATURE_MISSING, "this file is private")
    headers = _headers(entry, entry.content)
    size = entry.content.size
    span = _parse_range(wanted.range_header, size)
    if wanted.if_range and wanted.if_range not in {headers["ETag"], headers["Last-Modified"]}:
        span = None
    file = context.store.files.open(entry.content.file)
    if span is None:
        return Download(file, 200, headers, size)
    start, length = span
    if length == 0:
        return Download(file, 416, {**headers, "Content-Range": f"bytes */{size}"}, 0)
    file.seek(start)
    content_range = f"bytes {start}-{start + length - 1}/{size}"
    return Download(file, 206, {**headers, "Content-Range": content_range}, length)


def _headers(entry: tree.Entry, content: tree.Stored) -> dict[str, str]:
    return {
        "Content-Type": _DEFAULT_TYPE,
        **entry.headers,
        "ETag": f'"{content.sha1}"',
        "Last-Modified": formatdate(entry.modified, usegmt=True),
        "Accept-Ranges": "bytes",
    }


def _parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and length of a single range; length 0 cannot be satisfied; None is no range."""
    match = _RANGE.fullmatch(header.strip())
    if not match or not (match[1] or match[2]):
        return None
    if not match[1]:
        length = min(int(match[2]), size)
        return size - length, length
    start = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if match[2] and int(match[2]) < start:
        return None
    return start, max(0, last + 1 - start)
