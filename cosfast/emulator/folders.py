"""Folders: making them, and listing what is in them (PROTOCOL.md section 5)."""

from __future__ import annotations

import base64
import binascii
import time
from typing import TYPE_CHECKING, Callable

from cosfast.emulator import rules
from cosfast.emulator.descriptions import describe
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.store import tree
from cosfast.protocol.codes import Code

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.emulator.addressing import Place
    from cosfast.emulator.content import Content
    from cosfast.emulator.forms import Form
    from cosfast.emulator.links import Links
    from cosfast.emulator.store import Store
    from cosfast.emulator.store.database import Transaction

MAX_PAGE = 1000
"""Entries on one page of a list, at most."""


class Folders:
    """Operations on folders, each run in a worker thread."""

    def __init__(
        self, store: Store, links: Links, *, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._links = links
        self._clock = clock

    def create(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """Make a folder. The path of one that does not end in `/` is taken as if it did."""
        folder = place if place.is_folder else place.sibling(place.path + "/")
        now = int(self._clock())
        entry = tree.Entry(folder.name, None, form.text("biz_attr"), created=now, modified=now)

        def add(tx: Transaction) -> None:
            if tree.find(tx.connection, folder) is not None:
                raise RefusedError(Code.PATH_CONFLICT, f"the folder exists: {folder.path!r}")
            rules.require_parent(tx.connection, folder)
            rules.require_no_namesake(tx.connection, folder)
            tree.put(tx, folder, entry)

        self._store.database.write(add)
        return {"ctime": entry.created, "resource_path": folder.fileid}

    def list(self, place: Place, form: Form, _content: Content) -> Mapping[str, object]:
        """List a folder page by page, in the order of the names' UTF-8 bytes.

        What follows the folder's last `/` in the path is a prefix. An unfinished upload is
        not listed. A folder's name ends in `/` here, so that it can be put behind the
        path that was listed and be listed in turn.
        """
        prefix = "" if place.is_folder else place.name
        folder = place.sibling(place.path[: len(place.path) - len(prefix)])
        count = min(form.integer("num") or MAX_PAGE, MAX_PAGE)
        after = _decode_context(form.text("context"))
        if self._store.database.read(lambda connection: tree.find(connection, folder)) is None:
            raise rules.not_found(folder)
        found = self._store.database.read(
            lambda connection: tree.children(connection, folder, prefix, after, count + 1)
        )
        page, is_last = found[:count], len(found) <= count
        return {
            "infos": [self._info(folder, entry) for entry in page],
            "context": "" if is_last else _encode_context(page[-1].name),
            "listover": is_last,
        }

    def _info(self, folder: Place, entry: tree.Entry) -> dict[str, object]:
        place = folder.sibling(folder.path + entry.name)
        return {**describe(place, entry, self._links), "name": entry.name}


def _encode_context(name: str) -> str:
    return base64.urlsafe_b64encode(name.encode("utf-8")).decode("ascii")


def _decode_context(context: str) -> str:
    try:
        return base64.b64decode(context, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise RefusedError(Code.BAD_FORM, "context is not one that a list gave") from None
