"""The tables. A row is what gives a file of bytes its meaning; see `files`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.emulator.errors import SchemaError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

VERSION = 2

_FINISHED = """
CREATE TABLE finished (           -- sessions that became files, to know a repeated finish
    id TEXT PRIMARY KEY,
    bucket TEXT NOT NULL,
    path TEXT NOT NULL,
    filesize INTEGER NOT NULL,
    sha1 TEXT,                    -- what init was told
    content TEXT NOT NULL,        -- the SHA-1 of the file
    finished REAL NOT NULL
) WITHOUT ROWID;
"""

_TABLES = f"""
CREATE TABLE contents (           -- bytes that at least one entry holds, stored once
    id INTEGER PRIMARY KEY,
    sha1 TEXT NOT NULL,
    size INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    UNIQUE (sha1, size)
);
CREATE TABLE entries (            -- files and folders; a folder's name ends in "/"
    bucket TEXT NOT NULL,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    content INTEGER REFERENCES contents (id),
    biz_attr TEXT NOT NULL,
    authority TEXT NOT NULL,
    headers TEXT NOT NULL,        -- a JSON object
    created INTEGER NOT NULL,
    modified INTEGER NOT NULL,
    PRIMARY KEY (bucket, parent, name)
) WITHOUT ROWID;
CREATE INDEX entries_by_content ON entries (content);
CREATE TABLE sessions (           -- unfinished slice uploads
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    bucket TEXT NOT NULL,
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    filesize INTEGER NOT NULL,
    slice_size INTEGER NOT NULL,
    sha1 TEXT,
    digests BLOB,                 -- the parts list: 20 bytes a part
    biz_attr TEXT NOT NULL,
    insert_only INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    UNIQUE (bucket, parent, name)
);
CREATE TABLE slices (             -- what has arrived, been checked and reached the disk
    session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    PRIMARY KEY (session, offset)
) WITHOUT ROWID;
CREATE TABLE spent_signatures (   -- once-signatures that have been used
    digest BLOB PRIMARY KEY
) WITHOUT ROWID;
{_FINISHED}
"""

_UPGRADES = {0: _TABLES, 1: _FINISHED}
"""What makes the present tables out of those of an older version; 0 is a new database."""


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables in a new database, or bring those of an older version up to date.

    Raises:
        SchemaError: If a newer version wrote the database.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version not in _UPGRADES:
        raise SchemaError(
            f"{path} has schema version {version}, not {VERSION}:"
            " use the cosfast that wrote it, or another folder (--root)"
        )
    connection.executescript(
        f"BEGIN; {_UPGRADES[version]} PRAGMA user_version = {VERSION}; COMMIT;"
    )
