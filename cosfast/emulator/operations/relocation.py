"""Moving and copying files within a bucket (PROTOCOL.md section 5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules
from cosfast.emulator.store import tree
from cosfast.emulator.wire.addressing import check_path

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.addressing import Place
    from cosfast.emulator.wire.forms import Form


def move(context: Context, call: Call) -> Answer:
    """Give a file another path; it keeps its attributes and its times."""
    target, overwrite = _read_target(call.place, call.form)

    def apply(tx: Transaction) -> None:
        entry = _require_both_ends(tx.connection, call.place, target, overwrite=overwrite)
        if target != call.place:
            tree.put(tx, target, entry)
            tree.remove(tx, call.place)

    context.store.database.write(apply)
    return call.links.of_file(target)


def copy(context: Context, call: Call) -> Answer:
    """Put a file's content and attributes at another path too; the bytes stay shared."""
    target, overwrite = _read_target(call.place, call.form)
    now = context.now()

    def apply(tx: Transaction) -> None:
        entry = _require_both_ends(tx.connection, call.place, target, overwrite=overwrite)
        if target != call.place:
            tree.put(tx, target, replace(entry, created=now, modified=now))

    context.store.database.write(apply)
    return call.links.of_file(target)


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
