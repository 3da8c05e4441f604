"""Slice uploads of COS v4: init, list, data, finish, and `upload_slice` (PROTOCOL.md section 4)."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.addresses import SERVICE
from cosfast.emulator.services.cosv4.attributes import new_entry
from cosfast.emulator.services.cosv4.call import (
    find_entry,
    not_found,
    require_file_path,
    require_room_for_file,
)
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.services.cosv4.parts_list import (
    PART_SIZE,
    parse_parts_list,
    slice_differs,
    states_of,
)
from cosfast.emulator.settings import SLICE_SIZES
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.parts import (
    OtherBytesError,
    PartStates,
    SessionEndedError,
    digest_of,
    ended_if_gone,
    receive_part,
)
from cosfast.emulator.store.sessions import Session

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.cosv4.addresses import Place
    from cosfast.emulator.services.cosv4.call import Call
    from cosfast.emulator.services.cosv4.envelope import Answer
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import FinishedSession
    from cosfast.emulator.wire.body import Content
    from cosfast.emulator.wire.forms import Form

_ID_DIGITS = 56
_HEX_DIGITS = frozenset("0123456789abcdef")
_NAMED_MISSING = 5


def init(call: Call) -> Answer:
    """Open a session, or create the file at once if its content is stored (instant upload)."""
    require_file_path(call.place)
    store = call.context.store
    form = _InitForm(call)
    store.database.read(lambda connection: _check_place(connection, call, form))
    if store.database.write(lambda tx: _link_stored(tx, call, form)):
        return call.links.of_file(call.place)
    session = form.session(store.files.create(form.filesize))

    def add(tx: Transaction) -> None:
        _check_place(tx.connection, call, form)
        expired = sessions.find_for(tx.connection, call.place.key)
        if expired:
            sessions.abandon(tx, expired)
        sessions.add(tx, session)

    store.adopt(session.file, add)
    answer: dict[str, object] = {"session": session.id, "slice_size": session.part_size}
    if call.context.settings.serial_upload:
        answer["serial_upload"] = 1
    return answer


def list_slices(call: Call) -> Answer:
    """Return the received slices of the upload of this path."""
    require_file_path(call.place)
    return call.context.store.database.read(lambda connection: _list(connection, call))


def data(call: Call) -> Answer:
    """Verify, write and record a slice. Slices may come in any order and repeatedly."""
    session = _find_named(call)
    offset = call.form.integer("offset")
    if offset is None:
        raise RefusedError(Code.BAD_FORM, "offset is missing")
    _require_same_sha(session.digest, call.form.sha1("sha"))
    _require_fit(session, offset, call.content)
    datamd5 = call.form.md5("datamd5")
    if datamd5:
        _require_md5(call.content, datamd5)
    is_checked = _check_against_states(session, offset, call.content)
    with _refusals(offset):
        receive_part(call.context.store, session, offset, call.content, is_checked=is_checked)
    answer: dict[str, object] = {"session": session.id, "offset": offset}
    if datamd5:
        answer["datamd5"] = datamd5
    return answer


def finish(call: Call) -> Answer:
    """Create the file if all slices are received and match the promise of init.

    If the session has created the file already, the response is the same again, since clients
    repeat a request whose response was lost.
    """
    try:
        session = _find_named(call)
        _require_promise(call, session.size, session.digest)
        return _complete(call, session)
    except RefusedError as refusal:
        finished = _find_repeated(call, refusal)
        _require_promise(call, finished.size, finished.promised)
        return _finished_answer(call, finished.id)


def older_step(call: Call) -> Answer:
    """Begin or continue an upload by `upload_slice`, which has no finish.

    The response has the next offset.
    """
    database = call.context.store.database
    if call.form.text("session").strip():
        try:
            # To resume, a client first sends its session without a slice.
            if call.form.given("offset") or call.content.size:
                data(call)
            return _next_step(call, _find_named(call))
        except RefusedError as refusal:
            return _finish_older_again(call, refusal)
    resumed = database.read(lambda connection: _find_same(connection, call))
    if resumed:
        return _next_step(call, resumed)
    begun = init(call)
    name = begun.get("session")
    if not isinstance(name, str):
        return begun  # instant upload
    session = database.read(lambda connection: sessions.find(connection, SERVICE, name))
    if session is None:
        raise _ended()
    return _next_step(call, session)


def lose_open(context: Context, place: Place) -> None:
    """Abandon the unfinished upload of a path, if any, as if it had expired."""

    def lose(tx: Transaction) -> None:
        session = sessions.find_for(tx.connection, place.key)
        if session is not None:
            sessions.abandon(tx, session)

    context.store.database.write(lose)


class _InitForm:
    """The validated fields of `upload_slice_init`."""

    def __init__(self, call: Call) -> None:
        form, settings = call.form, call.context.settings
        filesize = form.integer("filesize")
        if filesize is None:
            raise RefusedError(Code.FILESIZE_MISSING, "filesize is missing")
        if filesize > settings.limits.file_size:
            raise RefusedError(Code.TOO_LARGE, f"filesize exceeds {settings.limits.file_size}")
        self._call = call
        self.filesize = filesize
        self.sha1 = form.sha1("sha")
        asked = form.integer("slice_size")
        self._states = (
            _read_states(form, filesize, self.sha1, asked) if form.given("uploadparts") else None
        )
        self._slice_size = call.slice_size or settings.slice_size or _nearest_slice_size(asked)
        self.biz_attr = form.text("biz_attr")
        self.insert_only = form.flag("insertOnly", default=True)

    def session(self, file: str) -> Session:
        """Return a new session for these fields."""
        place = self._call.place
        return Session(
            service=SERVICE,
            id=secrets.token_hex(_ID_DIGITS // 2),
            space=place.bucket,
            entry=place.path,
            parent=place.parent,
            name=place.name,
            size=self.filesize,
            part_size=self._slice_size,
            file=file,
            created=self._call.context.clock(),
            digest=self.sha1,
            states=self._states,
            attributes={"biz_attr": self.biz_attr, "insert_only": self.insert_only},
        )


def _read_states(form: Form, filesize: int, sha1: str | None, asked: int | None) -> bytes:
    if sha1 is None:
        raise RefusedError(Code.SHA_MISSING, "uploadparts needs the file's sha")
    if asked != PART_SIZE:
        raise RefusedError(
            Code.SLICE_SIZE_DIFFERS, f"with uploadparts, slice_size must be {PART_SIZE}"
        )
    return parse_parts_list(form.value("uploadparts"), filesize, sha1)


def _nearest_slice_size(asked: int | None) -> int:
    """Return the largest slice size of the protocol that does not exceed the requested one."""
    if asked is None:
        return PART_SIZE
    if asked < SLICE_SIZES[0]:
        raise RefusedError(Code.SLICE_SIZE_DIFFERS, f"slice_size must be at least {SLICE_SIZES[0]}")
    return max(size for size in SLICE_SIZES if size <= asked)


def _check_place(connection: sqlite3.Connection, call: Call, form: _InitForm) -> None:
    require_room_for_file(connection, call.place, insert_only=form.insert_only)
    if _find_open(connection, call):
        raise RefusedError(
            Code.UNFINISHED_UPLOAD, "an unfinished upload of this path exists: list and resume"
        )


def _link_stored(tx: Transaction, call: Call, form: _InitForm) -> bool:
    """Create the file if its content is stored (instant upload); return whether it is."""
    _check_place(tx.connection, call, form)
    if form.sha1 is None:
        return False
    stored = tree.find_content(tx.connection, "sha1", form.sha1, form.filesize)
    if stored is None:
        return False
    tree.put(tx, new_entry(call.place, stored, form.biz_attr, call.context.now()))
    return True


def _list(connection: sqlite3.Connection, call: Call) -> Answer:
    session = _find_open(connection, call)
    if session:
        return {
            "session": session.id,
            "slice_size": session.part_size,
            "filesize": session.size,
            "sha": session.digest or "",
            "listparts": [
                {"offset": part.offset, "datalen": part.length}
                for part in sessions.parts(connection, session)
            ],
        }
    if find_entry(connection, call.place) is None:
        raise not_found(call.place)
    return call.links.of_file(call.place)


def _find_named(call: Call) -> Session:
    """Return the session of the field `session`.

    Raises:
        RefusedError: With code -5983 if the field is missing or the session is for another path,
            -4013 if it cannot be a session id, -290 if the session has ended or expired.
    """
    require_file_path(call.place)
    name = call.form.text("session").strip()
    if not name:
        raise RefusedError(Code.WRONG_SESSION, "session is missing")
    if len(name) != _ID_DIGITS or not _HEX_DIGITS.issuperset(name):
        raise RefusedError(Code.SESSION_UNREADABLE, "the session is not one of this server")
    session = call.context.store.database.read(
        lambda connection: sessions.find(connection, SERVICE, name)
    )
    if session is None or session.created <= _oldest(call.context):
        raise _ended()
    if session.key != call.place.key:
        raise RefusedError(Code.WRONG_SESSION, "the session is for another file")
    return session


def _find_open(connection: sqlite3.Connection, call: Call) -> Session | None:
    """Return the unexpired session of the call's path, or None."""
    session = sessions.find_for(connection, call.place.key)
    if session is None or session.created <= _oldest(call.context):
        return None
    return session


