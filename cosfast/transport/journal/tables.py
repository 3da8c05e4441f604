"""Rows written and read: parts lists and uploads, each sealed.

SQLite checks the structure of its pages, not the bytes in them. A bit that flipped in a parts
list would make the server refuse the file, now and on each later run; so a row carries a digest
of what it says, and one that does not match it is damage.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

from cosfast.hashing.state import DIGEST_SIZE
from cosfast.parts.model import UploadParts
from cosfast.transport.journal.eviction import MAX_BYTES, is_expired, sweep_if_due
from cosfast.transport.journal.failures import DamagedError
from cosfast.transport.journal.records import RememberedUpload

if TYPE_CHECKING:
    import sqlite3

    from cosfast.transport.journal.records import Destination, FileIdentity

_SEAL_BYTES = 16

_LARGEST_LIST_BYTES = MAX_BYTES // 8
"""A list may not drive out most others: in slices of 1 MiB, this is a file of 400 GiB."""


def store_parts(connection: sqlite3.Connection, identity: FileIdentity, parts: UploadParts) -> None:
    """Write the list of a file, and drop the lists of its earlier states."""
    if len(parts) * DIGEST_SIZE > _LARGEST_LIST_BYTES:
        return
    raw = b"".join(parts.raw(index) for index in range(len(parts)))
    seal = _seal(identity.file, identity.state, parts.slice_size, raw)
    connection.execute(
        "DELETE FROM parts WHERE file = ? AND (state != ? OR slice_size = ?)",
        (identity.file, identity.state, parts.slice_size),
    )
    cursor = connection.execute(
        "INSERT INTO parts (file, slice_size, state, raw, seal, stored_at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (identity.file, parts.slice_size, identity.state, raw, seal, int(time.time())),
    )
    sweep_if_due(connection, cursor.lastrowid)


def find_parts(
    connection: sqlite3.Connection, identity: FileIdentity, slice_size: int | None
) -> UploadParts | None:
    """Read the list of a file in that state; without a slice size, its shortest one."""
    row = connection.execute(
        "SELECT slice_size, raw, seal FROM parts"
        " WHERE file = ? AND state = ? AND slice_size = ifnull(?, slice_size)"
        " ORDER BY slice_size DESC LIMIT 1",
        (identity.file, identity.state, slice_size),
    ).fetchone()
    if row is None:
        return None
    found_size, raw, seal = row
    if seal != _seal(identity.file, identity.state, found_size, raw):
        raise DamagedError("a parts list in it is not what was written")
    return UploadParts.from_raw(raw, identity.size, found_size)


def store_upload(
    connection: sqlite3.Connection, destination: Destination, upload: RememberedUpload
) -> None:
    """Write an upload over any earlier one to that destination."""
    values = (
        destination.url,
        upload.session,
        upload.filesize,
        upload.sha1,
        upload.slice_size,
        upload.started_at,
    )
    cursor = connection.execute(
        "INSERT OR REPLACE INTO uploads"
        " (url, session, filesize, sha1, slice_size, started_at, seal)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, _seal(*values)),
    )
    sweep_if_due(connection, cursor.lastrowid)


def find_upload(
    connection: sqlite3.Connection, destination: Destination
) -> RememberedUpload | None:
    """Read the upload to that destination, unless it has expired."""
    row = connection.execute(
        "SELECT session, filesize, sha1, slice_size, started_at, seal FROM uploads WHERE url = ?",
        (destination.url,),
    ).fetchone()
    if row is None:
        return None
    *values, seal = row
    if seal != _seal(destination.url, *values):
        raise DamagedError("an upload in it is not what was written")
    upload = RememberedUpload(*values)
    return None if is_expired(upload.started_at) else upload


def delete_upload(connection: sqlite3.Connection, destination: Destination) -> None:
    """Delete the upload to that destination, if there is one."""
    connection.execute("DELETE FROM uploads WHERE url = ?", (destination.url,))


def _seal(*values: object) -> bytes:
    """Return a digest of values with their types and lengths, so that none can pass for two."""
    digest = sha256()
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode()
        digest.update(f"{type(value).__name__} {len(data)} ".encode())
        digest.update(data)
    return digest.digest()[:_SEAL_BYTES]
