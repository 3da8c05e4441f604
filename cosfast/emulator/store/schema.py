"""The database schema, and migrations from older versions.

A content file without a row is removed; see `files`.
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
"""All tables, in an order that allows emptying them one by one."""

_TABLES = """
CREATE TABLE contents (           -- contents that at least one entry refers to, each stored once
    id INTEGER PRIMARY KEY,
    size INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE,
    sha1 TEXT,                    -- lower-case hex; at least one of the two is known
    sha256 TEXT,
    UNIQUE (sha1, size),
    UNIQUE (sha256, size)
);
CREATE TABLE entries (            -- files and folders
    service TEXT NOT NULL,
    space TEXT NOT NULL,          -- a bucket, or another service's space or drive
    id TEXT NOT NULL,             -- the id in the service: the path for COS v4, else a file id
    parent TEXT NOT NULL,         -- the id of the parent folder
    name TEXT NOT NULL,           -- ends in "/" for a folder of COS v4
    content INTEGER REFERENCES contents (id),  -- NULL: a folder
    attributes TEXT NOT NULL,     -- a JSON object of the service
    created INTEGER NOT NULL,     -- both in seconds since 1970
    modified INTEGER NOT NULL,
    PRIMARY KEY (service, space, id)
) WITHOUT ROWID;
CREATE INDEX entries_by_parent ON entries (service, space, parent, name);
CREATE INDEX entries_by_content ON entries (content);
CREATE TABLE sessions (           -- unfinished uploads in parts
    number INTEGER PRIMARY KEY AUTOINCREMENT,  -- not reused: a late part has no other session
    service TEXT NOT NULL,
    id TEXT NOT NULL,             -- the id that the client uses
    space TEXT NOT NULL,
    entry TEXT NOT NULL,          -- the id of the entry that it creates; "" if not known yet
    parent TEXT NOT NULL,
    name TEXT NOT NULL,
    size INTEGER NOT NULL,
    part_size INTEGER NOT NULL,
    algorithm TEXT NOT NULL,      -- of digest and states: sha1 or sha256
    digest TEXT,                  -- promised digest of the whole file, lower-case hex
    states BLOB,                  -- promised states of the parts, see parts.PartStates
    attributes TEXT NOT NULL,     -- a JSON object of the service
    file TEXT NOT NULL UNIQUE,
    created REAL NOT NULL,
    UNIQUE (service, id)
);
CREATE INDEX sessions_by_entry ON sessions (service, space, entry);
CREATE INDEX sessions_by_parent ON sessions (service, space, parent);
CREATE TABLE parts (              -- parts that are received, verified and on disk
    session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    offset INTEGER NOT NULL,
    length INTEGER NOT NULL,
    tag TEXT NOT NULL,            -- identifier of the part for clients, such as an ETag
    PRIMARY KEY (session, offset)
) WITHOUT ROWID;
CREATE TABLE finished (           -- sessions that became files, to recognise a repeated finish
    service TEXT NOT NULL,
    id TEXT NOT NULL,
    space TEXT NOT NULL,
    entry TEXT NOT NULL,
    size INTEGER NOT NULL,
    algorithm TEXT NOT NULL,
    promised TEXT,                -- the digest promised by the client
    digest TEXT NOT NULL,         -- the digest of the file
    finished REAL NOT NULL,
    PRIMARY KEY (service, id)
) WITHOUT ROWID;
CREATE TABLE spent_signatures (   -- used one-time signatures of COS v4
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
    """Create the tables of a new database, or migrate those of an older version.

    Raises:
        SchemaError: If the database has an unsupported version.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == VERSION:
        return
    if version not in _UPGRADES:
        raise SchemaError(
            f"{path} has schema version {version}, not {VERSION}:"
            " use the version of cosfast that wrote it, or another folder (--root)"
        )
    # For renamed tables: references keep the old name, and may be dangling for a while.
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
    """Add service, id and attributes to every row; version 2 was for COS v4 only."""
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
    """Convert the states of a COS v4 parts list from little-endian words to big-endian."""
    if not digests:
        return digests
    states = struct.iter_unpack("<5I", digests[:-20])
    return b"".join(struct.pack(">5I", *words) for words in states) + digests[-20:]


def _run_all(connection: sqlite3.Connection, script: str) -> None:
    """Execute statements within the transaction, which `executescript` would commit first."""
    for statement in script.split(";\n"):
        if statement.strip():
            connection.execute(statement)


_UPGRADES: dict[int, Callable[[sqlite3.Connection], int]] = {
    0: _create,
    1: _upgrade_1,
    2: _upgrade_2,
}
"""The migration from each version to a later one; version 0 is a new database."""
