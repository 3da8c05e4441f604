"""Conditional requests (RFC 9110 section 13): entity tags and dates compared with a file's."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.emulator.wire.values import BLANKS, read_http_date

if TYPE_CHECKING:
    from multidict import CIMultiDictProxy

_ENTITY_TAG = re.compile(r'(?P<weak>W/)?(?P<opaque>"[\x21\x23-\x7e\x80-\U0010ffff]*")')
_SEPARATOR = re.compile(r"[ \t]*(?:,[ \t]*)*")
_NOT_MODIFIED, _PRECONDITION_FAILED = 304, 412


@dataclass(frozen=True)
class Version:
    """What identifies the state of a file: a strong `ETag`, and `Last-Modified` in seconds."""

    etag: str
    modified: int


@dataclass(frozen=True)
class Conditions:
    """The conditions of one request; None stands for a header that was not sent."""

    if_match: str | None = None
    if_unmodified_since: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_range: str | None = None

    @staticmethod
    def of(headers: CIMultiDictProxy[str]) -> Conditions:
        """Read them from a request's headers. Several lines of one header are one list."""

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
            The status that replaces the file, 304 or 412, or None if the file is to be sent.
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
        """Evaluate `If-Range`: whether a range may be sent rather than the whole file."""
        if self.if_range is None:
            return True
        value = self.if_range.strip(BLANKS)
        date = read_http_date(value)
        # The comparison is the strong one, so a weak tag is never equal to ours.
        return value == version.etag if date is None else date == version.modified

    @staticmethod
    def _date_before(text: str | None, modified: int) -> bool:
        """Tell whether the date is valid (any other is ignored) and the file is newer."""
        date = None if text is None else read_http_date(text)
        return date is not None and modified > date


def _matches(header: str, etag: str, *, weak: bool) -> bool:
    """Compare a list of entity tags, or `*`, with the strong tag of a file that exists.

    A malformed list matches nothing.
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
