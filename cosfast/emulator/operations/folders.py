"""Folders: making them, and listing what is in them (PROTOCOL.md section 5)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.operations import rules
from cosfast.emulator.operations.descriptions import describe
from cosfast.emulator.store import tree

if TYPE_CHECKING:
    from cosfast.emulator.operations.context import Answer, Call, Context
    from cosfast.emulator.store.database import Transaction
    from cosfast.emulator.wire.addressing import Place
    from cosfast.emulator.wire.links import Links

MAX_PAGE = 1000
"""Entries on one page of a list, at most."""


def create(context: Context, call: Call) -> Answer:
    """Make a folder. The path of one that does not end in `/` is taken as if it did."""
    place = call.place
    folder = place if place.is_folder else place.sibling(place.path + "/")
    now = context.now()
    entry = tree.Entry(folder.name, None, call.form.text("biz_attr"), created=now, modified=now)

    def add(tx: Transaction) -> None:
        if tree.find(tx.connection, folder) is not None:
            raise RefusedError(Code.PATH_CONFLICT, f"the folder exists: {folder.path!r}")
        rules.require_parent(tx.connection, folder)
        rules.require_no_namesake(tx.connection, folder)
        tree.put(tx, folder, entry)

    context.store.database.write(add)
    return {"ctime": now, "resource_path": folder.fileid}


def list_folder(context: Context, call: Call) -> Answer:
    """List a folder page by page, in the order of the names' UTF-8 bytes.

    What follows the folder's last `/` in the path is a prefix. An unfinished upload is
    not listed. A folder's name ends in `/` here, so that it can be put behind the path
    that was listed and be listed in turn.
    """
    place = call.place
    prefix = "" if place.is_folder else place.name
    folder = place.sibling(place.path[: len(place.path) - len(prefix)])
    count = min(call.form.integer("num") or MAX_PAGE, MAX_PAGE)
    after = _decode_context(call.form.text("context"))
    if context.store.database.read(lambda connection: tree.find(connection, folder)) is None:
        raise rules.not_found(folder)
    found = context.store.database.read(
        lambda connection: tree.children(connection, folder, prefix, after, count + 1)
    )
    page, is_last = found[:count], len(found) <= count
    return {
        "infos": [_info(call.links, folder, entry) for entry in page],
        "context": "" if is_last else _encode_context(page[-1].name),
        "listover": is_last,
    }


def _info(links: Links, folder: Place, entry: tree.Entry) -> Answer:
    place = folder.sibling(folder.path + entry.name)
    return {**describe(place, entry, links), "name": entry.name}


def _encode_context(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode("utf-8")).decode("ascii")


def _decode_context(context: str) -> str:
    try:
        return base64.b64decode(context, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise RefusedError(Code.BAD_FORM, "context is not one that a list gave") from None
