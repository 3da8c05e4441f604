"""The tables. A row is what gives a file of bytes its meaning; see `files`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

VERSION = 1

_TABLES = """
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
"""


class SchemaError(RuntimeError):
    """The folder was written by a version that this one cannot read."""


def prepare(connection: sqlite3.Connection) -> None:
    """Create the tables in a new database, or check that they are the ones known here."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:
        connection.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version != VERSION:
        raise SchemaError(f"the data folder has schema version {version}, not {VERSION}")
