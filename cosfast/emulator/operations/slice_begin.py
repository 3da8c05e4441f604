"""upload_slice_init and upload_slice_list (PROTOCOL.md section 4, steps 1 and 2)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules, upload_sessions
from cosfast.emulator.operations.parts_list import PART_SIZE, PartsList, parse_parts_list
from cosfast.emulator.settings import SLICE_SIZES
from cosfast.emulator.store import sessions, tree

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import Session
    from cosfast.emulator.wire.addressing import Place
    from cosfast.emulator.wire.forms import Form


def init(context: Context, call: Call) -> Answer:
    """Open a session, or take content that is stored already in its place."""
    rules.require_file_path(call.place)
    wanted = _read_fields(context, call)
    context.store.database.read(lambda connection: _check(context, connection, call.place, wanted))
    instant = context.store.database.write(lambda tx: _link_stored(context, tx, call.place, wanted))
    if instant:
        return call.links.of_file(call.place)
    return _open_session(context, call.place, wanted)


def list_slices(context: Context, call: Call) -> Answer:
    """Say how far the upload of this path has come."""
    rules.require_file_path(call.place)
    return context.store.database.read(lambda connection: _list(context, connection, call))


def _list(context: Context, connection: sqlite3.Connection, call: Call) -> Answer:
    place = call.place
    session = upload_sessions.find_open(context, connection, place)
    if session:
        arrived = sessions.slices(connection, session)
        return {
            "session": session.id,
            "slice_size": session.slice_size,
            "filesize": session.filesize,
            "sha": session.sha1 or "",
            "listparts": [{"offset": at, "datalen": length} for at, length in arrived],
        }
    if tree.find(connection, place) is None:
        raise rules.not_found(place)
    return call.links.of_file(place)


def _read_fields(context: Context, call: Call) -> Session:
    form = call.form
    filesize = form.integer("filesize")
    largest = context.settings.limits.file_size
    if filesize is None:
        raise RefusedError(Code.FILESIZE_MISSING, "filesize is missing")
    if filesize > largest:
        raise RefusedError(Code.TOO_LARGE, f"filesize is above {largest}")
    sha1 = form.sha()
    asked = form.integer("slice_size")
    parts = _read_parts(form, filesize, sha1, asked) if form.given("uploadparts") else None
    return sessions.Session(
        number=0,
        id=sessions.new_id(),
        bucket=call.place.bucket,
        path=call.place.path,
        filesize=filesize,
        slice_size=call.slice_size or context.settings.slice_size or _nearest_slice_size(asked),
        sha1=sha1,
        digests=parts.digests if parts else None,
        biz_attr=form.text("biz_attr"),
        insert_only=form.flag("insertOnly", default=True),
        file="",
        created=context.clock(),
    )


def _read_parts(form: Form, filesize: int, sha1: str | None, asked: int | None) -> PartsList:
    if sha1 is None:
        raise RefusedError(Code.SHA_MISSING, "uploadparts comes with the file's sha")
    if asked != PART_SIZE:
        raise RefusedError(
            Code.SLICE_SIZE_DIFFERS, f"with uploadparts, slice_size must be {PART_SIZE}"
        )
    return parse_parts_list(form.value("uploadparts"), filesize, sha1)


def _nearest_slice_size(asked: int | None) -> int:
    """Choose the largest size of the protocol that is not above what was asked for."""
    if asked is None:
        return PART_SIZE
    if asked < SLICE_SIZES[0]:
        raise RefusedError(
            Code.SLICE_SIZE_DIFFERS, f"slice_size is below the smallest, {SLICE_SIZES[0]}"
        )
    return max(size for size in SLICE_SIZES if size <= asked)


def _check(context: Context, connection: sqlite3.Connection, place: Place, wanted: Session) -> None:
    rules.require_room_for_file(connection, place, insert_only=wanted.insert_only)
    if upload_sessions.find_open(context, connection, place):
        raise RefusedError(
            Code.UNFINISHED_UPLOAD, "an unfinished upload of this path exists: list and resume"
        )


def _link_stored(context: Context, tx: Transaction, place: Place, wanted: Session) -> bool:
    """Instant upload: the bytes are here, so the path is all that is missing."""
    _check(context, tx.connection, place, wanted)
    if wanted.sha1 is None:
        return False
    stored = tree.find_content(tx.connection, wanted.sha1, wanted.filesize)
    if stored is None:
        return False
    tree.put(tx, place, tree.new_file(place, stored, wanted.biz_attr, context.now()))
    return True


def _open_session(context: Context, place: Place, wanted: Session) -> Answer:
    session = replace(wanted, file=context.store.files.create(wanted.filesize))

    def add(tx: Transaction) -> None:
        _check(context, tx.connection, place, session)
        expired = sessions.find_at(tx.connection, place)
        if expired:
            sessions.abandon(tx, expired)
        sessions.add(tx, session, place)

    context.store.adopt(session.file, add)
    answer = {"session": session.id, "slice_size": session.slice_size}
    if context.settings.serial_upload:
        answer["serial_upload"] = 1
    return answer
