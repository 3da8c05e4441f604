"""Rules about places that several operations share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.store import tree

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.wire.addressing import Place


def require_file_path(place: Place) -> None:
    """Refuse a folder's path where a file's is needed: code -180."""
    if place.is_folder:
        raise RefusedError(Code.BAD_PATH, f"this is the path of a folder: {place.path!r}")


def require_parent(connection: sqlite3.Connection, place: Place) -> None:
    """Refuse a place whose folder does not exist: code -197."""
    if tree.find(connection, place.sibling(place.parent)) is None:
        raise RefusedError(Code.NOT_FOUND, f"the folder does not exist: {place.parent!r}")


def require_no_namesake(connection: sqlite3.Connection, place: Place) -> None:
    """Refuse a file beside a folder of the same name, and the other way: code -178."""
    other = place.path[:-1] if place.is_folder else place.path + "/"
    if tree.find(connection, place.sibling(other)) is not None:
        kind = "file" if place.is_folder else "folder"
        raise RefusedError(Code.PATH_CONFLICT, f"there is a {kind} of this name: {other!r}")


def require_room_for_file(
    connection: sqlite3.Connection, place: Place, *, insert_only: bool
) -> None:
    """Refuse a place where no file can be put; an existing one is in the way with code -177."""
    require_parent(connection, place)
    require_no_namesake(connection, place)
    if insert_only and tree.find(connection, place) is not None:
        raise RefusedError(Code.ALREADY_EXISTS, f"the file exists: {place.path!r}")


def not_found(place: Place) -> RefusedError:
    """There is nothing at this place: code -197."""
    return RefusedError(Code.NOT_FOUND, f"there is nothing at {place.path!r}")


def require_same_sha(promised: str | None, sha1: str | None) -> None:
    """Refuse another `sha` than the one that init had: code -5984."""
    if promised and sha1 and sha1 != promised:
        raise RefusedError(Code.SHA1_MISMATCH, "sha is not the one that init had")
