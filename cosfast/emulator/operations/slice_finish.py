"""upload_slice_finish: the slices become a file, if they are all here and what init promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast import Sha1
from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules, upload_sessions
from cosfast.emulator.operations.parts_list import PART_SIZE, PartsList, slice_differs
from cosfast.emulator.store import sessions, tree

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import FinishedSession, Session
    from cosfast.emulator.wire.addressing import Place

_NAMED_MISSING = 5


def finish(context: Context, call: Call) -> Answer:
    """Make the file (PROTOCOL.md section 4, step 4).

    A session that has made it already gets the same answer again, since clients whose answer was
    lost repeat the request.
    """
    try:
        session = upload_sessions.find_named(context, call)
        _require_promise(call, session)
        return complete(context, call, session)
    except RefusedError as refusal:
        finished = _find_repeated(context, call, refusal)
        _require_promise(call, finished)
        return _answer(call, finished)


def finish_again(context: Context, call: Call, refusal: RefusedError) -> Answer:
    """Answer a repeated last request of an older upload, whose bytes have to be the same.

    Raises:
        RefusedError: The given one, if the session has not become the file that is here.
    """
    finished = _find_repeated(context, call, refusal)
    offset = call.form.integer("offset")
    if offset is not None and not _holds(context, call, offset):
        raise RefusedError(
            Code.SAME_OFFSET_AGAIN, f"other bytes have arrived at offset {offset} before"
        )
    return _answer(call, finished)


def _find_repeated(context: Context, call: Call, refusal: RefusedError) -> FinishedSession:
    """Find the finished session behind a request that was refused because its session ended.

    Raises:
        RefusedError: The given one, if there is none.
    """
    finished = None
    if refusal.code is Code.BAD_SESSION:
        finished = upload_sessions.find_finished(context, call)
    if finished is None:
        raise refusal
    return finished


def _require_promise(call: Call, session: Session | FinishedSession) -> None:
    """Refuse another size or SHA-1 than init had."""
    filesize = call.form.integer("filesize")
    sha1 = call.form.sha()
    if filesize is not None and filesize != session.filesize:
        raise RefusedError(Code.SIZE_DIFFERS, f"init said filesize {session.filesize}")
    if session.sha1 and not sha1:
        raise RefusedError(Code.FINISH_SHA_MISSING, "init had a sha, so finish needs it too")
    rules.require_same_sha(session.sha1, sha1)


def _answer(call: Call, session: Session | FinishedSession) -> Answer:
    return {**call.links.of_file(call.place), "vid": session.id}


def _holds(context: Context, call: Call, offset: int) -> bool:
    entry = context.store.database.read(lambda connection: tree.find(connection, call.place))
    if entry is None or entry.content is None:
        return False
    return context.store.files.holds_at(entry.content.file, offset, call.content.blocks())


def complete(context: Context, call: Call, session: Session) -> Answer:
    """Make the file of a session whose slices are said to be all here."""
    context.store.database.read(lambda connection: _require_complete(connection, session))
    with upload_sessions.ended_if_gone():
        sha1 = _final_sha(context, session)
    context.store.database.write(lambda tx: _make_file(context, tx, call.place, session, sha1))
    return _answer(call, session)


def _require_complete(connection: sqlite3.Connection, session: Session) -> None:
    if not sessions.is_open(connection, session):
        raise upload_sessions.ended()
    missing = upload_sessions.missing_offsets(connection, session)
    if missing:
        first = ", ".join(map(str, missing[:_NAMED_MISSING]))
        more = ", ..." if len(missing) > _NAMED_MISSING else ""
        raise RefusedError(
            Code.SIZE_DIFFERS, f"{len(missing)} slices are missing, at offsets {first}{more}"
        )


def _final_sha(context: Context, session: Session) -> str:
    """Sum what has arrived, unless its slices were checked one by one."""
    if session.sha1 and _checked_on_arrival(session):
        return session.sha1
    if session.digests is not None:
        _check_late(context, session, PartsList(session.digests, session.filesize))
    hasher = Sha1()
    for block in context.store.files.blocks(session.file):
        hasher.update(block)
    sha1 = hasher.hexdigest()
    if session.sha1 not in {None, sha1}:
        context.store.database.write(lambda tx: sessions.abandon(tx, session))
        raise RefusedError(
            Code.SHA1_MISMATCH, "what has arrived is not what the sha says: upload it again"
        )
    return sha1


def _checked_on_arrival(session: Session) -> bool:
    return session.digests is not None and session.slice_size % PART_SIZE == 0


def _check_late(context: Context, session: Session, parts: PartsList) -> None:
    """Check slices that are not whole parts; those of the first bad part must come again."""
    bad = parts.first_difference(0, context.store.files.blocks(session.file))
    if bad is None:
        return
    first = bad // session.slice_size * session.slice_size
    context.store.database.write(
        lambda tx: sessions.forget_slices(tx, session, first, bad + PART_SIZE)
    )
    raise slice_differs(bad)


def _make_file(
    context: Context, tx: Transaction, place: Place, session: Session, sha1: str
) -> None:
    _require_complete(tx.connection, session)
    rules.require_room_for_file(tx.connection, place, insert_only=session.insert_only)
    content = tree.add_content(tx, sha1, session.filesize, session.file)
    tree.put(tx, place, tree.new_file(place, content, session.biz_attr, context.now()))
    sessions.hand_over(tx, session)
    sessions.remember_finished(tx, session, sha1, context.clock())
