"""What an operation of COS v4 gets: its request, and rules about places that several share."""

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
    """One request for an operation.

    Attributes:
        context: Of the running server.
        place: What the request is for.
        form: Its fields.
        content: Its bytes.
        links: Builds the URLs of its answer.
        slice_size: Of a session that this request opens, if a fault chooses it.
    """

    context: Context
    place: Place
    form: Form
    content: Content
    links: Links
    slice_size: int | None = None


Run = Callable[[Call], Answer]
"""An operation. It blocks, so it runs in a worker thread; it raises RefusalError."""


def find_entry(connection: sqlite3.Connection, place: Place) -> Entry | None:
    """Look up the entry at a place. The root of every bucket exists."""
    if place.path == ROOT:
        return Entry(place.key, "", ROOT, None)
    return tree.find(connection, place.key)


def require_file_path(place: Place) -> None:
    """Refuse a folder's path with code -180."""
    if place.is_folder:
        raise RefusedError(Code.BAD_PATH, f"this is the path of a folder: {place.path!r}")


def require_parent(connection: sqlite3.Connection, place: Place) -> None:
    """Refuse a place whose folder does not exist with code -197."""
    if find_entry(connection, place.sibling(place.parent)) is None:
        raise RefusedError(Code.NOT_FOUND, f"the folder does not exist: {place.parent!r}")


def require_no_namesake(connection: sqlite3.Connection, place: Place) -> None:
    """Refuse a file beside a folder of the same name, and the reverse, with code -178."""
    other = place.path[:-1] if place.is_folder else place.path + "/"
    if find_entry(connection, place.sibling(other)) is not None:
        kind = "file" if place.is_folder else "folder"
        raise RefusedError(Code.PATH_CONFLICT, f"there is a {kind} of this name: {other!r}")


def require_room_for_file(
    connection: sqlite3.Connection, place: Place, *, insert_only: bool
) -> None:
    """Refuse a place at which no file can be created; with code -177 if one exists there."""
    require_parent(connection, place)
    require_no_namesake(connection, place)
    if insert_only and find_entry(connection, place) is not None:
        raise RefusedError(Code.ALREADY_EXISTS, f"the file exists: {place.path!r}")


def not_found(place: Place) -> RefusedError:
    """Return the refusal with code -197: nothing is at this place."""
    return RefusedError(Code.NOT_FOUND, f"there is nothing at {place.path!r}")
