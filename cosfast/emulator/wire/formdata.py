"""A push parser for `multipart/form-data` (RFC 7578): bytes in, events out, no I/O.

Common parsers reject forms that clients of COS v4 send: parts may have a wrong `Content-Length`
header (the vendor's documentation shows one; PROTOCOL.md section 4), and field values may be binary
(section 6, item 9).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PARAMETER = re.compile(r';\s*([^\s=;"]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;"]+))')
_BOUNDARY_PARAMETER = re.compile(r';\s*boundary\s*=\s*(?:"([^"]+)"|([^\s;"]+))', re.IGNORECASE)
MAX_BOUNDARY = 256


class FormDataError(ValueError):
    """The body is not a form with the declared boundary."""


@dataclass(frozen=True)
class PartBegin:
    """The headers of a part are complete; its content follows."""

    name: str


@dataclass(frozen=True)
class PartEnd:
    """The part is complete."""


Event = PartBegin | bytes | PartEnd


def boundary_of(content_type: str) -> bytes:
    """Return the boundary of a Content-Type header.

    Raises:
        FormDataError: If there is none, or it is too long.
    """
    found = _BOUNDARY_PARAMETER.search(content_type)
    if not found:
        raise FormDataError("Content-Type has no boundary")
    boundary = (found[1] or found[2]).encode("utf-8", "surrogateescape")
    if len(boundary) > MAX_BOUNDARY:
        raise FormDataError("boundary is too long")
    return boundary


class FormDataParser:
    """The parser of one body: call `feed` with chunks of any size, then `close`."""

    def __init__(self, boundary: bytes, *, max_header_size: int) -> None:
        self._delimiter = b"\r\n--" + boundary
        self._max_header_size = max_header_size
        # The first delimiter may begin the body, without the CRLF before the others.
        self._held = b"\r\n"
        self._at = 0  # offset in `_held` of the first unread byte
        self._read = self._preamble

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield the events that a chunk completes. Exhaust the iterator before the next call.

        Raises:
            FormDataError: If the form is malformed. The parser is then unusable.
        """
        rest = self._held[self._at :]
        self._held, self._at = rest + data if rest else data, 0
        progress = True
        while progress:
            reader = self._read
            yield from reader()
            progress = reader != self._read

    def close(self) -> None:
        """Check that the last delimiter has been seen.

        Raises:
            FormDataError: If the body ended early.
        """
        if self._read != self._epilogue:
            raise FormDataError("the form ends before its last boundary")

    def _preamble(self) -> Iterator[Event]:
        yield from ()
        end = self._find_delimiter()
        self._at = end
        if self._held.startswith(self._delimiter, end):
            self._at += len(self._delimiter)
            self._read = self._after_delimiter

    def _after_delimiter(self) -> Iterator[Event]:
        """Expect `--` at the end of the form, else padding and CRLF."""
        yield from ()
        if self._held.startswith(b"--", self._at):
            self._read = self._epilogue
            return
        end = self._held.find(b"\r\n", self._at, self._at + self._max_header_size)
        if end < 0:
            self._expect_more_padding()
            return
        if self._held[self._at : end].strip(b" \t"):
            raise FormDataError("unexpected bytes after a boundary")
        self._at = end  # the CRLF may begin an empty header block
        self._read = self._headers

    def _expect_more_padding(self) -> None:
        rest = self._held[self._at : self._at + self._max_header_size]
        if len(rest) == self._max_header_size or rest.strip(b" \t") not in {b"", b"-", b"\r"}:
            raise FormDataError("unexpected bytes after a boundary")

    def _headers(self) -> Iterator[Event]:
        limit = self._at + self._max_header_size
        end = self._held.find(b"\r\n\r\n", self._at, limit)
        if end < 0:
            if len(self._held) >= limit:
                raise FormDataError("a part's headers are too long")
            return
        name = _part_name(self._held[self._at + 2 : end])
        # The CRLF of the blank line stays: in an empty part it may begin the delimiter.
        self._at = end + 2
        self._read = self._content_begin
        yield PartBegin(name)

    def _content_begin(self) -> Iterator[Event]:
        yield from ()
        head = self._held[self._at : self._at + len(self._delimiter)]
        if len(head) < len(self._delimiter) and self._delimiter.startswith(head):
            return
        if head != self._delimiter:
            self._at += 2
        self._read = self._content

    def _content(self) -> Iterator[Event]:
        end = self._find_delimiter()
        if end > self._at:
            whole = self._at == 0 and end == len(self._held)
            yield self._held if whole else self._held[self._at : end]
            self._at = end
        if self._held.startswith(self._delimiter, end):
            self._at += len(self._delimiter)
            self._read = self._after_delimiter
            yield PartEnd()

    def _epilogue(self) -> Iterator[Event]:
        yield from ()
        self._at = len(self._held)

    def _find_delimiter(self) -> int:
        """Return the offset of the next delimiter, or of a possible beginning of one."""
        held, delimiter = self._held, self._delimiter
        # CPython's rfind is several times faster than find here, and most chunks of a large part
        # have no delimiter.
        if held.rfind(delimiter, self._at) >= 0:
            return held.find(delimiter, self._at)
        at = held.find(b"\r", max(self._at, len(held) - len(delimiter) + 1))
        while at >= 0 and not delimiter.startswith(held[at:]):
            at = held.find(b"\r", at + 1)
        return at if at >= 0 else len(held)


def _part_name(block: bytes) -> str:
    """Return a part's name from its headers; other headers are ignored."""
    disposition = ""
    for line in block.decode("utf-8", "surrogateescape").split("\r\n"):
        if line.startswith((" ", "\t")) or not line:
            continue
        header, colon, value = line.partition(":")
        if not colon or not _HEADER_NAME.fullmatch(header.strip()):
            raise FormDataError("a part's header is malformed")
        if header.strip().lower() == "content-disposition":
            disposition = value
    for parameter, quoted, token in _PARAMETER.findall(disposition):
        if parameter.lower() == "name":
            return token or re.sub(r"\\(.)", r"\1", quoted)
    raise FormDataError("a part has no name")
