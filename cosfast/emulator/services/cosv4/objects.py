"""Operations on files of COS v4, except slice uploads (PROTOCOL.md section 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4 import attributes
from cosfast.emulator.services.cosv4.addresses import ROOT, check_path
from cosfast.emulator.services.cosv4.attributes import PRIVATE, Attributes, describe, new_entry
from cosfast.emulator.services.cosv4.call import (
    find_entry,
    not_found,
    require_file_path,
    require_room_for_file,
)
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.parts import digest_of
from cosfast.emulator.wire.downloads import Version, prepare_download

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.cosv4.addresses import Place
    from cosfast.emulator.services.cosv4.call import Call
    from cosfast.emulator.services.cosv4.envelope import Answer
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.downloads import Download, Wanted
    from cosfast.emulator.wire.forms import Form

_LOOKUPS = 5  # attempts to open a file that is replaced between its lookup and its opening


def upload(call: Call) -> Answer:
    """Store a whole file. Without `filecontent` it is empty."""
    place, form, content, store = call.place, call.form, call.content, call.context.store
    require_file_path(place)
    insert_only = form.flag("insertOnly", default=True)
    biz_attr = form.text("biz_attr")
    promised = form.sha1("sha")
    store.database.read(
        lambda connection: require_room_for_file(connection, place, insert_only=insert_only)
    )
    sha1 = digest_of(content.blocks())
    if promised not in {None, sha1}:
        raise RefusedError(Code.SHA1_MISMATCH, "the content does not match its sha")
    file = store.files.save(content.blocks(), content.size)

    def add(tx: Transaction) -> None:
        require_room_for_file(tx.connection, place, insert_only=insert_only)
        stored = tree.add_content(tx, "sha1", sha1, content.size, file)
        tree.put(tx, new_entry(place, stored, biz_attr, call.context.now()))

    store.adopt(file, add)
    return call.links.of_file(place)


def stat(call: Call) -> Answer:
    """Return the attributes of a file or a folder."""
    entry = call.context.store.database.read(lambda connection: find_entry(connection, call.place))
    if entry is None:
        raise not_found(call.place)
    return describe(call.place, entry, call.links)


def update(call: Call) -> Answer:
    """Change the attributes in the request; the others stay unchanged."""
    change = attributes.read_change(call.form)

    def apply(tx: Transaction) -> None:
        entry = find_entry(tx.connection, call.place)
        if entry is None or call.place.path == ROOT:
            raise not_found(call.place)
        tree.put(tx, attributes.apply_change(entry, change, now=call.context.now()))

    call.context.store.database.write(apply)
    return {}


def delete(call: Call) -> Answer:
    """Delete a file with its unfinished upload, an unfinished upload alone, or an empty folder."""
    if call.place.path == ROOT:
        raise RefusedError(Code.BAD_PATH, "the root of a bucket cannot be deleted")
    call.context.store.database.write(lambda tx: _remove(tx, call.place))
    return {}


def move(call: Call) -> Answer:
    """Move a file to another path. It keeps its attributes and times."""
    target, overwrite = _read_target(call.place, call.form)

    def apply(tx: Transaction) -> None:
        entry = _require_both_ends(tx.connection, call.place, target, overwrite=overwrite)
        if target != call.place:
            tree.put(tx, _moved(entry, target))
            tree.remove(tx, call.place.key)

    call.context.store.database.write(apply)
    return call.links.of_file(target)


def copy(call: Call) -> Answer:
    """Copy a file and its attributes to another path. The stored content is shared."""
    target, overwrite = _read_target(call.place, call.form)
    now = call.context.now()

    def apply(tx: Transaction) -> None:
        entry = _require_both_ends(tx.connection, call.place, target, overwrite=overwrite)
        if target != call.place:
            tree.put(tx, replace(_moved(entry, target), created=now, modified=now))

    call.context.store.database.write(apply)
    return call.links.of_file(target)


def open_download(context: Context, place: Place, wanted: Wanted, *, is_signed: bool) -> Download:
    """Open a file for a download. A file with authority `eWRPrivate` needs a signed request.

    Raises:
        RefusedError: With code -197 if there is no file, -81 if it is private.
    """
    for _ in range(_LOOKUPS - 1):
        try:
            return _open(context, place, wanted, is_signed=is_signed)
        except FileNotFoundError:
            continue
    return _open(context, place, wanted, is_signed=is_signed)


def _open(context: Context, place: Place, wanted: Wanted, *, is_signed: bool) -> Download:
    entry = context.store.database.read(lambda connection: find_entry(connection, place))
    if entry is None or entry.content is None:
        raise not_found(place)
    about = Attributes.of(entry)
    if about.authority == PRIVATE and not is_signed:
        raise RefusedError(Code.SIGNATURE_MISSING, "this file is private")
    file = context.store.files.open(entry.content.file)
    version = Version(f'"{entry.content.sha1}"', entry.modified)
    return prepare_download(file, entry.content.size, version, about.headers, wanted)


def _remove(tx: Transaction, place: Place) -> None:
    entry = find_entry(tx.connection, place)
    if place.is_folder:
        if entry is None:
            raise not_found(place)
        _require_empty(tx.connection, place)
        tree.remove(tx, place.key)
        return
    unfinished = sessions.find_for(tx.connection, place.key)
    if entry is None and unfinished is None:
        raise not_found(place)
    if unfinished:
        sessions.abandon(tx, unfinished)
    if entry:
        tree.remove(tx, place.key)


def _require_empty(connection: sqlite3.Connection, folder: Place) -> None:
    if tree.has_children(connection, folder.key):
        raise RefusedError(Code.FOLDER_NOT_EMPTY, f"the folder is not empty: {folder.path!r}")
    if sessions.exist_in(connection, folder.key):
        raise RefusedError(
            Code.FOLDER_NOT_EMPTY, f"the folder has unfinished uploads: {folder.path!r}"
        )


def _moved(entry: tree.Entry, target: Place) -> tree.Entry:
    return replace(entry, key=target.key, parent=target.parent, name=target.name)


def _read_target(place: Place, form: Form) -> tuple[Place, bool]:
    require_file_path(place)
    target = _parse_fileid(place, form.text("dest_fileid"))
    require_file_path(target)
    return target, form.flag("to_over_write", default=False)


def _parse_fileid(place: Place, fileid: str) -> Place:
    """Parse `/<appid>/<bucket>/<path>`, `/<path>`, or a name in the folder of the file."""
    if not fileid:
        raise RefusedError(Code.BAD_PATH, "dest_fileid is missing")
    if not fileid.startswith("/"):
        return place.sibling(check_path(place.parent + fileid))
    appid, _, rest = fileid[1:].partition("/")
    if appid != place.appid:
        return place.sibling(check_path(fileid))
    bucket, _, path = rest.partition("/")
    if bucket != place.bucket:
        raise RefusedError(Code.OTHER_BUCKET, "a file cannot be moved or copied to another bucket")
    return place.sibling(check_path(path))


def _require_both_ends(
    connection: sqlite3.Connection, place: Place, target: Place, *, overwrite: bool
) -> tree.Entry:
    entry = find_entry(connection, place)
    if entry is None:
        raise not_found(place)
    require_room_for_file(connection, target, insert_only=not overwrite)
    return entry
