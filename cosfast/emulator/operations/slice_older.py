"""upload_slice, the older form: slice after slice, and no finish (PROTOCOL.md section 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import slice_begin, slice_data, slice_finish, upload_sessions
from cosfast.emulator.store import sessions

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.sessions import Session


def step(context: Context, call: Call) -> Answer:
    """Begin an upload, or go on with it; the answer says which offset is next."""
    if call.form.text("session").strip():
        try:
            # A client that resumes names its session first without sending anything.
            if call.form.given("offset") or call.content.size:
                slice_data.data(context, call)
            return _next_step(context, call, upload_sessions.find_named(context, call))
        except RefusedError as refusal:
            return slice_finish.finish_again(context, call, refusal)
    resumed = context.store.database.read(lambda connection: _find_same(context, connection, call))
    if resumed:
        return _next_step(context, call, resumed)
    begun = slice_begin.init(context, call)
    name = begun.get("session")
    if not isinstance(name, str):
        return begun  # instant
    session = context.store.database.read(lambda connection: sessions.find(connection, name))
    if session is None:
        raise upload_sessions.ended()
    return _next_step(context, call, session)


def _next_step(context: Context, call: Call, session: Session) -> Answer:
    missing = context.store.database.read(
        lambda connection: upload_sessions.missing_offsets(connection, session)
    )
    if not missing:
        return slice_finish.complete(context, call, session)
    return {"session": session.id, "offset": missing[0], "slice_size": session.slice_size}


def _find_same(context: Context, connection: sqlite3.Connection, call: Call) -> Session | None:
    """Look for an unfinished upload of the same content to this place."""
    session = upload_sessions.find_open(context, connection, call.place)
    if session is None or session.sha1 is None:
        return None
    same = (call.form.sha(), call.form.integer("filesize")) == (session.sha1, session.filesize)
    return session if same else None
