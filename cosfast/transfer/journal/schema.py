"""The journal's schema: its tables, the file that may contain them, and their maximum sizes.

The rows that were written first are evicted first, so that reading a row needs no write; an evicted
list that is needed again costs one hashing. The `id` of a row counts the rows that were ever
written to its table, so the oldest rows have the lowest ids, and no sweep has to scan the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

FILE_NAME = "cosfast-journal.sqlite3"
"""A file with this name is a journal, in any folder."""

APPLICATION_ID = 0x636F7366  # "cosf": SQLite's field for programs to recognise their files

VERSION = 3
"""Version of the tables below. Increase it with each change; older tables are dropped."""

MAX_BYTES = 256 * 1024 * 1024
"""Maximum bytes of pages in use: a million digests, and lists of 8 TiB in slices of 1 MiB."""

MAX_ROWS = {"parts": 100_000, "digests": 1_000_000, "uploads": 100_000}
"""Number of most recently written rows that are kept in each table."""

FILE_SECONDS = 90 * 24 * 3600
"""How long parts and digests of a file are kept after they were written."""

SWEEP_EVERY = 64
"""Number of rows written one by one to a table between two sweeps by age and number."""

_TABLES = (
    # `id` increases with each row written, so the lowest is the oldest.
    """
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file TEXT NOT NULL,            -- FileIdentity.file
        slice_size INTEGER NOT NULL,
        algorithm TEXT NOT NULL,       -- as hashlib names it
        state TEXT NOT NULL,           -- FileIdentity.state
        raw BLOB NOT NULL,             -- UploadParts.raw of each part, concatenated
        seal BLOB NOT NULL,
        stored_at INTEGER NOT NULL,    -- seconds since the epoch
        UNIQUE (file, slice_size, algorithm)
    )
    """,
    # One row for each hashed file of any size, so rows are short: FileIdentity.state is only in the
    # seal.
    """
    CREATE TABLE digests (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file TEXT NOT NULL,            -- FileIdentity.file
        algorithm TEXT NOT NULL,       -- as hashlib names it
        digest BLOB NOT NULL,
        seal BLOB NOT NULL,
        stored_at INTEGER NOT NULL,    -- seconds since the epoch
        UNIQUE (file, algorithm)
    )
    """,
    """
    CREATE TABLE uploads (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        key TEXT NOT NULL UNIQUE,      -- the destination, as the service names it
        session TEXT NOT NULL,
        filesize INTEGER NOT NULL,
        digest TEXT,
        algorithm TEXT NOT NULL,
        part_size INTEGER NOT NULL,
        started_at INTEGER NOT NULL,   -- seconds since the epoch
        lifetime INTEGER NOT NULL,     -- seconds
        acknowledged BLOB NOT NULL,    -- a bitmap of part numbers, lowest first
        seal BLOB NOT NULL
    )
    """,
)

_IS_OLD = {
    "parts": f"abs(:now - stored_at) > {FILE_SECONDS}",
    "digests": f"abs(:now - stored_at) > {FILE_SECONDS}",
    "uploads": "abs(:now - started_at) > lifetime",
}

_OLDEST = 4096
"""Number of rows whose age a sweep checks; if all are too old, later sweeps check the rest."""


class JournalError(Exception):
    """The journal cannot be used; the message says why."""


class BusyError(JournalError):
    """Another process holds a lock, and may release it soon."""


class DamagedError(JournalError):
    """The content of the file is damaged, so that a retry cannot succeed."""


def is_ready(connection: sqlite3.Connection) -> bool:
    """Return whether the tables exist; otherwise `create` may create them.

    Raises:
        JournalError: If a later version of cosfast wrote the file.
        DamagedError: If another program wrote the file, or its header is damaged.
    """
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    if application == APPLICATION_ID:
        if version > VERSION:
            raise JournalError(
                f"a later version of cosfast wrote it (schema {version}, not {VERSION})"
            )
        return version == VERSION
    if application or _number(connection, "SELECT count(*) FROM sqlite_master"):
        raise DamagedError("it is a database of another program")
    return False


def create(connection: sqlite3.Connection) -> None:
    """Create the tables in the open transaction, after dropping those of older versions."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
    for (name,) in names:
        connection.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def sweep_if_due(connection: sqlite3.Connection, table: str, row: int | None) -> None:
    """Evict rows by age and number, once every `SWEEP_EVERY` rows written.

    Args:
        connection: Connection with an open transaction.
        table: Table that a row was written to.
        row: The `id` of that row.
    """
    if row is not None and row % SWEEP_EVERY == 0:
        sweep(connection, table)
    else:
        _evict_bytes(connection)  # at each write, since one row may be large; the check is cheap


def sweep(connection: sqlite3.Connection, table: str) -> None:
    """Evict rows by age and number, after many rows were written to `table` at once."""
    connection.execute(
        f"DELETE FROM {table} WHERE {_IS_OLD[table]}"  # noqa: S608 - constants
        f" AND id IN (SELECT id FROM {table} ORDER BY id LIMIT :oldest)",
        {"now": int(time.time()), "oldest": _OLDEST},
    )
    connection.execute(
        f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?",  # noqa: S608 - a constant
        (MAX_ROWS[table],),
    )
    _evict_bytes(connection)


def _evict_bytes(connection: sqlite3.Connection) -> None:
    """Delete the older quarter of all rows until the rest fits; SQLite reuses their pages."""
    while _used_bytes(connection) > MAX_BYTES and _evict_quarter(connection):
        pass


def _evict_quarter(connection: sqlite3.Connection) -> int:
    evicted = 0
    for table in MAX_ROWS:
        evicted += connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id"  # noqa: S608 - a constant
            f" LIMIT (SELECT (count(*) + 3) / 4 FROM {table}))"
        ).rowcount
    return evicted


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        _number(connection, f"PRAGMA {name}")
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size


def _number(connection: sqlite3.Connection, query: str) -> int:
    (number,) = connection.execute(query).fetchone()
    return int(number)
