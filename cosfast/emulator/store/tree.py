"""Files and folders of all services, and the contents that they share."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cosfast.emulator.store.database import Transaction

_LAST = "\U0010ffff"
_STORED = "contents.id, contents.size, contents.file, contents.sha1, contents.sha256"
_SELECT = (
    f"SELECT {_STORED}, service, space, entries.id, parent, name, attributes, created, modified"  # noqa: S608 - constants
    " FROM entries LEFT JOIN contents ON contents.id = content"
)
_STORED_COLUMNS = 5
_DIGEST_COLUMNS = frozenset({"sha1", "sha256"})


@dataclass(frozen=True)
class Key:
    """The key of an entry: its service, its bucket, space or drive, and its id there.

    The id of an entry of COS v4 is its path; other services assign ids.
    """

    service: str
    space: str
    id: str


@dataclass(frozen=True)
class Stored:
    """A content of the store: `id` is the row, `file` the file. An unknown digest is None."""

    id: int
    size: int
    file: str
    sha1: str | None
    sha256: str | None

    def digest(self, algorithm: str) -> str | None:
        """Return the digest by an algorithm, `sha1` or `sha256`, in lower-case hex, or None."""
        return self.sha1 if algorithm == "sha1" else self.sha256


@dataclass(frozen=True)
class Entry:
    """A file or a folder.

    Attributes:
        key: Key of the entry.
        parent: Id of its parent folder.
        name: Name within that folder.
        content: Content of a file; None for a folder.
        attributes: Values for its service alone, stored as JSON.
        created: Time in seconds since 1970.
        modified: Time in seconds since 1970.
    """

    key: Key
    parent: str
    name: str
    content: Stored | None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    created: int = 0
    modified: int = 0


def find(connection: sqlite3.Connection, key: Key) -> Entry | None:
    """Return the entry with a key, or None."""
    row = connection.execute(
        _SELECT + " WHERE service = ? AND space = ? AND entries.id = ?",
        (key.service, key.space, key.id),
    ).fetchone()
    return _entry(row) if row else None


def find_named(connection: sqlite3.Connection, folder: Key, name: str) -> list[Entry]:
    """Return the entries of a folder with a name. Some services allow several."""
    rows = connection.execute(
        _SELECT + " WHERE service = ? AND space = ? AND parent = ? AND name = ?"
        " ORDER BY entries.id",
        (folder.service, folder.space, folder.id, name),
    )
    return [_entry(row) for row in rows]


def find_content(
    connection: sqlite3.Connection, algorithm: str, digest: str, size: int
) -> Stored | None:
    """Return the content with a digest and a size, of whichever service, or None."""
    row = connection.execute(
        f"SELECT {_STORED} FROM contents WHERE {_column(algorithm)} = ? AND size = ?",  # noqa: S608 - constants
        (digest, size),
    ).fetchone()
    return Stored(*row) if row else None


def has_children(connection: sqlite3.Connection, folder: Key) -> bool:
    """Return whether a folder has entries."""
    return _exists(
        connection,
        "SELECT 1 FROM entries WHERE service = ? AND space = ? AND parent = ? LIMIT 1",
        (folder.service, folder.space, folder.id),
    )


def children(
    connection: sqlite3.Connection,
    folder: Key,
    *,
    count: int,
    prefix: str = "",
    after: tuple[str, str] = ("", ""),
) -> list[Entry]:
    """Return entries of a folder, sorted by the UTF-8 bytes of their names, then by id.

    Args:
        connection: Connection of the database.
        folder: Folder to list.
        count: Maximum number of entries.
        prefix: Prefix of their names.
        after: Name and id of the last entry of the previous page.
    """
    # No name with the prefix sorts after the prefix followed by the last code point.
    rows = connection.execute(
        _SELECT + " WHERE service = ? AND space = ? AND parent = ? AND name >= ? AND name < ?"
        " AND (name, entries.id) > (?, ?) ORDER BY name, entries.id LIMIT ?",
        (
            *(folder.service, folder.space, folder.id),
            *(max(prefix, after[0]), prefix + _LAST, *after, count),
        ),
    )
    return [_entry(row) for row in rows]


def add_content(tx: Transaction, algorithm: str, digest: str, size: int, file: str) -> Stored:
    """Record a flushed file as a content, or discard it if the same content is stored already."""
    known = find_content(tx.connection, algorithm, digest, size)
    if known:
        tx.discard(file)
        return known
    tx.execute(
        f"INSERT INTO contents (size, file, {_column(algorithm)}) VALUES (?, ?, ?)",  # noqa: S608 - constants
        (size, file, digest),
    )
    added = find_content(tx.connection, algorithm, digest, size)
    assert added is not None  # noqa: S101 - it was inserted a line before
    return added


def put(tx: Transaction, entry: Entry) -> None:
    """Insert or replace an entry."""
    key = entry.key
    old = find(tx.connection, key)
    tx.execute(
        "INSERT OR REPLACE INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            key.service,
            key.space,
            key.id,
            entry.parent,
            entry.name,
            entry.content.id if entry.content else None,
            json.dumps(dict(entry.attributes)),
            entry.created,
            entry.modified,
        ),
    )
    if old and old.content:
        _drop_if_unused(tx, old.content)


def remove(tx: Transaction, key: Key) -> None:
    """Delete an entry, and its content if no other entry refers to it."""
    old = find(tx.connection, key)
    tx.execute(
        "DELETE FROM entries WHERE service = ? AND space = ? AND id = ?",
        (key.service, key.space, key.id),
    )
    if old and old.content:
        _drop_if_unused(tx, old.content)


def files_in_use(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the content files of all contents."""
    return {file for (file,) in connection.execute("SELECT file FROM contents")}


def _drop_if_unused(tx: Transaction, content: Stored) -> None:
    in_use = "SELECT 1 FROM entries WHERE content = ? LIMIT 1"
    if not _exists(tx.connection, in_use, (content.id,)):
        tx.execute("DELETE FROM contents WHERE id = ?", (content.id,))
        tx.discard(content.file)


def _column(algorithm: str) -> str:
    """Return the column of a digest; the algorithm's name may be a client's."""
    if algorithm not in _DIGEST_COLUMNS:
        raise ValueError(f"contents have no digest of the algorithm {algorithm[:80]!r}")
    return algorithm


def _exists(connection: sqlite3.Connection, sql: str, parameters: tuple[object, ...]) -> bool:
    return connection.execute(sql, parameters).fetchone() is not None


def _entry(row: tuple[Any, ...]) -> Entry:
    service, space, entry, parent, name, attributes, created, modified = row[_STORED_COLUMNS:]
    content = None if row[0] is None else Stored(*row[:_STORED_COLUMNS])
    key = Key(service, space, entry)
    return Entry(key, parent, name, content, json.loads(attributes), created, modified)
