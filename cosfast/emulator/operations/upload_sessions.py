"""Unfinished slice uploads, as the operations see them: found, expired, or ended."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules
from cosfast.emulator.store import sessions, tree

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from cosfast.emulator.operations.context import Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import FinishedSession, Session
    from cosfast.emulator.wire.addressing import Place

_DIGITS = frozenset("0123456789abcdef")


def find_named(context: Context, call: Call) -> Session:
    """Find the session that the field `session` names; it must be for this very path.

    Raises:
        RefusedError: code -5983 without one or for one of another path, -4013 for what was
            never a session id, -290 for one that has ended or expired.
    """
    rules.require_file_path(call.place)
    name = call.form.text("session").strip()
    if not name:
        raise RefusedError(Code.WRONG_SESSION, "session is missing")
    if len(name) != sessions.ID_DIGITS or not _DIGITS.issuperset(name):
        raise RefusedError(Code.SESSION_UNREADABLE, "this is no session of this server")
    session = context.store.database.read(lambda connection: sessions.find(connection, name))
    if session is None or is_expired(context, session):
        raise ended()
    if (session.bucket, session.path) != (call.place.bucket, call.place.path):
        raise RefusedError(Code.WRONG_SESSION, "the session is for another file")
    return session


def find_open(context: Context, connection: sqlite3.Connection, place: Place) -> Session | None:
    """Find the session that uploads to a path and has not expired."""
    session = sessions.find_at(connection, place)
    return None if session is None or is_expired(context, session) else session


def find_finished(context: Context, call: Call) -> FinishedSession | None:
    """Find the session that the field `session` names, if its file is what is at the path now."""
    name = call.form.text("session").strip()

    def find(connection: sqlite3.Connection) -> FinishedSession | None:
        finished = sessions.find_finished(connection, name)
        if finished is None or finished.finished <= _oldest(context):
            return None
        if (finished.bucket, finished.path) != (call.place.bucket, call.place.path):
            return None
        entry = tree.find(connection, call.place)
        if entry is None or entry.content is None or entry.content.sha1 != finished.content:
            return None
        return finished

    return context.store.database.read(find)


def is_expired(context: Context, session: Session) -> bool:
    """Tell whether a session has had its time."""
    return session.created <= _oldest(context)


def remove_expired(context: Context) -> None:
    """Throw away the uploads that nobody has finished in time."""

    def remove(tx: Transaction) -> None:
        for session in sessions.expired(tx.connection, _oldest(context)):
            sessions.abandon(tx, session)
        sessions.forget_finished(tx, _oldest(context))

    context.store.database.write(remove)


def lose_open(context: Context, place: Place) -> None:
    """Throw away the unfinished upload of a path, where there is one, as if it had expired."""

    def lose(tx: Transaction) -> None:
        session = sessions.find_at(tx.connection, place)
        if session is not None:
            sessions.abandon(tx, session)

    context.store.database.write(lose)


def ended() -> RefusedError:
    """Refuse what came too late for its session: code -290."""
    return RefusedError(Code.BAD_SESSION, "the session has ended, or never was")


@contextmanager
def ended_if_gone() -> Iterator[None]:
    """Take a missing file for what it means here: another request has ended the session."""
    try:
        yield
    except FileNotFoundError:
        raise ended() from None


def missing_offsets(connection: sqlite3.Connection, session: Session) -> list[int]:
    """List where the slices belong that have not arrived."""
    arrived = {offset for offset, _ in sessions.slices(connection, session)}
    return [at for at in range(0, session.filesize, session.slice_size) if at not in arrived]


def _oldest(context: Context) -> float:
    return context.clock() - context.settings.limits.session_lifetime
