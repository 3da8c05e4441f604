"""Unfinished slice uploads, and the slices of them that have arrived."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.addressing import Place

_SELECT = (
    "SELECT number, id, bucket, parent || name, filesize, slice_size, sha1, digests, biz_attr,"
    " insert_only, file, created FROM sessions"
)
ID_DIGITS = 56
_NUMBER_BITS = 62  # SQLite has 63


@dataclass(frozen=True)
class Session:
    """What `upload_slice_init` was told. Sizes in bytes, `created` in seconds since 1970.

    `digests` is the parts list with 20 bytes a part, None where the client sent none.
    """

    number: int
    id: str
    bucket: str
    path: str
    filesize: int
    slice_size: int
    sha1: str | None
    digests: bytes | None
    biz_attr: str
    insert_only: bool
    file: str
    created: float


@dataclass(frozen=True)
class FinishedSession:
    """A session that became a file; `content` is the file's SHA-1, `sha1` what init was told."""

    id: str
    bucket: str
    path: str
    filesize: int
    sha1: str | None
    content: str
    finished: float


def new_id() -> str:
    """Make a session id as clients have seen them: 56 hex digits."""
    return secrets.token_hex(ID_DIGITS // 2)


def find(connection: sqlite3.Connection, session_id: str) -> Session | None:
    """Look a session up by its id."""
    row = connection.execute(_SELECT + " WHERE id = ?", (session_id,))
    return _session(row.fetchone())


def find_at(connection: sqlite3.Connection, place: Place) -> Session | None:
    """Look up the session that uploads to this place."""
    row = connection.execute(
        _SELECT + " WHERE bucket = ? AND parent = ? AND name = ?",
        (place.bucket, place.parent, place.name),
    )
    return _session(row.fetchone())


def are_in(connection: sqlite3.Connection, folder: Place) -> bool:
    """Tell whether anything is being uploaded into this folder."""
    row = connection.execute(
        "SELECT 1 FROM sessions WHERE bucket = ? AND parent = ? LIMIT 1",
        (folder.bucket, folder.path),
    )
    return row.fetchone() is not None


def add(tx: Transaction, session: Session, place: Place) -> None:
    """Open a session; its `number` is given here.

    It is random, since SQLite would give the number of a deleted session to the next one: a slice
    that is still being written would then be recorded for a file that does not have its bytes.
    """
    tx.execute(
        "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            secrets.randbits(_NUMBER_BITS),
            session.id,
            place.bucket,
            place.parent,
            place.name,
            session.filesize,
            session.slice_size,
            session.sha1,
            session.digests,
            session.biz_attr,
            session.insert_only,
            session.file,
            session.created,
        ),
    )


def hand_over(tx: Transaction, session: Session) -> None:
    """End a session whose file has become a content's."""
    tx.execute("DELETE FROM sessions WHERE number = ?", (session.number,))


def remember_finished(tx: Transaction, session: Session, content: str, now: float) -> None:
    """Keep what a repeated finish of this session is answered from."""
    tx.execute(
        "INSERT INTO finished VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            session.id,
            session.bucket,
            session.path,
            session.filesize,
            session.sha1,
            content,
            now,
        ),
    )


def find_finished(connection: sqlite3.Connection, session_id: str) -> FinishedSession | None:
    """Look up a session that has become a file."""
    row = connection.execute("SELECT * FROM finished WHERE id = ?", (session_id,)).fetchone()
    return FinishedSession(*row) if row else None


def forget_finished(tx: Transaction, before: float) -> None:
    """Forget the sessions that became files at that time or before."""
    tx.execute("DELETE FROM finished WHERE finished <= ?", (before,))


def abandon(tx: Transaction, session: Session) -> None:
    """End a session and throw away what has arrived."""
    hand_over(tx, session)
    tx.discard(session.file)


def is_open(connection: sqlite3.Connection, session: Session) -> bool:
    """Tell whether a session has not ended meanwhile."""
    row = connection.execute("SELECT 1 FROM sessions WHERE number = ?", (session.number,))
    return row.fetchone() is not None


def expired(connection: sqlite3.Connection, before: float) -> list[Session]:
    """List the sessions that began at that time or before."""
    rows = connection.execute(_SELECT + " WHERE created <= ?", (before,))
    return [found for found in map(_session, rows) if found]


def has_slice(connection: sqlite3.Connection, session: Session, offset: int) -> bool:
    """Tell whether the slice at this offset has arrived."""
    row = connection.execute(
        "SELECT 1 FROM slices WHERE session = ? AND offset = ?", (session.number, offset)
    )
    return row.fetchone() is not None


def add_slice(tx: Transaction, session: Session, offset: int, length: int) -> None:
    """Record a slice whose bytes are on the disk."""
    tx.execute("INSERT OR IGNORE INTO slices VALUES (?, ?, ?)", (session.number, offset, length))


def slices(connection: sqlite3.Connection, session: Session) -> list[tuple[int, int]]:
    """List offset and length of all slices that have arrived, in order."""
    return connection.execute(
        "SELECT offset, length FROM slices WHERE session = ? ORDER BY offset", (session.number,)
    ).fetchall()


def forget_slices(tx: Transaction, session: Session, start: int, end: int) -> None:
    """Take back the slices that begin in this range: they have to come again."""
    tx.execute(
        "DELETE FROM slices WHERE session = ? AND offset >= ? AND offset < ?",
        (session.number, start, end),
    )


def files_in_use(connection: sqlite3.Connection) -> set[str]:
    """Name all files that sessions write to."""
    return {file for (file,) in connection.execute("SELECT file FROM sessions")}


def _session(row: tuple[Any, ...] | None) -> Session | None:
    if row is None:
        return None
    columns = dict(zip(Session.__dataclass_fields__, row, strict=True))
    columns["insert_only"] = bool(columns["insert_only"])
    return Session(**columns)