def _find_same(connection: sqlite3.Connection, call: Call) -> Session | None:
    """Return the unfinished upload of the same content to the call's path, or None."""
    session = _find_open(connection, call)
    if session is None or session.digest is None:
        return None
    same = (call.form.sha1("sha"), call.form.integer("filesize")) == (session.digest, session.size)
    return session if same else None


def _find_repeated(call: Call, refusal: RefusedError) -> FinishedSession:
    """Return the finished session of a request that was refused because its session has ended.

    The file at the path must still have the content of the session.

    Raises:
        RefusedError: The given `refusal`, if there is no such session.
    """
    name = call.form.text("session").strip()

    def find(connection: sqlite3.Connection) -> FinishedSession | None:
        finished = sessions.find_finished(connection, SERVICE, name)
        if finished is None or finished.finished <= _oldest(call.context):
            return None
        entry = find_entry(connection, call.place)
        if finished.key != call.place.key or entry is None or entry.content is None:
            return None
        return finished if entry.content.sha1 == finished.digest else None

    finished = None
    if refusal.code is Code.BAD_SESSION:
        finished = call.context.store.database.read(find)
    if finished is None:
        raise refusal
    return finished


def _require_fit(session: Session, offset: int, content: Content) -> None:
    if offset % session.part_size:
        raise RefusedError(
            Code.SLICE_SIZE_DIFFERS,
            f"offset {offset} is not a multiple of this session's slice_size {session.part_size}",
        )
    if offset >= session.size:
        raise RefusedError(Code.SIZE_DIFFERS, f"offset {offset} is beyond the end of the file")
    expected = min(session.part_size, session.size - offset)
    if not content.size:
        raise RefusedError(Code.FILECONTENT_MISSING, "filecontent is missing or empty")
    if content.size != expected:
        code = Code.SLICE_TOO_LARGE if content.size > expected else Code.SIZE_DIFFERS
        raise RefusedError(code, f"the slice has {content.size} bytes instead of {expected}")


