"""Rows written and read: parts lists, SHA-1s and uploads, each sealed.

SQLite checks the structure of its pages, not the bytes in them. A bit that flipped in a parts
list would make the server refuse the file, now and on each later run; so a row carries a digest
of what it says, and one that does not match it is damage.

Of the SHA-1s there may be a million, so their rows are as short as can be. The state of the file
is in the seal alone: a seal that does not match is most often that of another state, and a miss
in any case, which the next hashing overwrites.
"""

from __future__ import annotations

import time
from hashlib import sha256
from typing import TYPE_CHECKING

from cosfast.hashing.state import DIGEST_SIZE
from cosfast.parts.model import UploadParts
from cosfast.transfer.journal.eviction import MAX_BYTES, is_expired, sweep, sweep_if_due
from cosfast.transfer.journal.failures import DamagedError
from cosfast.transfer.journal.records import RememberedUpload

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

    from cosfast.transfer.journal.records import Destination, FileIdentity

_SEAL_BYTES = 16

_LARGEST_LIST_BYTES = MAX_BYTES // 8
"""A list may not drive out most others: in slices of 1 MiB, this is a file of 1.6 TiB."""

_AT_A_TIME = 500
"""Files asked for in one statement: any SQLite takes 999 values."""


def store_parts(connection: sqlite3.Connection, identity: FileIdentity, parts: UploadParts) -> None:
    """Write the list of a file and its SHA-1, and drop the lists of its earlier states."""
    store_sha1s(connection, [(identity, parts.sha1)])
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
    sweep_if_due(connection, "parts", cursor.lastrowid)


def find_parts(
    connection: sqlite3.Connection, identity: FileIdentity, slice_size: int
) -> UploadParts | None:
    """Read the list of a file in that state."""
    row = connection.execute(
        "SELECT raw, seal FROM parts WHERE file = ? AND state = ? AND slice_size = ?",
        (identity.file, identity.state, slice_size),
    ).fetchone()
    if row is None:
        return None
    raw, seal = row
    if seal != _seal(identity.file, identity.state, slice_size, raw):
        raise DamagedError("a parts list in it is not what was written")
    return UploadParts.from_raw(raw, identity.size, slice_size)


def store_sha1s(connection: sqlite3.Connection, pairs: Iterable[tuple[FileIdentity, str]]) -> None:
    """Write the SHA-1 of each file over that of its earlier state."""
    now = int(time.time())
    rows = [
        (identity.file, raw, _seal_sha1(identity, raw), now)
        for identity, raw in ((identity, bytes.fromhex(sha1)) for identity, sha1 in pairs)
    ]
    connection.executemany(
        "INSERT OR REPLACE INTO sha1s (file, sha1, seal, stored_at) VALUES (?, ?, ?, ?)", rows
    )
    sweep(connection, "sha1s")


def find_sha1s(
    connection: sqlite3.Connection, identities: Sequence[FileIdentity]
) -> dict[FileIdentity, str]:
    """Read the SHA-1 of each file that has one and is in the state that it is of."""
    rows = dict(_sha1_rows(connection, [identity.file for identity in identities]))
    return {
        identity: raw.hex()
        for identity, (raw, seal) in (
            (identity, rows[identity.file]) for identity in identities if identity.file in rows
        )
        if seal == _seal_sha1(identity, raw)
    }


def _sha1_rows(
    connection: sqlite3.Connection, files: Sequence[str]
) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    for start in range(0, len(files), _AT_A_TIME):
        wanted = files[start : start + _AT_A_TIME]
        places = ", ".join("?" * len(wanted))
        for file, raw, seal in connection.execute(
            f"SELECT file, sha1, seal FROM sha1s WHERE file IN ({places})",  # noqa: S608 - marks alone
            wanted,
        ):
            yield file, (raw, seal)


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
    sweep_if_due(connection, "uploads", cursor.lastrowid)


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


def _seal_sha1(identity: FileIdentity, raw: bytes) -> bytes:
    return _seal(identity.file, identity.state, raw)


def _seal(*values: object) -> bytes:
    """Return a digest of values with their types and lengths, so that none can pass for two."""
    digest = sha256()
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode()
        digest.update(f"{type(value).__name__} {len(data)} ".encode())
        digest.update(data)
    return digest.digest()[:_SEAL_BYTES]
