"""What the store holds, for people to look at: buckets, the latest files, unfinished uploads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MOST_ROWS = 200
"""Rows of each kind: a page for people, not an export."""


@dataclass(frozen=True)
class Bucket:
    """A bucket that has something in it. Sizes are in bytes."""

    name: str
    files: int
    folders: int
    size: int


@dataclass(frozen=True)
class File:
    """A file; `modified` is in seconds since 1970."""

    bucket: str
    path: str
    size: int
    sha1: str
    modified: int


@dataclass(frozen=True)
class Unfinished:
    """An upload under way; `arrived` are offset and length of what is there, in order."""

    bucket: str
    path: str
    filesize: int
    slice_size: int
    arrived: list[tuple[int, int]]

    @property
    def held(self) -> int:
        """Bytes that have arrived."""
        return sum(length for _, length in self.arrived)


@dataclass(frozen=True)
class Overview:
    """All of it, the latest first, `MOST_ROWS` of each at the most."""

    buckets: list[Bucket]
    files: list[File]
    unfinished: list[Unfinished]


def look(connection: sqlite3.Connection) -> Overview:
    """Read an overview of the store."""
    return Overview(_buckets(connection), _files(connection), _unfinished(connection))


def _buckets(connection: sqlite3.Connection) -> list[Bucket]:
    rows = connection.execute(
        "SELECT bucket, count(content), count(*) - count(content), coalesce(sum(size), 0)"
        " FROM entries LEFT JOIN contents ON contents.id = content"
        " GROUP BY bucket ORDER BY bucket LIMIT ?",
        (MOST_ROWS,),
    )
    return [Bucket(*row) for row in rows]


def _files(connection: sqlite3.Connection) -> list[File]:
    rows = connection.execute(
        "SELECT bucket, parent || name, size, sha1, modified"
        " FROM entries JOIN contents ON contents.id = content"
        " ORDER BY modified DESC, bucket, parent, name LIMIT ?",
        (MOST_ROWS,),
    )
    return [File(*row) for row in rows]


def _unfinished(connection: sqlite3.Connection) -> list[Unfinished]:
    rows = connection.execute(
        "SELECT number, bucket, parent || name, filesize, slice_size FROM sessions"
        " ORDER BY created DESC LIMIT ?",
        (MOST_ROWS,),
    )
    return [
        Unfinished(bucket, path, filesize, slice_size, _arrived(connection, number))
        for number, bucket, path, filesize, slice_size in rows
    ]


def _arrived(connection: sqlite3.Connection, number: int) -> list[tuple[int, int]]:
    rows = connection.execute(
        "SELECT offset, length FROM slices WHERE session = ? ORDER BY offset", (number,)
    )
    return rows.fetchall()