def _require_md5(content: Content, datamd5: str) -> None:
    hasher = hashlib.md5(usedforsecurity=False)
    for block in content.blocks():
        hasher.update(block)
    if hasher.hexdigest() != datamd5:
        raise RefusedError(Code.SLICE_SHA_MISMATCH, "the slice does not match its datamd5")


def _require_same_sha(promised: str | None, sha1: str | None) -> None:
    """Refuse a `sha` that differs from that of init, with code -5984."""
    if promised and sha1 and sha1 != promised:
        raise RefusedError(Code.SHA1_MISMATCH, "sha differs from that of init")


def _require_promise(call: Call, size: int, promised: str | None) -> None:
    """Refuse a size or SHA-1 that differs from that of init."""
    filesize = call.form.integer("filesize")
    sha1 = call.form.sha1("sha")
    if filesize is not None and filesize != size:
        raise RefusedError(Code.SIZE_DIFFERS, f"filesize differs from that of init, {size}")
    if promised and not sha1:
        raise RefusedError(Code.FINISH_SHA_MISSING, "sha is missing: init had one")
    _require_same_sha(promised, sha1)


def _check_against_states(session: Session, offset: int, content: Content) -> bool:
    """Verify a slice by the promised states; return False if only finish can verify it."""
    states = states_of(session)
    if states is None or not states.can_check(offset, content.size):
        return False
    difference = states.first_difference(offset, content.blocks())
    if difference is not None:
        raise slice_differs(difference.offset)
    return True


