"""A summary of the store for the page: spaces, newest files, unfinished uploads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MOST_ROWS = 200
"""Maximum rows of each kind."""


@dataclass(frozen=True)
class Space:
    """A bucket, space or drive that is not empty. Sizes are in bytes."""

    service: str
    name: str
    files: int
    folders: int
    size: int


@dataclass(frozen=True)
class File:
    """A file; `id` is its id in its service, `modified` is in seconds since 1970."""

    service: str
    space: str
    id: str
    name: str
    size: int
    digest: str
    modified: int


@dataclass(frozen=True)
class Upload:
    """An unfinished upload; `id` is the entry's, `arrived` has offset and length of each part.

    Sizes are in bytes.
    """

    service: str
    space: str
    id: str
    name: str
    size: int
    arrived: list[tuple[int, int]]

    @property
    def received(self) -> int:
        """Number of bytes received."""
        return sum(length for _, length in self.arrived)


@dataclass(frozen=True)
class Overview:
    """Spaces by name, files and uploads newest first, at most `MOST_ROWS` of each."""

    spaces: list[Space]
    files: list[File]
    uploads: list[Upload]


def look(connection: sqlite3.Connection) -> Overview:
    """Read an overview of the store."""
    return Overview(_spaces(connection), _files(connection), _uploads(connection))


def _spaces(connection: sqlite3.Connection) -> list[Space]:
    rows = connection.execute(
        "SELECT service, space, count(content), count(*) - count(content), coalesce(sum(size), 0)"
        " FROM entries LEFT JOIN contents ON contents.id = content"
        " GROUP BY service, space ORDER BY service, space LIMIT ?",
        (MOST_ROWS,),
    )
    return [Space(*row) for row in rows]


def _files(connection: sqlite3.Connection) -> list[File]:
    rows = connection.execute(
        "SELECT service, space, entries.id, name, size, coalesce(sha1, sha256), modified"
        " FROM entries JOIN contents ON contents.id = content"
        " ORDER BY modified DESC, service, space, entries.id LIMIT ?",
        (MOST_ROWS,),
    )
    return [File(*row) for row in rows]


def _uploads(connection: sqlite3.Connection) -> list[Upload]:
    rows = connection.execute(
        "SELECT number, service, space, entry, name, size FROM sessions"
        " ORDER BY created DESC LIMIT ?",
        (MOST_ROWS,),
    )
    return [
        Upload(service, space, entry, name, size, _arrived(connection, number))
        for number, service, space, entry, name, size in rows.fetchall()
    ]


def _arrived(connection: sqlite3.Connection, number: int) -> list[tuple[int, int]]:
    rows = connection.execute(
        "SELECT offset, length FROM parts WHERE session = ? ORDER BY offset", (number,)
    )
    return rows.fetchall()
