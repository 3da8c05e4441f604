"""The request of an operation of COS v4, and checks of places that operations share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.addresses import ROOT
from cosfast.emulator.services.cosv4.envelope import Answer, RefusedError
from cosfast.emulator.store import tree
from cosfast.emulator.store.tree import Entry

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.cosv4.addresses import Links, Place
    from cosfast.emulator.wire.body import Content
    from cosfast.emulator.wire.forms import Form


@dataclass(frozen=True)
class Call:
    """A request for an operation.

    Attributes:
        context: The shared parts of the running server.
        place: Place of the request.
        form: Fields.
        content: Value of `filecontent`.
        links: Builder of the URLs in the response.
        slice_size: Slice size of the session that the request opens, if a fault sets it.
    """

    context: Context
    place: Place
    form: Form
    content: Content
    links: Links
    slice_size: int | None = None


Run = Callable[[Call], Answer]
"""An operation. It blocks, so it runs in a worker thread. It raises RefusalError."""


def find_entry(connection: sqlite3.Connection, place: Place) -> Entry | None:
    """Return the entry at a place, or None. The root of a bucket always exists."""
    if place.path == ROOT:
        return Entry(place.key, "", ROOT, None)
    return tree.find(connection, place.key)


def require_file_path(place: Place) -> None:
    """Refuse the path of a folder with code -180."""
    if place.is_folder:
        raise RefusedError(Code.BAD_PATH, f"the path is a folder's: {place.path!r}")


def require_parent(connection: sqlite3.Connection, place: Place) -> None:
    """Refuse a place without a parent folder with code -197."""
    if find_entry(connection, place.sibling(place.parent)) is None:
        raise RefusedError(Code.NOT_FOUND, f"the folder does not exist: {place.parent!r}")


def require_no_namesake(connection: sqlite3.Connection, place: Place) -> None:
    """Refuse a file if a folder of its name exists, and the reverse, with code -178."""
    other = place.path[:-1] if place.is_folder else place.path + "/"
    if find_entry(connection, place.sibling(other)) is not None:
        kind = "file" if place.is_folder else "folder"
        raise RefusedError(Code.PATH_CONFLICT, f"a {kind} of this name exists: {other!r}")


def require_room_for_file(
    connection: sqlite3.Connection, place: Place, *, insert_only: bool
) -> None:
    """Raise an error if no file can be created at a place.

    Raises:
        RefusedError: With code -197 if the parent folder does not exist, -178 if a folder of this
            name exists, -177 if the file exists and `insert_only` is set.
    """
    require_parent(connection, place)
    require_no_namesake(connection, place)
    if insert_only and find_entry(connection, place) is not None:
        raise RefusedError(Code.ALREADY_EXISTS, f"the file exists: {place.path!r}")


def not_found(place: Place) -> RefusedError:
    """Return the refusal with code -197, for a place that does not exist."""
    return RefusedError(Code.NOT_FOUND, f"the file or folder does not exist: {place.path!r}")
