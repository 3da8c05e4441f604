"""Uploads to WeDrive and WeDoc: init, part and finish, or a single call for a small file."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from cosfast.emulator.services.wedrive.blocks import BLOCK_SIZE, check_block, read_block_sha
from cosfast.emulator.services.wedrive.entries import (
    SERVICE,
    add_entry,
    require_folder,
    target_of,
)
from cosfast.emulator.services.wedrive.envelope import Answer, RefusedError
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.parts import SessionEndedError, digest_of, receive_part
from cosfast.emulator.store.sessions import Session
from cosfast.emulator.store.tree import Key
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.wedrive.fields import Call
    from cosfast.emulator.store.database import Transaction

MAX_FILE_SIZE = 20 * 1024**3
MAX_ENCODED = 10 * 1024 * 1024
"""Maximum characters of base64 in `file_upload`."""

ENCODED_BLOCK = -(-BLOCK_SIZE // 3) * 4
"""Characters of a whole block in base64."""

DOC_PATH = "/wedoc-files/"
_NAMED_MISSING = 5


def init(call: Call) -> Answer:
    """Open a session, or create the file at once if its content is stored (instant upload)."""
    folder, name = target_of(call), call.name()
    size = call.integer("size", 1, MAX_FILE_SIZE)
    call.flag("skip_push_card")
    states, sha1 = read_block_sha(call.fields.get("block_sha"), size)
    context, store = call.context, call.context.store

    def link_stored(tx: Transaction) -> str | None:
        require_folder(tx.connection, folder)
        stored = tree.find_content(tx.connection, "sha1", sha1, size)
        if stored is None:
            return None
        return add_entry(tx, folder, name, stored, context.now()).key.id

    fileid = store.database.write(link_stored)
    if fileid is not None:
        return {"hit_exist": True, **_place(call, fileid)}
    session = Session(
        service=SERVICE,
        id=secrets.token_urlsafe(48),
        space=folder.space,
        entry="",
        parent=folder.id,
        name=name,
        size=size,
        part_size=BLOCK_SIZE,
        file=store.files.create(size),
        created=context.clock(),
        digest=sha1,
        states=states,
        attributes={"in_wedoc": call.in_wedoc},
    )
    store.adopt(session.file, lambda tx: sessions.add(tx, session))
    return {"hit_exist": False, "upload_key": session.id}


def part(call: Call) -> Answer:
    """Verify, write and record a block. Blocks may come in any order and repeatedly."""
    session = _find_open(call)
    index = call.integer("index", 1)
    offset = (index - 1) * BLOCK_SIZE
    if offset >= session.size:
        count = -(-session.size // BLOCK_SIZE)
        raise RefusedError(ErrCode.BAD_PARAMETER, f"index {index} is above the last, {count}")
    content = call.content(ENCODED_BLOCK)
    expected = min(BLOCK_SIZE, session.size - offset)
    if len(content) != expected:
        raise RefusedError(
            ErrCode.BAD_PARAMETER, f"block {index} has {len(content)} bytes instead of {expected}"
        )
    check_block(session, offset, content)
    with call.context.new_content() as held:
        if not held.add_in_memory(content):
            held.add(content)
        try:
            receive_part(call.context.store, session, offset, held, is_checked=True)
        except SessionEndedError:
            raise _unknown_key() from None
    return {}


def finish(call: Call) -> Answer:
    """Create the file if all blocks are received. If repeated, return the same response."""
    store, key = call.context.store, call.text("upload_key")
    finished = store.database.read(
        lambda connection: sessions.find_finished(connection, SERVICE, key)
    )
    if finished is not None and finished.finished > _oldest(call.context):
        return _place(call, finished.entry)
    session = _find_open(call)

    def create(tx: Transaction) -> str:
        _require_complete(tx.connection, session)
        content = tree.add_content(tx, "sha1", session.digest or "", session.size, session.file)
        folder = Key(SERVICE, session.space, session.parent)
        entry = add_entry(tx, folder, session.name, content, call.context.now())
        sessions.finish(tx, session, entry.key.id, session.digest or "", call.context.clock())
        return entry.key.id

    return _place(call, store.database.write(create))


def upload(call: Call) -> Answer:
    """Store a small file in one call."""
    folder, name = target_of(call), call.name()
    content = call.content(MAX_ENCODED)
    store = call.context.store
    store.database.read(lambda connection: require_folder(connection, folder))
    sha1 = digest_of([content])
    file = store.files.save([content], len(content))
    made: list[str] = []

    def add(tx: Transaction) -> None:
        stored = tree.add_content(tx, "sha1", sha1, len(content), file)
        made.append(add_entry(tx, folder, name, stored, call.context.now()).key.id)

    store.adopt(file, add)
    return {"fileid": made[-1]}


def _place(call: Call, fileid: str) -> Answer:
    if call.in_wedoc:
        return {"file_url": f"{call.origin}{DOC_PATH}{fileid}"}
    return {"fileid": fileid}


def _find_open(call: Call) -> Session:
    """Return the session of `upload_key`.

    Raises:
        RefusedError: With code 640027 if it is unknown, has ended, or belongs to the other API,
            WeDrive or WeDoc.
    """
    key = call.text("upload_key")
    session = call.context.store.database.read(
        lambda connection: sessions.find(connection, SERVICE, key)
    )
    if session is None or session.created <= _oldest(call.context):
        raise _unknown_key()
    if session.attributes["in_wedoc"] is not call.in_wedoc:
        raise _unknown_key()
    return session


def _require_complete(connection: sqlite3.Connection, session: Session) -> None:
    if not sessions.is_open(connection, session):
        raise _unknown_key()
    missing = sessions.missing_offsets(connection, session)
    if missing:
        first = ", ".join(str(offset // BLOCK_SIZE + 1) for offset in missing[:_NAMED_MISSING])
        more = ", ..." if len(missing) > _NAMED_MISSING else ""
        raise RefusedError(
            ErrCode.BAD_PARAMETER, f"{len(missing)} blocks are missing: {first}{more}"
        )


def _oldest(context: Context) -> float:
    return context.clock() - context.settings.limits.upload_key_lifetime


def _unknown_key() -> RefusedError:
    return RefusedError(ErrCode.BAD_PARAMETER, "upload_key is unknown or has expired")