def _complete(call: Call, session: Session) -> Answer:
    """Create the file of a session; refuse if slices are missing or wrong."""
    database = call.context.store.database
    database.read(lambda connection: _require_complete(connection, session))
    with _refusals():
        sha1 = _final_sha1(call.context, session)
    database.write(lambda tx: _create_file(tx, call, session, sha1))
    return _finished_answer(call, session.id)


def _require_complete(connection: sqlite3.Connection, session: Session) -> None:
    if not sessions.is_open(connection, session):
        raise _ended()
    missing = sessions.missing_offsets(connection, session)
    if missing:
        first = ", ".join(map(str, missing[:_NAMED_MISSING]))
        more = ", ..." if len(missing) > _NAMED_MISSING else ""
        raise RefusedError(
            Code.SIZE_DIFFERS, f"{len(missing)} slices are missing, at offsets {first}{more}"
        )


def _final_sha1(context: Context, session: Session) -> str:
    """Return the file's SHA-1; compute it unless each slice was verified when it was received."""
    store, states = context.store, states_of(session)
    if session.digest and states and session.part_size % PART_SIZE == 0:
        return session.digest
    with ended_if_gone():
        if states is not None:
            _check_late(context, session, states)
        sha1 = digest_of(store.files.blocks(session.file))
    if session.digest not in {None, sha1}:
        store.database.write(lambda tx: sessions.abandon(tx, session))
        raise RefusedError(
            Code.SHA1_MISMATCH, "the received slices do not match the sha: upload the file again"
        )
    return sha1


def _check_late(context: Context, session: Session, states: PartStates) -> None:
    """Verify slices that are not whole parts; delete those of the first part that differs."""
    difference = states.first_difference(0, context.store.files.blocks(session.file))
    if difference is None:
        return
    bad = difference.offset
    first = bad // session.part_size * session.part_size
    context.store.database.write(
        lambda tx: sessions.forget_parts(tx, session, first, bad + PART_SIZE)
    )
    raise slice_differs(bad)


def _create_file(tx: Transaction, call: Call, session: Session, sha1: str) -> None:
    _require_complete(tx.connection, session)
    about = session.attributes
    require_room_for_file(tx.connection, call.place, insert_only=about["insert_only"])
    content = tree.add_content(tx, "sha1", sha1, session.size, session.file)
    tree.put(tx, new_entry(call.place, content, about["biz_attr"], call.context.now()))
    sessions.finish(tx, session, call.place.path, sha1, call.context.clock())


def _finished_answer(call: Call, session_id: str) -> Answer:
    return {**call.links.of_file(call.place), "vid": session_id}


def _next_step(call: Call, session: Session) -> Answer:
    missing = call.context.store.database.read(
        lambda connection: sessions.missing_offsets(connection, session)
    )
    if not missing:
        return _complete(call, session)
    return {"session": session.id, "offset": missing[0], "slice_size": session.part_size}


def _finish_older_again(call: Call, refusal: RefusedError) -> Answer:
    """Answer a repeated last request of an upload by `upload_slice`.

    Raises:
        RefusedError: The given `refusal`, if the file at the path is not the session's; with code
            -4015 if the slice differs from the file.
    """
    finished = _find_repeated(call, refusal)
    offset = call.form.integer("offset")
    if offset is not None and not _holds(call, offset):
        raise _other_bytes(offset)
    return _finished_answer(call, finished.id)


def _holds(call: Call, offset: int) -> bool:
    store = call.context.store
    entry = store.database.read(lambda connection: find_entry(connection, call.place))
    if entry is None or entry.content is None:
        return False
    return store.files.holds_at(entry.content.file, offset, call.content.blocks())


def _oldest(context: Context) -> float:
    return context.clock() - context.settings.limits.session_lifetime


def _ended() -> RefusedError:
    """Return the refusal with code -290, for a session that has ended or never existed."""
    return RefusedError(Code.BAD_SESSION, "the session has ended or does not exist")


def _other_bytes(offset: int) -> RefusedError:
    return RefusedError(
        Code.SAME_OFFSET_AGAIN, f"other bytes were received at offset {offset} before"
    )


@contextmanager
def _refusals(offset: int = 0) -> Iterator[None]:
    """Convert errors of the store to refusals of COS v4."""
    try:
        yield
    except SessionEndedError:
        raise _ended() from None
    except OtherBytesError:
        raise _other_bytes(offset) from None
