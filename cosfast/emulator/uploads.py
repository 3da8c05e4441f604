"""Slice uploads: init, list, data, finish, and their older form (PROTOCOL.md section 4)."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from cosfast import Sha1
from cosfast.emulator import rules
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.locks import NamedLocks
from cosfast.emulator.parts_list import PART_SIZE, PartsList, parse_parts_list
from cosfast.emulator.settings import SLICE_SIZES
from cosfast.emulator.store import sessions, tree
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cosfast.emulator.addressing import Place
    from cosfast.emulator.content import Content
    from cosfast.emulator.forms import Form
    from cosfast.emulator.links import Links
    from cosfast.emulator.settings import Settings
    from cosfast.emulator.store import Store
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import Session

_SESSION_DIGITS = frozenset("0123456789abcdef")
_NAMED_MISSING = 5


class SliceUploads:
    """The operations of a slice upload, each run in a worker thread."""

    def __init__(
        self,
        store: Store,
        settings: Settings,
        links: Links,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._links = links
        self._clock = clock
        self._slice_locks = NamedLocks()

    # -- upload_slice_init

    def init(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """Open a session, or take content that is stored already in its place."""
        rules.require_file_path(place)
        wanted = self._read_init(place, form)
        self._store.database.read(lambda connection: self._check_init(connection, place, wanted))
        instant = self._store.database.write(lambda tx: self._link_stored(tx, place, wanted))
        if instant:
            return self._links.of_file(place)
        return self._open_session(place, wanted)

    def _read_init(self, place: Place, form: Form) -> Session:
        filesize = form.integer("filesize")
        if filesize is None:
            raise RefusedError(Code.FILESIZE_MISSING, "filesize is missing")
        if filesize > self._settings.limits.file_size:
            raise RefusedError(
                Code.TOO_LARGE, f"filesize is above {self._settings.limits.file_size}"
            )
        sha1 = form.sha()
        asked = form.integer("slice_size")
        digests = None
        if form.given("uploadparts"):
            digests = _read_parts(form, filesize, sha1, asked).digests
        return sessions.Session(
            number=0,
            id=sessions.new_id(),
            bucket=place.bucket,
            path=place.path,
            filesize=filesize,
            slice_size=self._settings.slice_size or _nearest_slice_size(asked),
            sha1=sha1,
            digests=digests,
            biz_attr=form.text("biz_attr"),
            insert_only=form.flag("insertOnly", default=True),
            file="",
            created=self._clock(),
        )

    def _check_init(self, connection: sqlite3.Connection, place: Place, wanted: Session) -> None:
        rules.require_room_for_file(connection, place, insert_only=wanted.insert_only)
        unfinished = sessions.find_at(connection, place)
        if unfinished and not self._is_expired(unfinished):
            raise RefusedError(
                Code.UNFINISHED_UPLOAD, "an unfinished upload of this path exists: list and resume"
            )

    def _link_stored(self, tx: Transaction, place: Place, wanted: Session) -> bool:
        """Instant upload: the bytes are here, so the path is all that is missing."""
        self._check_init(tx.connection, place, wanted)
        if wanted.sha1 is None:
            return False
        stored = tree.find_content(tx.connection, wanted.sha1, wanted.filesize)
        if stored is None:
            return False
        tree.put(tx, place, self._entry(place, wanted, stored))
        return True

    def _open_session(self, place: Place, wanted: Session) -> Mapping[str, object]:
        session = replace(wanted, file=self._store.files.create(wanted.filesize))

        def add(tx: Transaction) -> None:
            self._check_init(tx.connection, place, session)
            stale = sessions.find_at(tx.connection, place)
            if stale:
                sessions.abandon(tx, stale)
            sessions.add(tx, session, place)

        try:
            self._store.database.write(add)
        except BaseException:
            self._store.files.remove(session.file)
            raise
        answer = {"session": session.id, "slice_size": session.slice_size}
        if self._settings.serial_upload:
            answer["serial_upload"] = 1
        return answer

    # -- upload_slice_list

    def list(self, place: Place, _form: Form, _content: Content) -> Mapping[str, object]:
        """Say how far the upload of this path has come."""
        rules.require_file_path(place)
        return self._store.database.read(lambda connection: self._list(connection, place))

    def _list(self, connection: sqlite3.Connection, place: Place) -> Mapping[str, object]:
        session = sessions.find_at(connection, place)
        if session and not self._is_expired(session):
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
        return self._links.of_file(place)

    # -- upload_slice_data

    def data(self, place: Place, form: Form, content: Content) -> Mapping[str, object]:
        """Take one slice: check it, put it on the disk, then record it."""
        session = self._find_session(place, form)
        offset = form.integer("offset")
        if offset is None:
            raise RefusedError(Code.BAD_FORM, "offset is missing")
        _require_same_sha(session, form)
        _require_slice(session, offset, content)
        datamd5 = form.md5()
        if datamd5:
            _require_md5(content, datamd5)
        checked = _check_against_parts(session, offset, content)
        with self._slice_locks.hold((session.number, offset)):
            self._keep_slice(session, offset, content, checked=checked)
        answer: dict[str, object] = {"session": session.id, "offset": offset}
        if datamd5:
            answer["datamd5"] = datamd5
        return answer

    def _keep_slice(
        self, session: Session, offset: int, content: Content, *, checked: bool
    ) -> None:
        known = self._store.database.read(
            lambda connection: sessions.has_slice(connection, session, offset)
        )
        if not known:
            self._store.files.write_at(session.file, offset, content.blocks(), content.size)
            self._record_slice(session, offset, content.size)
        elif not checked and not self._store.files.holds_at(session.file, offset, content.blocks()):
            raise RefusedError(
                Code.SAME_OFFSET_AGAIN, f"other bytes have arrived at offset {offset} before"
            )

    def _record_slice(self, session: Session, offset: int, length: int) -> None:
        def record(tx: Transaction) -> None:
            if not sessions.is_open(tx.connection, session):
                raise _session_ended()
            sessions.add_slice(tx, session, offset, length)

        self._store.database.write(record)

    # -- upload_slice_finish

    def finish(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """Make the file, once all of its bytes are here and are what init promised."""
        session = self._find_session(place, form)
        filesize = form.integer("filesize")
        if filesize is not None and filesize != session.filesize:
            raise RefusedError(Code.SIZE_DIFFERS, f"init said filesize {session.filesize}")
        if session.sha1 and not form.sha():
            raise RefusedError(Code.FINISH_SHA_MISSING, "init had a sha, so finish needs it too")
        _require_same_sha(session, form)
        return self._complete(place, session)

    def _complete(self, place: Place, session: Session) -> Mapping[str, object]:
        self._store.database.read(lambda connection: _require_complete(connection, session))
        sha1 = self._final_sha(session)
        self._store.database.write(lambda tx: self._make_file(tx, place, session, sha1))
        return {**self._links.of_file(place), "vid": session.id}

    def _final_sha(self, session: Session) -> str:
        """Sum what has arrived, unless its slices were checked one by one."""
        if session.sha1 and _checked_on_arrival(session):
            return session.sha1
        if session.digests is not None:
            self._check_late(session, PartsList(session.digests, session.filesize))
        hasher = Sha1()
        for block in self._store.files.blocks(session.file):
            hasher.update(block)
        sha1 = hasher.hexdigest()
        if session.sha1 not in {None, sha1}:
            self._store.database.write(lambda tx: sessions.abandon(tx, session))
            raise RefusedError(
                Code.SHA1_MISMATCH, "what has arrived is not what the sha says: upload it again"
            )
        return sha1

    def _check_late(self, session: Session, parts: PartsList) -> None:
        """Check slices that are not whole parts; those of the first bad part must come again."""
        bad = parts.first_difference(0, self._store.files.blocks(session.file))
        if bad is None:
            return
        first = bad // session.slice_size * session.slice_size
        self._store.database.write(
            lambda tx: sessions.forget_slices(tx, session, first, bad + PART_SIZE)
        )
        raise _slice_differs(bad)

    def _make_file(self, tx: Transaction, place: Place, session: Session, sha1: str) -> None:
        if not sessions.is_open(tx.connection, session):
            raise _session_ended()
        _require_complete(tx.connection, session)
        rules.require_room_for_file(tx.connection, place, insert_only=session.insert_only)
        content = tree.add_content(tx, sha1, session.filesize, session.file)
        tree.put(tx, place, self._entry(place, session, content))
        sessions.hand_over(tx, session)

    # -- upload_slice, the older form: one slice after the other, and no finish

    def step(self, place: Place, form: Form, content: Content) -> Mapping[str, object]:
        """Begin an upload, or go on with it; the answer says which offset is next."""
        if form.text("session").strip():
            self.data(place, form, content)
            return self._next_step(place, self._find_session(place, form))
        resumed = self._store.database.read(
            lambda connection: self._find_same(connection, place, form)
        )
        if resumed:
            return self._next_step(place, resumed)
        begun = self.init(place, form, content)
        name = begun.get("session")
        if not isinstance(name, str):
            return begun
        session = self._store.database.read(lambda connection: sessions.find(connection, name))
        if session is None:
            raise _session_ended()
        return self._next_step(place, session)

    def _next_step(self, place: Place, session: Session) -> Mapping[str, object]:
        missing = self._store.database.read(
            lambda connection: _missing_offsets(connection, session)
        )
        if not missing:
            return self._complete(place, session)
        return {"session": session.id, "offset": missing[0], "slice_size": session.slice_size}

    def _find_same(
        self, connection: sqlite3.Connection, place: Place, form: Form
    ) -> Session | None:
        """Look for an unfinished upload of the same content to this place."""
        session = sessions.find_at(connection, place)
        if session is None or self._is_expired(session) or session.sha1 is None:
            return None
        same = (form.sha(), form.integer("filesize")) == (session.sha1, session.filesize)
        return session if same else None

    # -- what they share

    def _find_session(self, place: Place, form: Form) -> Session:
        rules.require_file_path(place)
        name = form.text("session").strip()
        if not name:
            raise RefusedError(Code.WRONG_SESSION, "session is missing")
        if len(name) != sessions.ID_DIGITS or not _SESSION_DIGITS.issuperset(name):
            raise RefusedError(Code.SESSION_UNREADABLE, "this is no session of this server")
        session = self._store.database.read(lambda connection: sessions.find(connection, name))
        if session is None or self._is_expired(session):
            raise _session_ended()
        if (session.bucket, session.path) != (place.bucket, place.path):
            raise RefusedError(Code.WRONG_SESSION, "the session is for another file")
        return session

    def remove_expired(self) -> None:
        """Throw away the uploads that nobody has finished in time."""

        def remove(tx: Transaction) -> None:
            for session in sessions.expired(tx.connection, self._oldest()):
                sessions.abandon(tx, session)

        self._store.database.write(remove)

    def _is_expired(self, session: Session) -> bool:
        return session.created <= self._oldest()

    def _oldest(self) -> float:
        return self._clock() - self._settings.limits.session_lifetime

    def _entry(self, place: Place, session: Session, content: tree.Stored) -> tree.Entry:
        now = int(self._clock())
        return tree.Entry(place.name, content, session.biz_attr, created=now, modified=now)


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


def _require_same_sha(session: Session, form: Form) -> None:
    sha1 = form.sha()
    if sha1 and session.sha1 and sha1 != session.sha1:
        raise RefusedError(Code.SHA1_MISMATCH, "sha is not the one that init had")


def _require_slice(session: Session, offset: int, content: Content) -> None:
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
        raise _slice_differs(bad)
    return True


def _checked_on_arrival(session: Session) -> bool:
    return session.digests is not None and session.slice_size % PART_SIZE == 0


def _missing_offsets(connection: sqlite3.Connection, session: Session) -> list[int]:
    arrived = {offset for offset, _ in sessions.slices(connection, session)}
    return [at for at in range(0, session.filesize, session.slice_size) if at not in arrived]


def _require_complete(connection: sqlite3.Connection, session: Session) -> None:
    missing = _missing_offsets(connection, session)
    if missing:
        first = ", ".join(map(str, missing[:_NAMED_MISSING]))
        more = ", ..." if len(missing) > _NAMED_MISSING else ""
        raise RefusedError(
            Code.SIZE_DIFFERS, f"{len(missing)} slices are missing, at offsets {first}{more}"
        )


def _slice_differs(offset: int) -> RefusedError:
    return RefusedError(
        Code.SLICE_SHA_MISMATCH, f"the slice at offset {offset} is not what its datasha says"
    )


def _session_ended() -> RefusedError:
    return RefusedError(Code.BAD_SESSION, "the session has ended, or never was")
