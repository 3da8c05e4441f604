"""The argument of an operation of PDS, and helpers for folders, names and descriptions."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cosfast.emulator.services.pds.answers import RefusedError
from cosfast.emulator.store import tree
from cosfast.emulator.store.tree import Entry, Key

if TYPE_CHECKING:
    import sqlite3

    from cosfast.emulator.services import Context
    from cosfast.emulator.services.pds.fields import Fields
    from cosfast.emulator.services.pds.links import Signer
    from cosfast.emulator.store.database import Transaction

SERVICE = "pds"
"""The name of the service in the database."""

ROOT = "root"
"""The id of the root folder of a drive."""

_ID_BYTES = 20


@dataclass(frozen=True)
class Call:
    """A request for an operation.

    Attributes:
        context: The shared parts of the running server.
        fields: The JSON object of the request.
        signer: Makes signed URLs.
        origin: Scheme and host for URLs in the response.
    """

    context: Context
    fields: Fields
    signer: Signer
    origin: str

    @property
    def drive(self) -> str:
        """Id of the drive of the request."""
        return self.fields.identifier("drive_id")

    def key(self, file_id: str) -> Key:
        """Return the key of a file or folder of that drive."""
        return Key(SERVICE, self.drive, file_id)


Answer = Mapping[str, object] | None
"""The JSON object of a successful response; None for a response without one."""

Run = Callable[[Call], Answer]
"""An operation. It blocks, so it runs in a worker thread; it may raise RefusalError."""


def new_id() -> str:
    """Return a new id for a file, folder or upload."""
    return secrets.token_hex(_ID_BYTES)


def require_entry(connection: sqlite3.Connection, key: Key) -> Entry:
    """Return a file or folder. The root of every drive exists.

    Raises:
        RefusedError: With code NotFound.File if it does not exist.
    """
    if key.id == ROOT:
        return Entry(key, "", ROOT, None)
    entry = tree.find(connection, key)
    if entry is None:
        raise RefusedError("NotFound.File", "there is no file or folder of this file_id")
    return entry


def require_folder(connection: sqlite3.Connection, key: Key) -> None:
    """Refuse the request if the folder does not exist or is a file."""
    if require_entry(connection, key).content is not None:
        raise RefusedError("InvalidParameter.ParentFileId", "parent_file_id is a file")


def free_name(connection: sqlite3.Connection, folder: Key, name: str) -> str:
    """Return the name, with a number added if it is taken."""
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    number, free = 0, name
    while tree.find_named(connection, folder, free):
        number += 1
        free = f"{stem} ({number}){dot}{suffix}"
    return free


def add_entry(tx: Transaction, entry: Entry, mode: str) -> Entry:
    """Add an entry to its folder, and return it with its final name.

    Args:
        tx: The transaction.
        entry: The entry, with the requested name.
        mode: The `check_name_mode`: what to do if the name is taken.

    Raises:
        RefusedError: With code AlreadyExist.File if the name is taken and the mode is ``refuse``.
    """
    folder = Key(entry.key.service, entry.key.space, entry.parent)
    name = entry.name
    if mode == "auto_rename":
        name = free_name(tx.connection, folder, name)
    elif mode == "refuse" and tree.find_named(tx.connection, folder, name):
        raise RefusedError("AlreadyExist.File", "the name is taken")
    added = Entry(
        entry.key,
        entry.parent,
        name,
        entry.content,
        entry.attributes,
        entry.created,
        entry.modified,
    )
    tree.put(tx, added)
    return added


def describe(entry: Entry) -> dict[str, object]:
    """Return the fields of a file or folder in responses."""
    told: dict[str, object] = {
        "drive_id": entry.key.space,
        "file_id": entry.key.id,
        "parent_file_id": entry.parent,
        "name": entry.name,
        "type": "folder" if entry.content is None else "file",
        "status": "available",
        "created_at": _time(entry.created),
        "updated_at": _time(entry.modified),
    }
    if entry.content is not None:
        algorithm = str(entry.attributes["hash"])
        told |= {
            "size": entry.content.size,
            "content_hash": (entry.content.digest(algorithm) or "").upper(),
            "content_hash_name": algorithm,
            "content_type": entry.attributes["content_type"] or "application/octet-stream",
            "file_extension": entry.name.rpartition(".")[2] if "." in entry.name else "",
        }
    return told


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
