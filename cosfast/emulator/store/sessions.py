"""Upload sessions of all services: open sessions, their received parts, finished sessions."""

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
    """An open upload session. Sizes are in bytes.

    Attributes:
        service: Name of its service.
        id: Id that the client uses: `session`, `upload_key` or `upload_id`.
        space: Bucket, space or drive.
        entry: Id of the entry that it creates, a path for COS v4. Empty if the id is assigned at
            the end.
        parent: Id of the entry's parent folder.
        name: Name of the entry within that folder.
        size: Size of the whole file.
        part_size: Size of every part but the last.
        file: Name of the content file that receives its bytes.
        created: Time in seconds since 1970.
        algorithm: Algorithm of `digest` and `states`: `sha1` or `sha256`.
        digest: Digest that the client promised for the whole file, lower-case hex, or None.
        states: Promised states in the format of `parts.PartStates`, or None.
        attributes: Values for its service alone, stored as JSON.
        number: Row number, assigned by the database; never reused.
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
        """Key of the entry that it creates."""
        return Key(self.service, self.space, self.entry)


@dataclass(frozen=True)
class FinishedSession:
    """A session that became a file.

    Attributes:
        promised: Digest that the client promised for the file, or None.
        digest: Digest of the file.
        finished: Time in seconds since 1970.
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
        """Key of the entry that it created."""
        return Key(self.service, self.space, self.entry)


class Part(NamedTuple):
    """A received part; `tag` is its identifier for clients, such as an ETag."""

    offset: int
    length: int
    tag: str


def find(connection: sqlite3.Connection, service: str, session_id: str) -> Session | None:
    """Return the open session with an id, or None."""
    row = connection.execute(_SELECT + " WHERE service = ? AND id = ?", (service, session_id))
    return _session(row.fetchone())


def find_for(connection: sqlite3.Connection, entry: Key) -> Session | None:
    """Return the open session that creates an entry, the latest of several, or None."""
    row = connection.execute(
        _SELECT + " WHERE service = ? AND space = ? AND entry = ? ORDER BY number DESC LIMIT 1",
        (entry.service, entry.space, entry.id),
    )
    return _session(row.fetchone())


def exist_in(connection: sqlite3.Connection, folder: Key) -> bool:
    """Return whether a folder has open sessions."""
    row = connection.execute(
        "SELECT 1 FROM sessions WHERE service = ? AND space = ? AND parent = ? LIMIT 1",
        (folder.service, folder.space, folder.id),
    )
    return row.fetchone() is not None


def add(tx: Transaction, session: Session) -> None:
    """Insert a session; the database assigns its number."""
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
    """End a session whose file has become a content, and record it for repeated requests.

    Args:
        tx: Transaction that creates the entry.
        session: Session to end.
        entry: Id of the created entry.
        digest: Digest of the file by the session's algorithm.
        now: Time in seconds since 1970.
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
    """End a session and discard its received parts."""
    tx.execute("DELETE FROM sessions WHERE number = ?", (session.number,))
    tx.discard(session.file)


def find_finished(
    connection: sqlite3.Connection, service: str, session_id: str
) -> FinishedSession | None:
    """Return the finished session with an id, or None."""
    row = connection.execute(
        "SELECT * FROM finished WHERE service = ? AND id = ?", (service, session_id)
    ).fetchone()
    return FinishedSession(*row) if row else None


def remove_expired(tx: Transaction, service: str, before: float) -> None:
    """Abandon the open sessions of a service, and delete its finished ones, up to a time."""
    rows = tx.execute(_SELECT + " WHERE service = ? AND created <= ?", (service, before))
    for session in [found for found in map(_session, rows.fetchall()) if found]:
        abandon(tx, session)
    tx.execute("DELETE FROM finished WHERE service = ? AND finished <= ?", (service, before))


def set_attributes(tx: Transaction, session: Session, attributes: Mapping[str, Any]) -> None:
    """Replace the attributes of a session."""
    tx.execute(
        "UPDATE sessions SET attributes = ? WHERE number = ?",
        (json.dumps(dict(attributes)), session.number),
    )


def is_open(connection: sqlite3.Connection, session: Session) -> bool:
    """Return whether a session is still open."""
    row = connection.execute("SELECT 1 FROM sessions WHERE number = ?", (session.number,))
    return row.fetchone() is not None


def find_part(connection: sqlite3.Connection, session: Session, offset: int) -> Part | None:
    """Return the received part at an offset, or None."""
    row = connection.execute(
        "SELECT offset, length, tag FROM parts WHERE session = ? AND offset = ?",
        (session.number, offset),
    ).fetchone()
    return Part(*row) if row else None


def parts(connection: sqlite3.Connection, session: Session) -> list[Part]:
    """Return all received parts in the order of their offsets."""
    rows = connection.execute(
        "SELECT offset, length, tag FROM parts WHERE session = ? ORDER BY offset",
        (session.number,),
    )
    return [Part(*row) for row in rows]


def missing_offsets(connection: sqlite3.Connection, session: Session) -> list[int]:
    """Return the offsets of the missing parts."""
    arrived = {part.offset for part in parts(connection, session)}
    return [at for at in range(0, session.size, session.part_size) if at not in arrived]


def add_part(tx: Transaction, session: Session, part: Part) -> None:
    """Record a part whose bytes are on disk."""
    tx.execute("INSERT OR IGNORE INTO parts VALUES (?, ?, ?, ?)", (session.number, *part))


def forget_parts(tx: Transaction, session: Session, start: int, end: int) -> None:
    """Delete the records of the parts that begin in a range, so that they must be sent again."""
    tx.execute(
        "DELETE FROM parts WHERE session = ? AND offset >= ? AND offset < ?",
        (session.number, start, end),
    )


def files_in_use(connection: sqlite3.Connection) -> set[str]:
    """Return the names of the content files of all sessions."""
    return {file for (file,) in connection.execute("SELECT file FROM sessions")}


def _session(row: tuple[Any, ...] | None) -> Session | None:
    if row is None:
        return None
    columns = dict(zip(_COLUMNS.split(", "), row, strict=True))
    columns["attributes"] = json.loads(columns["attributes"])
    return Session(**columns)
