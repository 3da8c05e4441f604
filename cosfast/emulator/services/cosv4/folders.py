"""Operations on folders of COS v4: create and list (PROTOCOL.md section 5)."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.attributes import describe, new_entry
from cosfast.emulator.services.cosv4.call import (
    find_entry,
    not_found,
    require_no_namesake,
    require_parent,
)
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.store import tree

if TYPE_CHECKING:
    from cosfast.emulator.services.cosv4.addresses import Links, Place
    from cosfast.emulator.services.cosv4.call import Call
    from cosfast.emulator.services.cosv4.envelope import Answer
    from cosfast.emulator.store.database import Transaction

MAX_PAGE = 1000
"""Maximum number of entries on a page of a listing."""


def create(call: Call) -> Answer:
    """Create a folder. A missing `/` at the end of the path is added."""
    place = call.place
    folder = place if place.is_folder else place.sibling(place.path + "/")
    now = call.context.now()
    entry = new_entry(folder, None, call.form.text("biz_attr"), now)

    def add(tx: Transaction) -> None:
        if find_entry(tx.connection, folder) is not None:
            raise RefusedError(Code.PATH_CONFLICT, f"the folder exists: {folder.path!r}")
        require_parent(tx.connection, folder)
        require_no_namesake(tx.connection, folder)
        tree.put(tx, entry)

    call.context.store.database.write(add)
    return {"ctime": now, "resource_path": folder.fileid}


def list_folder(call: Call) -> Answer:
    """Return a page of a folder, sorted by the UTF-8 bytes of the names.

    The part of the path after the last `/` is a prefix of names. Unfinished uploads are not
    listed. The name of a folder ends in `/`, so that it can be appended to the path of the list
    and be listed in turn.
    """
    place, database = call.place, call.context.store.database
    prefix = "" if place.is_folder else place.name
    folder = place.sibling(place.path[: len(place.path) - len(prefix)])
    count = min(call.form.integer("num") or MAX_PAGE, MAX_PAGE)
    after = _decode_context(call.form.text("context"))
    if database.read(lambda connection: find_entry(connection, folder)) is None:
        raise not_found(folder)
    found = database.read(
        lambda connection: tree.children(
            connection,
            folder.key,
            prefix=prefix,
            after=(after, folder.path + after),
            count=count + 1,
        )
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
        raise RefusedError(Code.BAD_FORM, "context is not one that list has returned") from None
