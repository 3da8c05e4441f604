"""upload_slice_data: a slice is checked, reaches the disk, and is recorded, in that order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules, upload_sessions
from cosfast.emulator.operations.parts_list import PartsList, slice_differs
from cosfast.emulator.store import sessions

if TYPE_CHECKING:
    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import Session
    from cosfast.emulator.wire.content import Content


def data(context: Context, call: Call) -> Answer:
    """Take one slice (PROTOCOL.md section 4, step 3); any order and repetitions are fine."""
    session = upload_sessions.find_named(context, call)
    offset = call.form.integer("offset")
    if offset is None:
        raise RefusedError(Code.BAD_FORM, "offset is missing")
    rules.require_same_sha(session.sha1, call.form.sha())
    _require_fit(session, offset, call.content)
    datamd5 = call.form.md5()
    if datamd5:
        _require_md5(call.content, datamd5)
    checked = _check_against_parts(session, offset, call.content)
    with context.slice_locks.hold((session.number, offset)), upload_sessions.ended_if_gone():
        _keep(context, session, offset, call.content, checked=checked)
    answer: dict[str, object] = {"session": session.id, "offset": offset}
    if datamd5:
        answer["datamd5"] = datamd5
    return answer


def _require_fit(session: Session, offset: int, content: Content) -> None:
    if offset % session.slice_size:
        raise RefusedError(
            Code.SLICE_SIZE_DIFFERS,
            f"offset {offset} is not a multiple of this session's slice_size {session.slice_size}",
        )
    if offset >= session.filesize:
        raise RefusedError(Code.SIZE_DIFFERS, f"offset {offset} is behind the end of the file")
    expected = min(session.slice_size, session.filesize - offset)
    if not content.size:
        raise RefusedError(Code.FILECONTENT_MISSING, "filecontent is missing or empty")
    if content.size > expected:
        raise RefusedError(
            Code.SLICE_TOO_LARGE, f"the slice has {content.size} bytes where {expected} belong"
        )
    if content.size < expected:
        raise RefusedError(
            Code.SIZE_DIFFERS, f"the slice has {content.size} bytes where {expected} belong"
        )


def _require_md5(content: Content, datamd5: str) -> None:
    hasher = hashlib.md5(usedforsecurity=False)
    for block in content.blocks():
        hasher.update(block)
    if hasher.hexdigest() != datamd5:
        raise RefusedError(Code.SLICE_SHA_MISMATCH, "the slice's MD5 is not datamd5")


def _check_against_parts(session: Session, offset: int, content: Content) -> bool:
    """Check a slice against the parts list; False where that has to wait for finish."""
    if session.digests is None:
        return False
    parts = PartsList(session.digests, session.filesize)
    if not parts.checks(offset, content.size):
        return False
    bad = parts.first_difference(offset, content.blocks())
    if bad is not None:
        raise slice_differs(bad)
    return True


def _keep(
    context: Context, session: Session, offset: int, content: Content, *, checked: bool
) -> None:
    files = context.store.files
    known = context.store.database.read(
        lambda connection: sessions.has_slice(connection, session, offset)
    )
    if not known:
        files.write_at(session.file, offset, content.blocks(), content.size)
        context.store.database.write(lambda tx: _record(tx, session, offset, content.size))
    elif not checked and not files.holds_at(session.file, offset, content.blocks()):
        raise RefusedError(
            Code.SAME_OFFSET_AGAIN, f"other bytes have arrived at offset {offset} before"
        )


def _record(tx: Transaction, session: Session, offset: int, length: int) -> None:
    if not sessions.is_open(tx.connection, session):
        raise upload_sessions.ended()
    sessions.add_slice(tx, session, offset, length)
