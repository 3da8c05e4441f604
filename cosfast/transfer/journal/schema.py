"""The tables, and which file may hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.transfer.journal.failures import DamagedError, JournalError

if TYPE_CHECKING:
    import sqlite3

APPLICATION_ID = 0x636F7366  # "cosf": what SQLite keeps for a program to know its files by

VERSION = 2
"""Of the tables below. It goes up with any change of them: older ones are dropped, not migrated."""

_TABLES = (
    # `id` grows with each row written, so the lowest is the oldest
    """
    CREATE TABLE parts (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file TEXT NOT NULL,            -- FileIdentity.file
        slice_size INTEGER NOT NULL,
        state TEXT NOT NULL,           -- FileIdentity.state
        raw BLOB NOT NULL,             -- 20 bytes a part, as UploadParts has them
        seal BLOB NOT NULL,
        stored_at INTEGER NOT NULL,    -- seconds since the epoch
        UNIQUE (file, slice_size)
    )
    """,
    # A row for each file that was hashed, however small: what is not in it, the seal stands for.
    """
    CREATE TABLE sha1s (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        file TEXT NOT NULL UNIQUE,     -- FileIdentity.file
        sha1 BLOB NOT NULL,            -- 20 bytes
        seal BLOB NOT NULL,            -- over FileIdentity.state too
        stored_at INTEGER NOT NULL     -- seconds since the epoch
    )
    """,
    """
    CREATE TABLE uploads (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        url TEXT NOT NULL UNIQUE,      -- Destination.url
        session TEXT NOT NULL,
        filesize INTEGER NOT NULL,
        sha1 TEXT,
        slice_size INTEGER NOT NULL,
        started_at INTEGER NOT NULL,   -- seconds since the epoch
        seal BLOB NOT NULL
    )
    """,
)


def is_ready(connection: sqlite3.Connection) -> bool:
    """Return whether the tables are there; if not, `create` may make them.

    Raises:
        JournalError: where a later version wrote the file.
        DamagedError: where another program did, or the file's header is broken.
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
    """Make the tables, within the transaction that is open; those of older versions go."""
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    ).fetchall()
    for (name,) in names:
        connection.execute('DROP TABLE "{}"'.format(name.replace('"', '""')))
    for statement in _TABLES:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {VERSION}")


def _number(connection: sqlite3.Connection, query: str) -> int:
    (number,) = connection.execute(query).fetchone()
    return int(number)
