"""Uploads in parts, of every service: open ones, the parts that have arrived, finished ones."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.emulator.store.tree import Key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cosfast.emulator.store.database import Transaction

_COLUMNS = (
    "number, service, id, space, entry, parent, name, size, part_size, algorithm, digest, states,"
    " attributes, file, created"
)
_SELECT = f"SELECT {_COLUMNS} FROM sessions"  # noqa: S608 - constants


@dataclass(frozen=True)
class Session:
    """An open upload. Sizes are in bytes.

    Attributes:
        service: The name of its service.
        id: What the client names it by: `session`, `upload_key` or `upload_id`.
        space: The bucket, space or drive.
        entry: The id of the entry that it makes: a path for COS v4. Empty if the id is given at
            the end.
        parent: The id of the folder around that entry.
        name: Of the entry within that folder.
        size: Of the whole file.
        part_size: Of every part but the last.
        file: The file that its bytes go to.
        created: In seconds since 1970.
        algorithm: Of `digest` and `states`: `sha1` or `sha256`.
        digest: Of the whole file as the client promised it, lower-case hex; None if it did not.
        states: The promised states, as `parts.PartStates` has them; None if there are none.
        attributes: What only its service reads; it becomes JSON.
        number: In the database, which gives it; no later session has the same.
    """

    service: str
    id: str
    space: str
    entry: str
    parent: str
    name: str
    size: int
    part_size: int
    file: str
    created: float
    algorithm: str = "sha1"
    digest: str | None = None
    states: bytes | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0

    @property
    def key(self) -> Key:
        """What identifies the entry that it makes."""
        return Key(self.service, self.space, self.entry)


@dataclass(frozen=True)
class FinishedSession:
    """A session that became a file.

    Attributes:
        promised: The digest that the client promised for the file.
        digest: The digest that the file has.
        finished: In seconds since 1970.
    """

    service: str
    id: str
    space: str
    entry: str
    size: int
    algorithm: str
    promised: str | None
    digest: str
    finished: float

    @property
    def key(self) -> Key:
        """What identifies the entry that it made."""
        return Key(self.service, self.space, self.entry)


class Part(NamedTuple):
    """A part that has arrived; `tag` is what its service lets clients know it by."""

    offset: int
    length: int
    tag: str


def find(connection: sqlite3.Connection, service: str, session_id: str) -> Session | None:
    """Look up an open session by its id."""
    row = connection.execute(_SELECT + " WHERE service = ? AND id = ?", (service, session_id))
    return _session(row.fetchone())


def find_for(connection: sqlite3.Connection, entry: Key) -> Session | None:
    """Look up the open session that makes an entry; the latest, if there are several."""
    row = connection.execute(
        _SELECT + " WHERE service = ? AND space = ? AND entry = ? ORDER BY number DESC LIMIT 1",
        (entry.service, entry.space, entry.id),
    )
    return _session(row.fetchone())


def exist_in(connection: sqlite3.Connection, folder: Key) -> bool:
    """Return whether anything is being uploaded into a folder."""
    row = connection.execute(
        "SELECT 1 FROM sessions WHERE service = ? AND space = ? AND parent = ? LIMIT 1",
        (folder.service, folder.space, folder.id),
    )
    return row.fetchone() is not None


def add(tx: Transaction, session: Session) -> None:
    """Open a session; the database gives it a number."""
    tx.execute(
        f"INSERT INTO sessions ({_COLUMNS}) VALUES"  # noqa: S608 - constants
        " (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session.service,
            session.id,
            session.space,
            session.entry,
            session.parent,
            session.name,
            session.size,
            session.part_size,
            session.algorithm,
            session.digest,
            session.states,
            json.dumps(dict(session.attributes)),
            session.file,
            session.created,
        ),
    )


def finish(tx: Transaction, session: Session, entry: str, digest: str, now: float) -> None:
    """End a session whose file has become a content's, and remember it for a repeated request.

    Args:
        tx: The transaction that makes the entry.
        session: That ends.
        entry: The id of the entry that it has made.
        digest: Of the file, by the session's algorithm.
        now: Seconds since 1970.
    """
    tx.execute("DELETE FROM sessions WHERE number = ?", (session.number,))
    tx.execute(
        "INSERT INTO finished VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            session.service,
            session.id,
            session.space,
            entry,
            session.size,
            session.algorithm,
            session.digest,
            digest,
            now,
        ),
    )


def abandon(tx: Transaction, session: Session) -> None:
    """End a session and discard what has arrived."""
    tx.execute("DELETE FROM sessions WHERE number = ?", (session.number,))
    tx.discard(session.file)


def find_finished(
    connection: sqlite3.Connection, service: str, session_id: str
) -> FinishedSession | None:
    """Look up a session that has become a file."""
    row = connection.execute(
        "SELECT * FROM finished WHERE service = ? AND id = ?", (service, session_id)
    ).fetchone()
    return FinishedSession(*row) if row else None


def remove_expired(tx: Transaction, service: str, before: float) -> None:
    """Abandon a service's sessions, and forget its finished ones, of that time or before."""
    rows = tx.execute(_SELECT + " WHERE service = ? AND created <= ?", (service, before))
    for session in [found for found in map(_session, rows.fetchall()) if found]:
        abandon(tx, session)
    tx.execute("DELETE FROM finished WHERE service = ? AND finished <= ?", (service, before))


