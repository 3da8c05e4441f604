"""What goes, and when: the journal stays small without anybody looking after it.

The oldest rows go first, by when they were written. That needs no write when a row is only read,
and a list that is still of use costs one hashing to come back.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

MAX_BYTES = 64 * 1024 * 1024
"""Bytes of pages in use: lists of 3 TiB in slices of 1 MiB."""

MAX_ROWS = 100_000
"""Rows in each table."""

PARTS_SECONDS = 90 * 24 * 3600
"""A list not written for so long is of a file that nobody uploads any more."""

UPLOAD_SECONDS = 7 * 24 * 3600
"""The server's own limit for a session (PROTOCOL.md, section 4)."""

SWEEP_EVERY = 64
"""Rows written to a table from one sweep by age and number to the next."""


def is_expired(started_at: int) -> bool:
    """Whether an upload's session is over; also where the clock was set back by as much."""
    return abs(time.time() - started_at) > UPLOAD_SECONDS


def sweep_if_due(connection: sqlite3.Connection, row: int | None) -> None:
    """Evict what is too old and too much, each time that so many rows were written.

    Args:
        connection: within a transaction.
        row: the `id` of the row just written, which counts the rows ever written.
    """
    if row is not None and row % SWEEP_EVERY == 0:
        _evict_old(connection, int(time.time()))
        _evict_surplus(connection)
    _evict_bytes(connection)  # at each write, since one row may be large; the check is cheap


def _evict_old(connection: sqlite3.Connection, now: int) -> None:
    connection.execute("DELETE FROM parts WHERE abs(? - stored_at) > ?", (now, PARTS_SECONDS))
    connection.execute("DELETE FROM uploads WHERE abs(? - started_at) > ?", (now, UPLOAD_SECONDS))


def _evict_surplus(connection: sqlite3.Connection) -> None:
    for table in ("parts", "uploads"):
        connection.execute(
            f"DELETE FROM {table} WHERE id IN"  # noqa: S608 - one of the two names above
            f" (SELECT id FROM {table} ORDER BY id DESC LIMIT -1 OFFSET ?)",
            (MAX_ROWS,),
        )


def _evict_bytes(connection: sqlite3.Connection) -> None:
    """Drop the older quarter of all rows until the rest fits; SQLite uses their pages again."""
    while _used_bytes(connection) > MAX_BYTES and _evict_quarter(connection):
        pass


def _evict_quarter(connection: sqlite3.Connection) -> int:
    evicted = 0
    for table in ("parts", "uploads"):
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
