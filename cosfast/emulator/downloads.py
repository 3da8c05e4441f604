"""Downloads: whole files, and one range of them (RFC 9110 section 14)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import formatdate
from typing import TYPE_CHECKING, BinaryIO

from cosfast.emulator import rules
from cosfast.emulator.attributes import PRIVATE
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.store import tree
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    from cosfast.emulator.addressing import Place
    from cosfast.emulator.store import Store
    from cosfast.emulator.store.tree import Entry

_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)", re.IGNORECASE)
_DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Download:
    """A file that is open for reading, `length` bytes from `offset`."""

    file: BinaryIO
    status: int
    headers: dict[str, str]
    offset: int
    length: int


class Downloads:
    """Finds and opens what a download asks for. Runs in a worker thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, place: Place) -> Entry:
        """Look up the file at a place; code -197 where there is none."""
        entry = self._store.database.read(lambda connection: tree.find(connection, place))
        if entry is None or entry.content is None:
            raise rules.not_found(place)
        return entry

    def open(
        self,
        place: Place,
        range_header: str,
        if_range: str,
        is_signed: bool,  # noqa: FBT001 - passed on by position to a worker
    ) -> Download:
        """Open a file for the answer; a private one for signed requests alone (code -81).

        A range that cannot be satisfied opens nothing to read and says so by its status;
        one that is malformed, or that `If-Range` rules out, is ignored.
        """
        while True:
            entry = self.find(place)
            if entry.authority == PRIVATE and not is_signed:
                raise RefusedError(Code.SIGNATURE_MISSING, "this file is private")
            try:
                return self._open(entry, range_header, if_range)
            except FileNotFoundError:
                continue  # it was replaced between the two steps: look again

    def _open(self, entry: Entry, range_header: str, if_range: str) -> Download:
        assert entry.content is not None  # noqa: S101 - find() returns files only
        size = entry.content.size
        headers = _headers(entry)
        if if_range and if_range not in {headers["ETag"], headers["Last-Modified"]}:
            range_header = ""
        span = _parse_range(range_header, size)
        file = self._store.files.open(entry.content.file)
        if span is None:
            return Download(file, 200, headers, 0, size)
        start, length = span
        if length == 0:
            return Download(file, 416, {**headers, "Content-Range": f"bytes */{size}"}, 0, 0)
        file.seek(start)
        headers["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
        return Download(file, 206, headers, start, length)


def _headers(entry: Entry) -> dict[str, str]:
    assert entry.content is not None  # noqa: S101 - find() returns files only
    return {
        "Content-Type": _DEFAULT_TYPE,
        **entry.headers,
        "ETag": f'"{entry.content.sha1}"',
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
