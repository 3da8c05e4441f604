"""Single files and folders: upload, stat, update, delete (PROTOCOL.md section 5)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from cosfast import Sha1
from cosfast.emulator import attributes, rules
from cosfast.emulator.descriptions import describe
from cosfast.emulator.errors import RefusedError
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


class Objects:
    """Operations on files and folders, each run in a worker thread."""

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

    def upload(self, place: Place, form: Form, content: Content) -> Mapping[str, object]:
        """Take a whole file; no `filecontent` is an empty file."""
        rules.require_file_path(place)
        limit = self._settings.limits.upload_size
        if content.size > limit:
            raise RefusedError(Code.TOO_LARGE, f"files above {limit} bytes need a slice upload")
        insert_only = form.flag("insertOnly", default=True)
        promised = form.sha()
        now = int(self._clock())
        entry = tree.Entry(place.name, None, form.text("biz_attr"), created=now, modified=now)
        self._store.database.read(
            lambda connection: rules.require_room_for_file(
                connection, place, insert_only=insert_only
            )
        )
        sha1 = _sha1_of(content)
        if promised not in {None, sha1}:
            raise RefusedError(Code.SHA1_MISMATCH, "the content is not what the sha says")
        file = self._store.files.save(content.blocks(), content.size)

        def add(tx: Transaction) -> None:
            rules.require_room_for_file(tx.connection, place, insert_only=insert_only)
            stored = tree.add_content(tx, sha1, content.size, file)
            tree.put(tx, place, replace(entry, content=stored))

        try:
            self._store.database.write(add)
        except BaseException:
            self._store.files.remove(file)
            raise
        return self._links.of_file(place)

    def stat(self, place: Place, _form: Form, _content: Content) -> Mapping[str, object]:
        """Describe a file or a folder."""
        entry = self._store.database.read(lambda connection: tree.find(connection, place))
        if entry is None:
            raise rules.not_found(place)
        return describe(place, entry, self._links)

    def update(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """Change the attributes that are given; those that are not stay as they are."""
        change = attributes.read_change(form)

        def apply(tx: Transaction) -> None:
            entry = tree.find(tx.connection, place)
            if entry is None or place.path == "/":
                raise rules.not_found(place)
            changed = attributes.apply_change(entry, change, now=int(self._clock()))
            tree.put(tx, place, changed)

        self._store.database.write(apply)
        return {}

    def delete(self, place: Place, _form: Form, _content: Content) -> Mapping[str, object]:
        """Remove a file, an unfinished upload of it, or an empty folder."""
        if place.path == "/":
            raise RefusedError(Code.BAD_PATH, "the root of a bucket cannot be deleted")
        self._store.database.write(lambda tx: _remove(tx, place))
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
