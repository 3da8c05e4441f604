"""Moving and copying files within a bucket (PROTOCOL.md section 5)."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Callable

from cosfast.emulator import rules
from cosfast.emulator.addressing import check_path
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.store import tree
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping

    from cosfast.emulator.addressing import Place
    from cosfast.emulator.content import Content
    from cosfast.emulator.forms import Form
    from cosfast.emulator.links import Links
    from cosfast.emulator.store import Store
    from cosfast.emulator.store.database import Transaction


class Relocation:
    """Operations from one path to another, each run in a worker thread."""

    def __init__(
        self, store: Store, links: Links, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._links = links
        self._clock = clock

    def move(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """Give a file another path; it keeps its attributes and its times."""
        target, overwrite = _read_target(place, form)

        def move(tx: Transaction) -> None:
            entry = _require_both_ends(tx.connection, place, target, overwrite=overwrite)
            if target == place:
                return
            tree.put(tx, target, entry)
            tree.remove(tx, place)

        self._store.database.write(move)
        return self._links.of_file(target)

    def copy(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """Put a file's content and attributes at another path too; the bytes stay shared."""
        target, overwrite = _read_target(place, form)
        now = int(self._clock())

        def copy(tx: Transaction) -> None:
            entry = _require_both_ends(tx.connection, place, target, overwrite=overwrite)
            if target != place:
                tree.put(tx, target, replace(entry, created=now, modified=now))

        self._store.database.write(copy)
        return self._links.of_file(target)


def _read_target(place: Place, form: Form) -> tuple[Place, bool]:
    rules.require_file_path(place)
    target = _parse_fileid(place, form.text("dest_fileid"))
    rules.require_file_path(target)
    return target, form.flag("to_over_write", default=False)


def _parse_fileid(place: Place, fileid: str) -> Place:
    """Read `/<appid>/<bucket>/<path>`, `/<path>`, or a name beside the file itself."""
    if not fileid:
        raise RefusedError(Code.BAD_PATH, "dest_fileid is missing")
    if not fileid.startswith("/"):
        return place.sibling(check_path(place.parent + fileid))
    appid, _, rest = fileid[1:].partition("/")
    if appid != place.appid:
        return place.sibling(check_path(fileid))
    bucket, _, path = rest.partition("/")
    if bucket != place.bucket:
        raise RefusedError(Code.OTHER_BUCKET, "a file stays within its bucket")
    return place.sibling(check_path(path))


def _require_both_ends(
    connection: sqlite3.Connection, place: Place, target: Place, *, overwrite: bool
) -> tree.Entry:
    entry = tree.find(connection, place)
    if entry is None:
        raise rules.not_found(place)
    rules.require_room_for_file(connection, target, insert_only=not overwrite)
    return entry
