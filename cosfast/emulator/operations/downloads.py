"""Downloads: whole files, one range of them, and conditions (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, BinaryIO

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules
from cosfast.emulator.operations.attributes import PRIVATE
from cosfast.emulator.store import tree
from cosfast.emulator.wire.conditions import Conditions, Version
from cosfast.emulator.wire.values import BLANKS, read_position

if TYPE_CHECKING:
    from cosfast.emulator.operations.context import Context
    from cosfast.emulator.wire.addressing import Place

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]*)[ \t]*-[ \t]*([0-9]*)", re.IGNORECASE | re.ASCII)
_DEFAULT_TYPE = "application/octet-stream"
_KEPT_BY_304 = ("Cache-Control",)  # RFC 9110 section 15.4.5, out of what can be set here
_LOOKUPS = 5  # how often in a row a file may be replaced between its lookup and its opening


@dataclass(frozen=True)
class Wanted:
    """What a download asks for. A file of `eWRPrivate` is for signed requests alone."""

    place: Place
    range_header: str = ""
    conditions: Conditions = field(default_factory=Conditions)
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

    A condition that fails, or a range that cannot be satisfied, gives an answer without bytes
    that says so by its status. A range that is malformed, or that `If-Range` rules out, is
    ignored.

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
    version = Version(f'"{entry.content.sha1}"', entry.modified)
    about = {
        "ETag": version.etag,
        "Last-Modified": formatdate(version.modified, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    size = entry.content.size
    span = _parse_range(wanted.range_header, size)
    if span and not wanted.conditions.allow_range(version):
        span = None
    file = context.store.files.open(entry.content.file)
    failure = wanted.conditions.failure(version)
    if failure is not None:
        cached = {name: entry.headers[name] for name in _KEPT_BY_304 if name in entry.headers}
        return Download(file, failure, {**cached, **about}, 0)
    if span and not span[1]:
        return Download(file, 416, {**about, "Content-Range": f"bytes */{size}"}, 0)
    headers = {"Content-Type": _DEFAULT_TYPE, **entry.headers, **about}
    if span is None:
        return Download(file, 200, headers, size)
    start, length = span
    file.seek(start)
    content_range = f"bytes {start}-{start + length - 1}/{size}"
    return Download(file, 206, {**headers, "Content-Range": content_range}, length)


def _parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Start and length of a single range; length 0 cannot be satisfied; None is no range."""
    match = _RANGE.fullmatch(header.strip(BLANKS))
    if not match:
        return None
    first, last = read_position(match[1]), read_position(match[2])
    if first is None:
        return None if last is None else (size - min(last, size), min(last, size))
    if last is not None and last < first:
        return None
    end = size if last is None else min(last + 1, size)
    return first, max(0, end - first)
