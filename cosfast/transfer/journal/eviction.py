"""What goes, and when: the journal stays small without anybody looking after it.

The oldest rows go first, by when they were written. That needs no write when a row is only read,
and a list that is still of use costs one hashing to come back. A row's `id` counts the rows ever
written to its table, so the oldest have the lowest: no sweep has to look at the others.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MAX_BYTES = 256 * 1024 * 1024
"""Bytes of pages in use: a million SHA-1s, and lists of 8 TiB in slices of 1 MiB."""

MAX_ROWS = {"parts": 100_000, "sha1s": 1_000_000, "uploads": 100_000}
"""The last so many rows that were written to each table stay."""

PARTS_SECONDS = 90 * 24 * 3600
"""What was not written for so long is of a file that nobody uploads any more."""

UPLOAD_SECONDS = 7 * 24 * 3600
"""The server's own limit for a session (PROTOCOL.md, section 4)."""

SWEEP_EVERY = 64
"""Rows written to a table one by one, from one sweep by age and number to the next."""

_AGED = {
    "parts": ("stored_at", PARTS_SECONDS),
    "sha1s": ("stored_at", PARTS_SECONDS),
    "uploads": ("started_at", UPLOAD_SECONDS),
}

_OLDEST = 4096
"""Rows whose age a sweep looks at; where all of them are too old, the next ones see the rest."""


def is_expired(started_at: int) -> bool:
    """Whether an upload's session is over; also where the clock was set back by as much."""
    return abs(time.time() - started_at) > UPLOAD_SECONDS


def sweep_if_due(connection: sqlite3.Connection, table: str, row: int | None) -> None:
    """Evict what is too old and too much, each time that so many rows were written.

    Args:
        connection: within a transaction.
        table: that a row was written to.
        row: its `id`.
    """
    if row is not None and row % SWEEP_EVERY == 0:
        sweep(connection, table)
    else:
        _evict_bytes(connection)  # at each write, as one row may be large; the check is cheap


def sweep(connection: sqlite3.Connection, table: str) -> None:
    """Evict what is too old and too much, after many rows were written to `table` at once."""
    _evict_old(connection, table)
    connection.execute(
        f"DELETE FROM {table} WHERE id <= (SELECT max(id) FROM {table}) - ?",  # noqa: S608 - a name of ours
        (MAX_ROWS[table],),
    )
    _evict_bytes(connection)


def _evict_old(connection: sqlite3.Connection, table: str) -> None:
    stamp, seconds = _AGED[table]
    connection.execute(
        f"DELETE FROM {table} WHERE abs(? - {stamp}) > ?"  # noqa: S608 - names of ours
        f" AND id IN (SELECT id FROM {table} ORDER BY id LIMIT ?)",
        (int(time.time()), seconds, _OLDEST),
    )


def _evict_bytes(connection: sqlite3.Connection) -> None:
    """Drop the older quarter of all rows until the rest fits; SQLite uses their pages again."""
    while _used_bytes(connection) > MAX_BYTES and _evict_quarter(connection):
        pass


def _evict_quarter(connection: sqlite3.Connection) -> int:
    evicted = 0
    for table in MAX_ROWS:
        evicted += connection.execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} ORDER BY id"  # noqa: S608 - as above
            f" LIMIT (SELECT (count(*) + 3) / 4 FROM {table}))"
        ).rowcount
    return evicted


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, size = (
        int(connection.execute(f"PRAGMA {name}").fetchone()[0])
        for name in ("page_count", "freelist_count", "page_size")
    )
    return (pages - free) * size
