"""Files and folders by bucket and path, and the contents they share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.addressing import Place

BUCKET_DEFAULT = "eInvalid"

_SELECT = (
    "SELECT entries.name, contents.sha1, contents.size, contents.file, entries.content, biz_attr,"
    " authority, headers, created, modified"
    " FROM entries LEFT JOIN contents ON contents.id = content"
)


@dataclass(frozen=True)
class Stored:
    """Bytes in the store: `id` is the contents row, `file` the file they are in."""

    id: int
    sha1: str
    size: int
    file: str


@dataclass(frozen=True)
class Entry:
    """A file, or a folder (which has no content). Times are whole seconds since 1970."""

    name: str
    content: Stored | None
    biz_attr: str = ""
    authority: str = BUCKET_DEFAULT
    headers: Mapping[str, str] = field(default_factory=dict)
    created: int = 0
    modified: int = 0


def new_file(place: Place, content: Stored, biz_attr: str, now: int) -> Entry:
    """Describe a file that has just come into being."""
    return Entry(place.name, content, biz_attr, created=now, modified=now)


def find(connection: sqlite3.Connection, place: Place) -> Entry | None:
    """Look up the entry at a place. The root of every bucket is there."""
    if place.path == "/":
        return Entry("/", None)
    row = connection.execute(
        _SELECT + " WHERE bucket = ? AND parent = ? AND entries.name = ?",
        (place.bucket, place.parent, place.name),
    ).fetchone()
    return _entry(row) if row else None


def find_content(connection: sqlite3.Connection, sha1: str, size: int) -> Stored | None:
    """Look up the content with this SHA-1 and size."""
    row = connection.execute(
        "SELECT id, sha1, size, file FROM contents WHERE sha1 = ? AND size = ?", (sha1, size)
    ).fetchone()
    return Stored(*row) if row else None


def has_children(connection: sqlite3.Connection, folder: Place) -> bool:
    """Tell whether a folder holds anything."""
    return _exists(
        connection,
        "SELECT 1 FROM entries WHERE bucket = ? AND parent = ? LIMIT 1",
        (folder.bucket, folder.path),
    )


def children(
    connection: sqlite3.Connection, folder: Place, prefix: str, after: str, count: int
) -> list[Entry]:
    """List up to `count` entries of a folder by name: those with the prefix, behind `after`."""
    # No name that begins with the prefix sorts behind the prefix and the last code point.
    rows = connection.execute(
        _SELECT + " WHERE bucket = ? AND parent = ? AND entries.name >= ? AND entries.name < ?"
        " AND entries.name > ? ORDER BY entries.name LIMIT ?",
        (folder.bucket, folder.path, prefix, prefix + "\U0010ffff", after, count),
    )
    return [_entry(row) for row in rows]


def add_content(tx: Transaction, sha1: str, size: int, file: str) -> Stored:
    """Give a flushed file its meaning, or discard it where the same bytes are there already."""
    known = find_content(tx.connection, sha1, size)
    if known:
        tx.discard(file)
        return known
    row = tx.execute(
        "INSERT INTO contents (sha1, size, file) VALUES (?, ?, ?)", (sha1, size, file)
    ).lastrowid
    assert row is not None  # noqa: S101 - an INSERT that succeeded has one
    return Stored(row, sha1, size, file)


def put(tx: Transaction, place: Place, entry: Entry) -> None:
    """Make or replace the entry at a place."""
    old = find(tx.connection, place)
    tx.execute(
        "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            place.bucket,
            place.parent,
            place.name,
            entry.content.id if entry.content else None,
            entry.biz_attr,
            entry.authority,
            json.dumps(dict(entry.headers)),
            entry.created,
            entry.modified,
        ),
    )
    if old and old.content:
        _drop_if_unused(tx, old.content)


def remove(tx: Transaction, place: Place) -> None:
    """Take the entry at a place away, and its content if no other entry holds it."""
    old = find(tx.connection, place)
    tx.execute(
        "DELETE FROM entries WHERE bucket = ? AND parent = ? AND name = ?",
        (place.bucket, place.parent, place.name),
    )
    if old and old.content:
        _drop_if_unused(tx, old.content)


def files_in_use(connection: sqlite3.Connection) -> set[str]:
    """Name all files that contents are in."""
    return {file for (file,) in connection.execute("SELECT file FROM contents")}


def _drop_if_unused(tx: Transaction, content: Stored) -> None:
    in_use = "SELECT 1 FROM entries WHERE content = ? LIMIT 1"
    if not _exists(tx.connection, in_use, (content.id,)):
        tx.execute("DELETE FROM contents WHERE id = ?", (content.id,))
        tx.discard(content.file)


def _exists(connection: sqlite3.Connection, sql: str, parameters: tuple[object, ...]) -> bool:
    return connection.execute(sql, parameters).fetchone() is not None


def _entry(row: tuple[Any, ...]) -> Entry:
    name, sha1, size, file, content_id, biz_attr, authority, headers, created, modified = row
    content = None if content_id is None else Stored(content_id, sha1, size, file)
    return Entry(name, content, biz_attr, authority, json.loads(headers), created, modified)
