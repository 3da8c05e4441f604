"""Operations on files and folders of a space: create, list, info, rename, move, delete."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cosfast.emulator.services.wedrive.envelope import Answer, RefusedError
from cosfast.emulator.services.wedrive.fields import Call
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.tree import Entry, Key
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.store.tree import Stored

SERVICE = "wedrive"
MAX_PAGE = 1000
_FOLDER_TYPE, _FILE_TYPE = 1, 2
_PERSON = 1  # of the types of a member; the other is 2, a department
_RIGHTS = (1, 2, 4, 7)  # of a member: download, edit, preview, manage
_EVERYTHING = 1_000_000
_SORT_KEYS: tuple[tuple[str, bool], ...] = (
    ("name", False),
    ("name", True),
    ("size", False),
    ("size", True),
    ("modified", False),
    ("modified", True),
)


def target_of(call: Call) -> Key:
    """Return the target folder of an upload.

    In WeDoc it is the space of `docid`, in WeDrive the space of `selected_ticket` or the folder of
    `spaceid` and `fatherid`. Spaces need not be created.

    Raises:
        RefusedError: If a ticket is sent together with a space, or none of the fields is sent.
    """
    if call.in_wedoc:
        space = f"doc.{call.id('docid')}"
        return Key(SERVICE, space, space)
    has_space = call.given("spaceid") or call.given("fatherid")
    if call.given("selected_ticket"):
        if has_space:
            raise RefusedError(
                ErrCode.BAD_PARAMETER, "send selected_ticket or spaceid and fatherid, not both"
            )
        mark = hashlib.sha256(call.text("selected_ticket").encode()).hexdigest()[:16]
        return Key(SERVICE, f"s.ticket{mark}", f"s.ticket{mark}")
    return folder_of(call)


def folder_of(call: Call) -> Key:
    """Return the folder of `spaceid` and `fatherid`."""
    return Key(
        SERVICE,
        call.id("spaceid", ErrCode.BAD_SPACEID),
        call.id("fatherid", ErrCode.BAD_FATHERID),
    )


def require_folder(connection: sqlite3.Connection, folder: Key) -> None:
    """Refuse a folder that does not exist in its space with code 640021."""
    if folder.id == folder.space:
        return
    entry = tree.find(connection, folder)
    if entry is None or entry.content is not None:
        raise RefusedError(ErrCode.BAD_FATHERID, "fatherid is not a folder of this space")


def find(connection: sqlite3.Connection, fileid: str) -> Entry:
    """Return the file or folder with a fileid, which begins with its space.

    Raises:
        RefusedError: With code 640002 if it does not exist.
    """
    entry = tree.find(connection, Key(SERVICE, fileid.rpartition("_")[0], fileid))
    if entry is None:
        raise RefusedError(ErrCode.NO_SUCH_FILE, "the file or folder does not exist")
    return entry


def add_entry(tx: Transaction, folder: Key, name: str, content: Stored | None, now: int) -> Entry:
    """Create a file, or a folder without content; return it. A taken name gets a number."""
    require_folder(tx.connection, folder)
    mark = "f" if content else "d"
    entry = Entry(
        Key(SERVICE, folder.space, f"{folder.space}_{mark}.{secrets.token_hex(8)}"),
        folder.id,
        _free_name(tx.connection, folder, name),
        content,
        {},
        now,
        now,
    )
    tree.put(tx, entry)
    return entry


def create_space(call: Call) -> Answer:
    """Return the id of a new space, which is there as soon as it is named, as every space."""
    call.text("space_name")
    members = call.fields.get("auth_info", [])
    if not isinstance(members, list):
        raise RefusedError(ErrCode.BAD_PARAMETER, "auth_info is not a list")
    for member in members:
        if not isinstance(member, dict):
            raise RefusedError(ErrCode.BAD_PARAMETER, "auth_info is not a list of objects")
        _check_member(Call(call.context, "", member))
    if call.given("space_sub_type"):
        call.integer("space_sub_type", 0, 0)
    return {"spaceid": f"s.ww.{secrets.token_hex(8)}"}


def _check_member(member: Call) -> None:
    """Refuse a member of a space that is neither a person nor a department with a right."""
    if member.integer("type", 1, 2) == _PERSON:
        member.id("userid")
    else:
        member.integer("departmentid", 0)
    if member.integer("auth", 1, 7) not in _RIGHTS:
        raise RefusedError(ErrCode.BAD_PARAMETER, f"auth is none of {_RIGHTS}")


def create(call: Call) -> Answer:
    """Create a folder."""
    if call.integer("file_type", 1, 4) != _FOLDER_TYPE:
        raise RefusedError(
            ErrCode.BAD_PARAMETER, "only folders can be created: file_type must be 1"
        )
    folder, name = folder_of(call), call.name()
    entry = call.context.store.database.write(
        lambda tx: add_entry(tx, folder, name, None, call.context.now())
    )
    return {"fileid": entry.key.id}


def list_folder(call: Call) -> Answer:
    """Return a page of the entries of a folder."""
    folder = folder_of(call)
    key, descending = _SORT_KEYS[call.integer("sort_type", 1, 6) - 1]
    start, limit = call.integer("start", 0), call.integer("limit", 1, MAX_PAGE)

    def read(connection: sqlite3.Connection) -> list[Entry]:
        require_folder(connection, folder)
        return tree.children(connection, folder, count=_EVERYTHING)

    entries = call.context.store.database.read(read)
    entries.sort(key=lambda entry: _sort_key(entry, key), reverse=descending)
    page = entries[start : start + limit]
    end = start + len(page)
    return {
        "has_more": end < len(entries),
        "next_start": end,
        "file_list": {"item": [_describe(entry) for entry in page]},
    }


def info(call: Call) -> Answer:
    """Return the attributes of a file or a folder."""
    fileid = call.id("fileid", ErrCode.BAD_FILEID)
    entry = call.context.store.database.read(lambda connection: find(connection, fileid))
    return {"file_info": _describe(entry)}


def rename(call: Call) -> Answer:
    """Rename a file or a folder. A taken name gets a number."""
    fileid, name = call.id("fileid", ErrCode.BAD_FILEID), call.name("new_name")

    def apply(tx: Transaction) -> None:
        entry = find(tx.connection, fileid)
        if entry.name != name:
            folder = replace(entry.key, id=entry.parent)
            free = _free_name(tx.connection, folder, name, fileid)
            tree.put(tx, replace(entry, name=free, modified=call.context.now()))

    call.context.store.database.write(apply)
    return {}


def move(call: Call) -> Answer:
    """Move files and folders within their space, all or none."""
    fatherid, replaces = call.id("fatherid", ErrCode.BAD_FATHERID), call.flag("replace")
    fileids = call.ids("fileid")

    def apply(tx: Transaction) -> None:
        for fileid in fileids:
            entry = find(tx.connection, fileid)
            folder = replace(entry.key, id=fatherid)
            require_folder(tx.connection, folder)
            _require_outside(tx.connection, folder, entry)
            if entry.parent == fatherid:
                continue
            name = entry.name
            if replaces:
                for old in tree.find_named(tx.connection, folder, name):
                    _remove(tx, old)
            else:
                name = _free_name(tx.connection, folder, name)
            tree.put(tx, replace(entry, parent=fatherid, name=name))

    call.context.store.database.write(apply)
    return {}


def delete(call: Call) -> Answer:
    """Delete files, and folders with their contents, all or none."""
    fileids = call.ids("fileid")

    def apply(tx: Transaction) -> None:
        for entry in [find(tx.connection, fileid) for fileid in fileids]:
            _remove(tx, entry)

    call.context.store.database.write(apply)
    return {}


def _require_outside(connection: sqlite3.Connection, folder: Key, entry: Entry) -> None:
    """Refuse to move a folder into itself."""
    at: Entry | None = None
    inner = folder
    while inner.id != inner.space:
        if inner.id == entry.key.id:
            raise RefusedError(ErrCode.BAD_FATHERID, "a folder cannot be moved into itself")
        at = tree.find(connection, inner)
        if at is None:
            return
        inner = replace(inner, id=at.parent)


def _remove(tx: Transaction, entry: Entry) -> None:
    for inner in tree.children(tx.connection, entry.key, count=_EVERYTHING):
        _remove(tx, inner)
    tree.remove(tx, entry.key)


def _free_name(connection: sqlite3.Connection, folder: Key, name: str, owner: str = "") -> str:
    """Return the name, or ``name(1).ext`` and so on if an entry except the owner has it."""
    stem, dot, extension = name.rpartition(".")
    if not stem:
        stem, dot, extension = name, "", ""
    free, number = name, 0
    while any(entry.key.id != owner for entry in tree.find_named(connection, folder, free)):
        number += 1
        free = f"{stem}({number}){dot}{extension}"
    return free


def _sort_key(entry: Entry, key: str) -> tuple[Any, ...]:
    if key == "name":
        return (entry.name, entry.key.id)
    if key == "size":
        return (entry.content.size if entry.content else 0, entry.name, entry.key.id)
    return (entry.modified, entry.created, entry.name, entry.key.id)


def _describe(entry: Entry) -> dict[str, object]:
    content = entry.content
    return {
        "fileid": entry.key.id,
        "file_name": entry.name,
        "spaceid": entry.key.space,
        "fatherid": entry.parent,
        "file_size": content.size if content else 0,
        "ctime": entry.created,
        "mtime": entry.modified,
        "file_type": _FILE_TYPE if content else _FOLDER_TYPE,
        "file_status": 1,
        "sha": (content.sha1 or "") if content else "",
        "md5": "",
        "url": "",
    }


def lose_upload(tx: Transaction, upload_key: str) -> None:
    """Abandon an upload as if its key had expired."""
    session = sessions.find(tx.connection, SERVICE, upload_key)
    if session is not None:
        sessions.abandon(tx, session)
