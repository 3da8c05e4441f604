"""The database's tables, and how those of older versions become these.

A row is what gives a file of bytes its meaning; see `files`.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from cosfast.emulator.errors import SchemaError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable
    from pathlib import Path

VERSION = 3

TABLES = ("entries", "contents", "parts", "sessions", "finished", "spent_signatures")
"""Every table, in an order in which they can be emptied."""

_TABLES = """
CREATE TABLE contents (           -- bytes that at least one entry has, stored once
    id INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    sha1 TEXT,                    -- lower-case hex; one of the two is known at least
    sha256 TEXT,
    UNIQUE (sha1, size),
    UNIQUE (sha256, size)
);
CREATE TABLE entries (            -- files and folders
    service TEXT NOT NULL,
    space TEXT NOT NULL,          -- a bucket, or another service's space or drive
    id TEXT NOT NULL,             -- what the service calls it by: COS v4's path, or a file id
    parent TEXT NOT NULL,         -- the id of the folder around it
    name TEXT NOT NULL,           -- that of a folder of COS v4 ends in "/"
    content INTEGER REFERENCES contents (id),  -- none: a folder
    attributes TEXT NOT NULL,     -- a JSON object that only the service reads
    created INTEGER NOT NULL,     -- both in seconds since 1970
    modified INTEGER NOT NULL,
    PRIMARY KEY (service, space, id)
) WITHOUT ROWID;
CREATE INDEX entries_by_parent ON entries (service, space, parent, name);
CREATE INDEX entries_by_content ON entries (content);
CREATE TABLE sessions (           -- unfinished uploads in parts
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- a part under way never meets another session
    service TEXT NOT NULL,
    id TEXT NOT NULL,             -- what the client names it by
    space TEXT NOT NULL,
    entry TEXT NOT NULL,          -- the id of the entry that it makes; "" if not known yet
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    part_size INTEGER NOT NULL,
    algorithm TEXT NOT NULL,      -- of digest and states: sha1 or sha256
    digest TEXT,                  -- of the whole file as the client promised it, lower-case hex
    states BLOB,                  -- the parts' states as promised, see parts.PartStates
    attributes TEXT NOT NULL,     -- a JSON object that only the service reads
    file TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    UNIQUE (service, id)
);
CREATE INDEX sessions_by_entry ON sessions (service, space, entry);
CREATE INDEX sessions_by_parent ON sessions (service, space, parent);
CREATE TABLE parts (              -- what has arrived, been checked and reached the disk
    session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    tag TEXT NOT NULL,            -- what the client is to know the part by, such as an ETag
    PRIMARY KEY (session, offset)
) WITHOUT ROWID;
CREATE TABLE finished (           -- sessions that became files, to know a repeated finish
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    space TEXT NOT NULL,
    entry TEXT NOT NULL,
    size INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    promised TEXT,                -- the digest that the client promised
    digest TEXT NOT NULL,         -- the digest that the file has
    finished REAL NOT NULL,
    PRIMARY KEY (service, id)
) WITHOUT ROWID;
CREATE TABLE spent_signatures (   -- once-signatures of COS v4 that have been used
    digest BLOB PRIMARY KEY
) WITHOUT ROWID;
"""

_FINISHED_2 = """
CREATE TABLE finished (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL, path TEXT NOT NULL, filesize INTEGER NOT NULL,
    sha1 TEXT, content TEXT NOT NULL, finished REAL NOT NULL
) WITHOUT ROWID;
"""

_REBUILT = ("contents", "entries", "sessions", "slices", "finished", "spent_signatures")


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Create the tables in a new database, or bring those of an older version up to date.

    Raises:
        SchemaError: If the database is of a version that is not known.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version not in _UPGRADES:
        raise SchemaError(
            f"{path} has schema version {version}, not {VERSION}:"
            " use the cosfast that wrote it, or another folder (--root)"
        )
    # Renamed tables keep what refers to them by name, and rows that refer to none yet are allowed.
    connection.execute("PRAGMA foreign_keys = OFF")
    connection.execute("PRAGMA legacy_alter_table = ON")
    connection.execute("BEGIN IMMEDIATE")
    try:
        while version != VERSION:
            version = _UPGRADES[version](connection)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    connection.execute("PRAGMA legacy_alter_table = OFF")
    connection.execute("PRAGMA foreign_keys = ON")


def _create(connection: sqlite3.Connection) -> int:
    _run_all(connection, _TABLES)
    return VERSION


def _upgrade_1(connection: sqlite3.Connection) -> int:
    _run_all(connection, _FINISHED_2)
    return 2


def _upgrade_2(connection: sqlite3.Connection) -> int:
    """Give every row a service, an id and attributes; until now there was only COS v4."""
    run = connection.execute
    run("DROP INDEX entries_by_content")
    for table in _REBUILT:
        run(f"ALTER TABLE {table} RENAME TO old_{table}")
    _run_all(connection, _TABLES)
    run("INSERT INTO contents SELECT id, size, file, sha1, NULL FROM old_contents")
    for bucket, parent, name, content, biz_attr, authority, headers, *times in run(
        "SELECT * FROM old_entries"
    ):
        about = {"biz_attr": biz_attr, "authority": authority, "headers": json.loads(headers)}
        run(
            "INSERT INTO entries VALUES ('cosv4', ?, ?, ?, ?, ?, ?, ?, ?)",
            (bucket, parent + name, parent, name, content, json.dumps(about), *times),
        )
    for number, session, bucket, parent, name, size, part_size, sha1, digests, *rest in run(
        "SELECT * FROM old_sessions"
    ):
        biz_attr, insert_only, file, created = rest
        about = {"biz_attr": biz_attr, "insert_only": bool(insert_only)}
        run(
            "INSERT INTO sessions VALUES (?, 'cosv4', ?, ?, ?, ?, ?, ?, ?, 'sha1', ?, ?, ?, ?, ?)",
            (
                *(number, session, bucket, parent + name, parent, name, size, part_size, sha1),
                *(_big_endian(digests), json.dumps(about), file, created),
            ),
        )
    run("INSERT INTO parts SELECT session, offset, length, '' FROM old_slices")
    run(
        "INSERT INTO finished SELECT 'cosv4', id, bucket, path, filesize, 'sha1', sha1, content,"
        " finished FROM old_finished"
    )
    run("INSERT INTO spent_signatures SELECT digest FROM old_spent_signatures")
    for table in _REBUILT:
        run(f"DROP TABLE old_{table}")
    return 3


def _big_endian(digests: bytes | None) -> bytes | None:
    """Turn the states of a parts list, as COS v4 writes them, into words in the usual order."""
    if not digests:
        return digests
    states = struct.iter_unpack("<5I", digests[:-20])
    return b"".join(struct.pack(">5I", *words) for words in states) + digests[-20:]


def _run_all(connection: sqlite3.Connection, script: str) -> None:
    """Run statements within the transaction; `executescript` would commit it first."""
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


_UPGRADES: dict[int, Callable[[sqlite3.Connection], int]] = {
    0: _create,
    1: _upgrade_1,
    2: _upgrade_2,
}
"""By the version that a database has, what brings it to a later one; 0 is a new database."""
