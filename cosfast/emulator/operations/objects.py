"""Single files and folders: upload, stat, update, delete (PROTOCOL.md section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast import Sha1
from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import attributes, rules
from cosfast.emulator.operations.descriptions import describe
from cosfast.emulator.store import sessions, tree

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.addressing import Place
    from cosfast.emulator.wire.content import Content


def upload(context: Context, call: Call) -> Answer:
    """Take a whole file; no `filecontent` is an empty file."""
    place, form, content = call.place, call.form, call.content
    rules.require_file_path(place)
    insert_only = form.flag("insertOnly", default=True)
    biz_attr = form.text("biz_attr")
    promised = form.sha()
    context.store.database.read(
        lambda connection: rules.require_room_for_file(connection, place, insert_only=insert_only)
    )
    sha1 = _sha1_of(content)
    if promised not in {None, sha1}:
        raise RefusedError(Code.SHA1_MISMATCH, "the content is not what the sha says")
    file = context.store.files.save(content.blocks(), content.size)

    def add(tx: Transaction) -> None:
        rules.require_room_for_file(tx.connection, place, insert_only=insert_only)
        stored = tree.add_content(tx, sha1, content.size, file)
        tree.put(tx, place, tree.new_file(place, stored, biz_attr, context.now()))

    context.store.adopt(file, add)
    return call.links.of_file(place)


def stat(context: Context, call: Call) -> Answer:
    """Describe a file or a folder."""
    entry = context.store.database.read(lambda connection: tree.find(connection, call.place))
    if entry is None:
        raise rules.not_found(call.place)
    return describe(call.place, entry, call.links)


def update(context: Context, call: Call) -> Answer:
    """Change the attributes that are given; those that are not stay as they are."""
    change = attributes.read_change(call.form)

    def apply(tx: Transaction) -> None:
        entry = tree.find(tx.connection, call.place)
        if entry is None or call.place.path == "/":
            raise rules.not_found(call.place)
        tree.put(tx, call.place, attributes.apply_change(entry, change, now=context.now()))

    context.store.database.write(apply)
    return {}


def delete(context: Context, call: Call) -> Answer:
    """Remove a file, an unfinished upload of it, or an empty folder."""
    if call.place.path == "/":
        raise RefusedError(Code.BAD_PATH, "the root of a bucket cannot be deleted")
    context.store.database.write(lambda tx: _remove(tx, call.place))
    return {}


def _sha1_of(content: Content) -> str:
    hasher = Sha1()
    for block in content.blocks():
        hasher.update(block)
    return hasher.hexdigest()


def _remove(tx: Transaction, place: Place) -> None:
    entry = tree.find(tx.connection, place)
    if place.is_folder:
        if entry is None:
            raise rules.not_found(place)
        _require_empty(tx.connection, place)
        tree.remove(tx, place)
        return
    unfinished = sessions.find_at(tx.connection, place)
    if entry is None and unfinished is None:
        raise rules.not_found(place)
    if unfinished:
        sessions.abandon(tx, unfinished)
    if entry:
        tree.remove(tx, place)


def _require_empty(connection: sqlite3.Connection, folder: Place) -> None:
    if tree.has_children(connection, folder):
        raise RefusedError(Code.FOLDER_NOT_EMPTY, f"the folder is not empty: {folder.path!r}")
    if sessions.are_in(connection, folder):
        raise RefusedError(
            Code.FOLDER_NOT_EMPTY, f"there are unfinished uploads in the folder: {folder.path!r}"
        )