def set_attributes(tx: Transaction, session: Session, attributes: Mapping[str, Any]) -> None:
    """Replace what only its service reads of a session."""
    tx.execute(
        "UPDATE sessions SET attributes = ? WHERE number = ?",
        (json.dumps(dict(attributes)), session.number),
    )


def is_open(connection: sqlite3.Connection, session: Session) -> bool:
    """Return whether a session has not ended meanwhile."""
    row = connection.execute("SELECT 1 FROM sessions WHERE number = ?", (session.number,))
    return row.fetchone() is not None


def find_part(connection: sqlite3.Connection, session: Session, offset: int) -> Part | None:
    """Look up the part at an offset, if it has arrived."""
    row = connection.execute(
        "SELECT offset, length, tag FROM parts WHERE session = ? AND offset = ?",
        (session.number, offset),
    ).fetchone()
    return Part(*row) if row else None


def parts(connection: sqlite3.Connection, session: Session) -> list[Part]:
    """List all parts that have arrived, in the order of their offsets."""
    rows = connection.execute(
        "SELECT offset, length, tag FROM parts WHERE session = ? ORDER BY offset",
        (session.number,),
    )
    return [Part(*row) for row in rows]


def missing_offsets(connection: sqlite3.Connection, session: Session) -> list[int]:
    """List the offsets of the parts that have not arrived."""
    arrived = {part.offset for part in parts(connection, session)}
    return [at for at in range(0, session.size, session.part_size) if at not in arrived]


def add_part(tx: Transaction, session: Session, part: Part) -> None:
    """Record a part whose bytes are on the disk."""
    tx.execute("INSERT OR IGNORE INTO parts VALUES (?, ?, ?, ?)", (session.number, *part))


def forget_parts(tx: Transaction, session: Session, start: int, end: int) -> None:
    """Forget the parts that begin in this range: they must be sent again."""
    tx.execute(
        "DELETE FROM parts WHERE session = ? AND offset >= ? AND offset < ?",
        (session.number, start, end),
    )


def files_in_use(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all files that sessions write to."""
    return {file for (file,) in connection.execute("SELECT file FROM sessions")}


def _session(row: tuple[Any, ...] | None) -> Session | None:
    if row is None:
        return None
    columns = dict(zip(_COLUMNS.split(", "), row, strict=True))
    columns["attributes"] = json.loads(columns["attributes"])
    return Session(**columns)
