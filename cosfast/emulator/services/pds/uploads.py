"""Uploads to PDS: create, URLs, parts in any order or one after another, complete."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from cosfast.emulator.services.pds.answers import RefusedError
from cosfast.emulator.services.pds.call import (
    SERVICE,
    add_entry,
    describe,
    new_id,
    require_folder,
)
from cosfast.emulator.services.pds.fields import BLOCK, PartInfo
from cosfast.emulator.services.pds.links import Link
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.parts import (
    ALGORITHMS,
    OtherBytesError,
    SessionEndedError,
    digest_of,
    ended_if_gone,
    receive_part,
)
from cosfast.emulator.store.sessions import Session
from cosfast.emulator.store.tree import Entry, Key

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping, Sequence

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.pds.call import Answer, Call
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.sessions import Part
    from cosfast.emulator.wire.body import Content

_MODES = ("ignore", "auto_rename", "refuse")
_PRE_HASHED = 1024
_LISTED = 100
_NO_WORDS = "-"


def create(call: Call) -> Answer:
    """Open an upload, create the file at once if its content is stored, or create a folder."""
    kind = call.fields.choice("type", ("file", "folder"))
    return _create_folder(call) if kind == "folder" else _create_file(call)


def get_upload_url(call: Call) -> Answer:
    """Return new URLs of parts; in parallel mode the request contains the contexts again."""
    session = _find_named(call, finished="AlreadyExist.File")
    parts = call.fields.parts(session.algorithm)
    if parts is None:
        raise RefusedError("InvalidParameter.PartInfoList", "part_info_list is missing")
    session = call.context.store.database.write(lambda tx: _learn(tx, session, parts))
    return {**_names(session), "part_info_list": _urls(call, session, parts)}


def list_uploaded_parts(call: Call) -> Answer:
    """Return a page of the parts that were received."""
    session = _find_named(call, finished="NotFound.UploadId")
    limit = call.fields.number("limit", _LISTED, _LISTED) or _LISTED
    marker = call.fields.number("part_number_marker", 0)
    arrived = call.context.store.database.read(lambda connection: _arrived(connection, session))
    behind = [part for part in arrived if part.number > marker]
    page = behind[:limit]
    return {
        **_names(session),
        "parallel_upload": session.attributes["parallel"],
        "uploaded_parts": [
            {"part_number": part.number, "part_size": part.length, "etag": part.etag}
            for part in page
        ],
        "next_part_number_marker": str(page[-1].number) if len(behind) > limit else "",
    }


def complete(call: Call) -> Answer:
    """Combine the parts to the file if all were received and match the contexts and the hash."""
    session = _find_named(call, finished="AlreadyExist.File")
    named = call.fields.parts(session.algorithm)
    database = call.context.store.database
    arrived = database.read(lambda connection: _arrived(connection, session))
    _require_all(call, session, arrived)
    if named is not None:
        _require_named(arrived, named)
    if session.attributes["parallel"]:
        digest = _chained(call, session, arrived)
    else:
        with ended_if_gone():
            digest = digest_of(call.context.store.files.blocks(session.file), session.algorithm)
    if session.digest not in {None, digest}:
        raise RefusedError("ContentHashNotMatch", "what has arrived does not have the content_hash")
    return describe(database.write(lambda tx: _create_entry(tx, call, session, digest)))


def put_part(context: Context, link: Link, content: Content) -> str:
    """Receive one part, and return its ETag."""
    session = _find_open(context, link.space, link.id)
    if session is None:
        raise _no_upload()
    try:
        if link.context is None:
            with context.store.part_locks.hold((session.number, "in order")):
                return _put_next(context, session, link, content)
        return _put_anywhere(context, session, link, content)
    except SessionEndedError:
        raise _no_upload() from None
    except OtherBytesError:
        raise _part_exists(link) from None


def lose_open(context: Context, space: str, upload_id: str) -> None:
    """Abandon an upload as if it had expired."""

    def lose(tx: Transaction) -> None:
        session = sessions.find(tx.connection, SERVICE, upload_id)
        if session is not None and session.space == space:
            sessions.abandon(tx, session)

    context.store.database.write(lose)


# Create.


def _create_folder(call: Call) -> Answer:
    fields = call.fields
    parent, name = fields.identifier("parent_file_id"), fields.name()
    mode = fields.choice("check_name_mode", _MODES)

    def add(tx: Transaction) -> Answer:
        require_folder(tx.connection, call.key(parent))
        taken = _taken(tx.connection, call, parent, name, mode)
        if taken is not None:
            return taken
        now = call.context.now()
        entry = Entry(call.key(new_id()), parent, name, None, {}, now, now)
        return _created(add_entry(tx, entry, mode))

    return call.context.store.database.write(add)


def _create_file(call: Call) -> Answer:
    fields, store, limits = call.fields, call.context.store, call.context.settings.limits
    parent, name = fields.identifier("parent_file_id"), fields.name()
    mode = fields.choice("check_name_mode", _MODES)
    size = fields.number("size", largest=limits.pds_file_size)
    algorithm, digest = fields.digest()
    content_type = fields.text("content_type", "")
    parallel = fields.flag("parallel_upload")
    parts = fields.parts(algorithm) or [PartInfo(1, None, None)]
    if parallel and not call.context.settings.pds_parallel_upload:
        raise RefusedError(
            "InvalidParameterNotSupported.ParallelUpload",
            "this domain does not support parallel_upload",
        )
    attributes = {
        "parallel": parallel,
        "mode": mode,
        "content_type": content_type,
        "contexts": {},
    }
    now = call.context.now()

    def take_stored(tx: Transaction) -> Answer:
        require_folder(tx.connection, call.key(parent))
        taken = _taken(tx.connection, call, parent, name, mode)
        if taken is not None:
            return taken
        if digest is None:
            _check_pre_hash(tx.connection, call, size)
            return None
        stored = tree.find_content(tx.connection, algorithm, digest, size)
        if stored is None:
            return None
        about = {"hash": algorithm, "content_type": content_type}
        entry = Entry(call.key(new_id()), parent, name, stored, about, now, now)
        return {**_created(add_entry(tx, entry, mode)), "rapid_upload": True}

    taken = store.database.write(take_stored)
    if taken is not None:
        return taken
    session = Session(
        service=SERVICE,
        id=new_id(),
        space=call.drive,
        entry=new_id(),
        parent=parent,
        name=name,
        size=size,
        part_size=max(1, size),
        file=store.files.create(size),
        created=call.context.clock(),
        algorithm=algorithm,
        digest=digest,
        attributes=attributes,
    )
    store.adopt(session.file, lambda tx: sessions.add(tx, session))
    session = store.database.write(lambda tx: _learn(tx, _reread(tx, session), parts))
    return {
        **_names(session),
        "file_name": name,
        "parent_file_id": parent,
        "type": "file",
        "rapid_upload": False,
        "part_info_list": _urls(call, session, parts),
    }


def _taken(connection: sqlite3.Connection, call: Call, parent: str, name: str, mode: str) -> Answer:
    """Return the response that the name is taken, if it is and the mode is ``refuse``."""
    if mode != "refuse":
        return None
    found = tree.find_named(connection, call.key(parent), name)
    return {**_created(found[0]), "exist": True} if found else None


def _created(entry: Entry) -> dict[str, object]:
    return {
        "drive_id": entry.key.space,
        "file_id": entry.key.id,
        "file_name": entry.name,
        "parent_file_id": entry.parent,
        "type": "folder" if entry.content is None else "file",
        "rapid_upload": False,
    }


def _check_pre_hash(connection: sqlite3.Connection, call: Call, size: int) -> None:
    """Refuse with PreHashMatched if a stored content of that size begins with the same bytes."""
    wanted = call.fields.text("pre_hash", "").lower()
    if not wanted:
        return
    rows = connection.execute("SELECT file FROM contents WHERE size = ?", (size,))
    for (file,) in rows.fetchall():
        with call.context.store.files.open(file) as opened:
            if hashlib.sha1(opened.read(_PRE_HASHED)).hexdigest() == wanted:
                raise RefusedError("PreHashMatched", "pre_hash is known: send content_hash")


def _reread(tx: Transaction, session: Session) -> Session:
    """Return the session with the number that the database assigned to it."""
    found = sessions.find(tx.connection, SERVICE, session.id)
    if found is None:
        raise _no_upload()
    return found


def _learn(tx: Transaction, session: Session, parts: Iterable[PartInfo]) -> Session:
    """Record the contexts of parts in parallel mode, in which each part but the first needs one."""
    if not session.attributes["parallel"]:
        return session
    contexts = dict(session.attributes["contexts"])
    for part in parts:
        context = part.context
        if context is None and part.number > 1:
            raise RefusedError(
                "InvalidParameter.PartInfoList", f"part {part.number} has no context"
            )
        offset, words = (0, ()) if context is None else context
        if offset > session.size or (part.number == 1) != (offset == 0):
            raise RefusedError(
                "InvalidParameter.PartInfoList", f"part {part.number} cannot begin at {offset}"
            )
        contexts[str(part.number)] = [offset, *words]
    attributes = {**session.attributes, "contexts": contexts}
    sessions.set_attributes(tx, session, attributes)
    return replace(session, attributes=attributes)


def _names(session: Session) -> dict[str, object]:
    return {"drive_id": session.space, "file_id": session.entry, "upload_id": session.id}


def _urls(call: Call, session: Session, parts: Sequence[PartInfo]) -> list[dict[str, object]]:
    parallel = session.attributes["parallel"]
    content_type = session.attributes["content_type"]
    told = []
    for part in parts:
        offset, *words = session.attributes["contexts"].get(str(part.number), (0,))
        link = Link(
            "PUT",
            session.space,
            session.id,
            part.number,
            content_type,
            (offset, tuple(words)) if parallel else None,
        )
        url = call.signer.sign(call.origin, link, call.context.settings.limits.pds_url_lifetime)
        entry: dict[str, object] = {
            "part_number": part.number,
            "upload_url": url,
            "internal_upload_url": url,
            "content_type": content_type,
        }
        told.append(entry)
    return told


# Parts.


class _Arrived(NamedTuple):
    """A part that was received; in parallel mode with the hash before and after it in hex."""

    number: int
    offset: int
    length: int
    etag: str
    before: str
    after: str

    def to_tag(self) -> str:
        """Return the tag with which the store keeps the part."""
        return f"{self.number} {self.etag} {self.before} {self.after}"

    @staticmethod
    def of(part: Part) -> _Arrived:
        """Return the part for an entry of the store."""
        number, etag, before, after = part.tag.split()
        return _Arrived(int(number), part.offset, part.length, etag, before, after)


def _arrived(connection: sqlite3.Connection, session: Session) -> list[_Arrived]:
    return [_Arrived.of(part) for part in sessions.parts(connection, session)]


def _put_next(context: Context, session: Session, link: Link, content: Content) -> str:
    """Receive the part that follows those received."""
    arrived = context.store.database.read(lambda connection: _arrived(connection, session))
    if link.part_number <= len(arrived):
        raise _part_exists(link)
    if link.part_number > len(arrived) + 1:
        raise RefusedError("PartNotSequential", f"part {len(arrived) + 1} comes first")
    offset = sum(part.length for part in arrived)
    _require_fit(context, session, offset, content.size)
    part = _Arrived(link.part_number, offset, content.size, _etag(content), _NO_WORDS, _NO_WORDS)
    receive_part(context.store, session, offset, content, is_checked=False, tag=part.to_tag())
    return part.etag


def _put_anywhere(context: Context, session: Session, link: Link, content: Content) -> str:
    """Receive a part in parallel mode, and verify it with its context."""
    assert link.context is not None  # noqa: S101 - the caller has checked it
    offset, words = link.context
    known = context.store.database.read(
        lambda connection: sessions.find_part(connection, session, offset)
    )
    if known is not None:
        raise _part_exists(link)
    _require_fit(context, session, offset, content.size)
    end, is_last = offset + content.size, offset + content.size == session.size
    following = session.attributes["contexts"].get(str(link.part_number + 1))
    if following is not None and following[0] != end:
        raise RefusedError(
            "InvalidPartSize",
            f"part {link.part_number} has {content.size} bytes, and the next begins at"
            f" {following[0]}",
        )
    if not is_last and end % BLOCK:
        raise RefusedError("InvalidPartSize", f"its size is not a multiple of {BLOCK}")
    algorithm = ALGORITHMS[session.algorithm]
    hasher = algorithm.resume(tuple(words), offset) if offset else algorithm.new()
    before = _words_hex(session.algorithm, hasher.state().words)
    for block in content.blocks():
        hasher.update(block)
    after = hasher.hexdigest() if is_last else _words_hex(session.algorithm, hasher.state().words)
    announced = session.digest if is_last else None
    if following is not None and not is_last:
        announced = _words_hex(session.algorithm, following[1:])
    if announced is not None and after != announced:
        raise _differs(link.part_number)
    part = _Arrived(link.part_number, offset, content.size, _etag(content), before, after)
    receive_part(context.store, session, offset, content, is_checked=False, tag=part.to_tag())
    return part.etag


def _require_fit(context: Context, session: Session, offset: int, length: int) -> None:
    smallest = context.settings.limits.pds_part_size
    if offset + length > session.size:
        raise RefusedError("EntityTooLarge", "the part goes beyond the end of the file")
    if length < smallest and offset + length != session.size:
        raise RefusedError("EntityTooSmall", f"a part but the last has {smallest} bytes or more")


def _etag(content: Content) -> str:
    hasher = hashlib.md5(usedforsecurity=False)
    for block in content.blocks():
        hasher.update(block)
    return f'"{hasher.hexdigest().upper()}"'


def _words_hex(algorithm: str, words: Iterable[int]) -> str:
    return ALGORITHMS[algorithm].words.pack(*words).hex()


# Complete.


def _require_all(call: Call, session: Session, arrived: Sequence[_Arrived]) -> None:
    """Refuse an upload with missing parts, gaps between parts, or parts of a wrong size."""
    end = 0
    for index, part in enumerate(arrived):
        if part.offset != end or part.number != index + 1:
            raise RefusedError("InvalidPart", f"part {index + 1} is missing")
        end += part.length
    if not arrived or end != session.size:
        raise RefusedError("InvalidPart", f"part {len(arrived) + 1} is missing")
    smallest = call.context.settings.limits.pds_part_size
    small = [part.number for part in arrived[:-1] if part.length < smallest]
    if small:
        raise RefusedError("EntityTooSmall", f"part {small[0]} has less than {smallest} bytes")
    if session.attributes["parallel"] and len({part.length for part in arrived[:-1]}) > 1:
        raise RefusedError("InvalidPartSize", "parts but the last are not of one size")


def _require_named(arrived: Sequence[_Arrived], named: Sequence[PartInfo]) -> None:
    """Refuse a list of parts that does not match the received parts."""
    etags: Mapping[int, str | None] = {part.number: part.etag for part in named}
    for part in arrived:
        if part.number not in etags or etags[part.number] not in {None, "", part.etag}:
            raise RefusedError("InvalidPart", f"part {part.number} is not the one that is named")
    if len(named) != len(arrived):
        raise RefusedError("InvalidPart", f"{len(arrived)} parts are here, {len(named)} are named")


def _chained(call: Call, session: Session, arrived: Sequence[_Arrived]) -> str:
    """Return the digest of the file, if each part begins with the hash that the last ended with."""
    store = call.context.store
    for part, following in pairwise(arrived):
        if part.after != following.before:
            store.database.write(
                lambda tx, bad=part: sessions.forget_parts(  # type: ignore[misc]
                    tx, session, bad.offset, bad.offset + 1
                )
            )
            raise _differs(part.number)
    return arrived[-1].after


def _create_entry(tx: Transaction, call: Call, session: Session, digest: str) -> Entry:
    if not sessions.is_open(tx.connection, session):
        raise RefusedError("NotFound.UploadId", "the upload has ended")
    require_folder(tx.connection, Key(SERVICE, session.space, session.parent))
    content = tree.add_content(tx, session.algorithm, digest, session.size, session.file)
    now = call.context.now()
    about = {"hash": session.algorithm, "content_type": session.attributes["content_type"]}
    entry = Entry(session.key, session.parent, session.name, content, about, now, now)
    added = add_entry(tx, entry, str(session.attributes["mode"]))
    sessions.finish(tx, session, session.entry, digest, call.context.clock())
    return added


# Sessions.


def _find_named(call: Call, *, finished: str) -> Session:
    """Return the open upload of a request.

    Args:
        call: The request.
        finished: Code of the refusal if the upload is already complete.
    """
    upload_id, file_id = call.fields.identifier("upload_id"), call.fields.identifier("file_id")
    session = _find_open(call.context, call.drive, upload_id)
    if session is not None and session.entry == file_id:
        return session
    done = call.context.store.database.read(
        lambda connection: sessions.find_finished(connection, SERVICE, upload_id)
    )
    if done is not None and done.key == call.key(file_id):
        raise RefusedError(finished, "the upload is complete")
    raise RefusedError("NotFound.UploadId", "there is no such upload")


def _find_open(context: Context, space: str, upload_id: str) -> Session | None:
    session = context.store.database.read(
        lambda connection: sessions.find(connection, SERVICE, upload_id)
    )
    oldest = context.clock() - context.settings.limits.pds_session_lifetime
    if session is None or session.space != space or session.created <= oldest:
        return None
    return session


def _no_upload() -> RefusedError:
    return RefusedError("NoSuchUpload", "The specified upload does not exist.")


def _part_exists(link: Link) -> RefusedError:
    return RefusedError("PartAlreadyExist", f"part {link.part_number} is there already")


def _differs(number: int) -> RefusedError:
    return RefusedError("PartHashNotMatch", f"part {number} is not what the contexts around it say")
