"""Downloads: ranges, conditional requests and sending (RFC 9110 sections 13 and 14)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING, BinaryIO

from aiohttp import web

from cosfast.emulator.wire.values import BLANKS, read_http_date, read_position

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

BLOCK_SIZE = 512 * 1024

Read = Callable[[int], Awaitable[bytes]]

_DEFAULT_TYPE = "application/octet-stream"
_KEPT_BY_304 = ("Cache-Control",)  # of the headers that users can set, by RFC 9110 section 15.4.5
_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]*)[ \t]*-[ \t]*([0-9]*)", re.IGNORECASE | re.ASCII)
_ENTITY_TAG = re.compile(r'(?P<weak>W/)?(?P<opaque>"[\x21\x23-\x7e\x80-\U0010ffff]*")')
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)*")
_NOT_MODIFIED, _PRECONDITION_FAILED = 304, 412


@dataclass(frozen=True)
class Version:
    """The state of a file: a strong `ETag`, and `Last-Modified` in seconds since 1970."""

    etag: str
    modified: int


@dataclass(frozen=True)
class Conditions:
    """The conditional headers of one request; None is a header that was not sent."""

    if_match: str | None = None
    if_unmodified_since: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_range: str | None = None

    @staticmethod
    def of(headers: CIMultiDictProxy[str]) -> Conditions:
        """Read the conditions of a request. Several lines of one header are one list."""

        def value(name: str) -> str | None:
            return ", ".join(headers.getall(name)) if name in headers else None

        return Conditions(
            value("If-Match"),
            value("If-Unmodified-Since"),
            value("If-None-Match"),
            value("If-Modified-Since"),
            value("If-Range"),
        )

    def failure(self, version: Version) -> int | None:
        """Evaluate the conditions of a GET or HEAD in the order of section 13.2.2.

        Returns:
            The status of a response without the file, 304 or 412; None if the file is to be sent.
        """
        if self.if_match is not None:
            if not _matches(self.if_match, version.etag, weak=False):
                return _PRECONDITION_FAILED
        elif self._date_before(self.if_unmodified_since, version.modified):
            return _PRECONDITION_FAILED
        if self.if_none_match is not None:
            if _matches(self.if_none_match, version.etag, weak=True):
                return _NOT_MODIFIED
        elif self.if_modified_since is not None:
            since = read_http_date(self.if_modified_since)
            if since is not None and version.modified <= since:
                return _NOT_MODIFIED
        return None

    def allow_range(self, version: Version) -> bool:
        """Evaluate `If-Range`: return whether a range may be sent instead of the whole file."""
        if self.if_range is None:
            return True
        value = self.if_range.strip(BLANKS)
        date = read_http_date(value)
        # The comparison is strong, so a weak tag never matches.
        return value == version.etag if date is None else date == version.modified

    @staticmethod
    def _date_before(text: str | None, modified: int) -> bool:
        """Return whether the file is newer than the date; an invalid date is ignored."""
        date = None if text is None else read_http_date(text)
        return date is not None and modified > date


def _matches(header: str, etag: str, *, weak: bool) -> bool:
    """Return whether a list of entity tags, or `*`, matches the strong tag of an existing file.

    A malformed list does not match.
    """
    if header.strip(BLANKS) == "*":
        return True
    tags = _entity_tags(header)
    return any(opaque == etag and (weak or not is_weak) for is_weak, opaque in tags)


def _entity_tags(header: str) -> list[tuple[bool, str]]:
    tags = []
    at = _skip_separator(header, 0)
    while at < len(header):
        match = _ENTITY_TAG.match(header, at)
        if not match:
            return []
        tags.append((match["weak"] is not None, match["opaque"]))
        at = _skip_separator(header, match.end())
        if at < len(header) and "," not in header[match.end() : at]:
            return []
    return tags


def _skip_separator(header: str, at: int) -> int:
    match = _SEPARATOR.match(header, at)
    return match.end() if match else at


@dataclass(frozen=True)
class Wanted:
    """The range of a file that a request asks for, and its conditions."""

    range_header: str = ""
    conditions: Conditions = field(default_factory=Conditions)

    @staticmethod
    def of(request: web.BaseRequest) -> Wanted:
        """Read a request's headers. HTTP defines `Range` for GET only (section 14.2)."""
        ranges = request.headers.getall("Range", ()) if request.method == "GET" else ()
        return Wanted(", ".join(ranges), Conditions.of(request.headers))


@dataclass(frozen=True)
class Download:
    """A prepared response, with a file at the position of the `length` bytes to send."""

    file: BinaryIO
    status: int
    headers: dict[str, str]
    length: int


def prepare_download(
    file: BinaryIO, size: int, version: Version, headers: Mapping[str, str], wanted: Wanted
) -> Download:
    """Determine status, headers and range of a response.

    If a condition fails, or the range cannot be satisfied, the response has no bytes of the file.
    A range that is malformed or excluded by `If-Range` is ignored.

    Args:
        file: File, open for reading.
        size: Size of the file in bytes.
        version: Version of the file, for the conditions.
        headers: Headers of the file, such as its Content-Type.
        wanted: Range and conditions of the request.
    """
    about = {
        "ETag": version.etag,
        "Last-Modified": formatdate(version.modified, usegmt=True),
        "Accept-Ranges": "bytes",
    }
    failure = wanted.conditions.failure(version)
    if failure is not None:
        cached = {name: headers[name] for name in _KEPT_BY_304 if name in headers}
        return Download(file, failure, {**cached, **about}, 0)
    span = _parse_range(wanted.range_header, size)
    if span and not wanted.conditions.allow_range(version):
        span = None
    if span and not span[1]:
        return Download(file, 416, {**about, "Content-Range": f"bytes */{size}"}, 0)
    every = {"Content-Type": _DEFAULT_TYPE, **headers, **about}
    if span is None:
        return Download(file, 200, every, size)
    start, length = span
    file.seek(start)
    content_range = f"bytes {start}-{start + length - 1}/{size}"
    return Download(file, 206, {**every, "Content-Range": content_range}, length)


async def send_download(
    request: web.BaseRequest,
    download: Download,
    headers: dict[str, str],
    *,
    read: Read,
    idle_timeout: float,
) -> web.StreamResponse:
    """Send a file; close the connection if the client stops reading.

    Args:
        request: A GET request, or a HEAD request, whose response has no body.
        download: Prepared response. Its file is not closed.
        headers: Headers in addition to those of the download.
        read: Reads up to a number of bytes of the file in a worker thread.
        idle_timeout: Seconds after which the connection of a client that reads nothing is closed.
    """
    response = web.StreamResponse(status=download.status, headers={**download.headers, **headers})
    response.content_length = download.length
    await response.prepare(request)
    if request.method != "HEAD":
        await _send_blocks(request, response, download.length, read, idle_timeout)
        await response.write_eof()
    return response


async def _send_blocks(
    request: web.BaseRequest,
    response: web.StreamResponse,
    length: int,
    read: Read,
    idle_timeout: float,
) -> None:
    loop = asyncio.get_running_loop()
    while length:
        block = await read(min(length, BLOCK_SIZE))
        if not block:
            raise ConnectionAbortedError("the file is shorter than its recorded size")
        transport = request.transport
        if transport is None:
            raise ConnectionResetError("the client has disconnected")
        watchdog = loop.call_later(idle_timeout, transport.abort)
        try:
            await response.write(block)
        finally:
            watchdog.cancel()
        length -= len(block)


def _parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Return start and length of a single range, or None if the header is not one.

    A range that cannot be satisfied has length 0.
    """
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
