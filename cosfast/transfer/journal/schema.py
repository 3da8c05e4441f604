"""The journal's schema: its tables, which file may hold them, and how large they may grow.

The oldest rows are evicted first, by when they were written. Reading a row then needs no write, and
a list that is still of use costs one hashing to come back. A row's `id` counts the rows ever
written to its table, so the oldest have the lowest: no sweep has to scan the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

FILE_NAME = "cosfast-journal.sqlite3"
"""A file of this name is the journal's, in whatever folder it is."""

APPLICATION_ID = 0x636F7366  # "cosf": SQLite keeps it for programs to recognise their files

VERSION = 3
"""Of the tables below. It goes up with any change of them: older ones are dropped, not migrated."""

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of pages in use: a million digests, and lists of 8 TiB in slices of 1 MiB."""

MAX_ROWS = {"parts": 100_000, "digests": 1_000_000, "uploads": 100_000}
"""The last so many rows that were written to each table stay."""

FILE_SECONDS = 90 * 24 * 3600
"""How long parts and digests of a file stay that nobody hashes again."""

SWEEP_EVERY = 64
"""Rows written to a table one by one between two sweeps by age and number."""

_TABLES = (
    # `id` grows with each row written, so the lowest is the oldest.
    """
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file TEXT NOT NULL,            -- FileIdentity.file
        slice_size INTEGER NOT NULL,
        algorithm TEXT NOT NULL,       -- as hashlib names it
        state TEXT NOT NULL,           -- FileIdentity.state
        raw BLOB NOT NULL,             -- one digest a part, as UploadParts has them
        seal BLOB NOT NULL,
        stored_at INTEGER NOT NULL,    -- seconds since the epoch
        UNIQUE (file, slice_size, algorithm)
    )
    """,
    # A row for each file that was hashed, however small, so rows are short: FileIdentity.state is
    # only in the seal.
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
"""Rows whose age a sweep looks at; if all of them are too old, the next sweeps see the rest."""


class JournalError(Exception):
    """The journal cannot be used; the message says why."""


class BusyError(JournalError):
    """Another process holds a lock, and may release it soon."""


class DamagedError(JournalError):
    """What is in the file is not what was written to it, so that no later try can do better."""


def is_ready(connection: sqlite3.Connection) -> bool:
    """Return whether the tables are there; if not, `create` may make them.

    Raises:
        JournalError: If a later version wrote the file.
        DamagedError: If another program wrote it, or its header is broken.
    """
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    if application == APPLICATION_ID:
        if version > VERSION:
            raise JournalError(f"version {version} of cosfast's journal is later than {VERSION}")
        return version == VERSION
    if application or _number(connection, "SELECT count(*) FROM sqlite_master"):
        raise DamagedError("it is a database of another program")
    return False


def create(connection: sqlite3.Connection) -> None:
    """Make the tables, within the open transaction, and drop those of older versions."""
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
    """Evict rows by age and number, once in `SWEEP_EVERY` rows written.

    Args:
        connection: Within a transaction.
        table: The table that a row was written to.
        row: The `id` of that row.
    """
    if row is not None and row % SWEEP_EVERY == 0:
        sweep(connection, table)
    else:
        _evict_bytes(connection)  # at each write, as one row may be large; the check is cheap


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
    """Drop the older quarter of all rows until the rest fits; SQLite uses their pages again."""
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
