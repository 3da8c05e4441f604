"""The records of the journal, and their rows, each with a seal: a digest of its values.

SQLite checks the structure of its pages, not the bytes in them. A flipped bit in a parts list would
make the server refuse the file, now and in each later run. Therefore each row has a seal, and a row
that does not match its seal is damaged.

There may be a million digests, so their rows are short. The state of the file is only in the seal:
a seal that does not match is usually that of another state. It always counts as a miss, and the row
is overwritten when the file is hashed again.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import astuple, dataclass, field, fields
from typing import TYPE_CHECKING

from cosfast.parts.model import UploadParts
from cosfast.transfer.journal import schema
from cosfast.transfer.journal.schema import DamagedError

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Iterable, Iterator, Sequence

_COARSE_TICK_NS = 10_000_000
"""A time stamp that is a multiple of this may be from a file system with coarse time stamps."""

_COARSE_WINDOW_NS = 2_000_000_000
"""The coarsest resolution of time stamps: FAT has 2 s."""

_FINE_WINDOW_NS = 100_000_000
"""Longer than a tick of the system's clock, 16 ms at most, by which fine time stamps change."""

_SEAL_BYTES = 16

_LARGEST_LIST_BYTES = schema.MAX_BYTES // 8
"""Maximum size of a stored list, so that one list does not evict most others: 1.6 TiB of file in
slices of 1 MiB."""

_FILES_PER_QUERY = 500
"""Every build of SQLite allows 999 values in a statement."""


@dataclass(frozen=True)
class FileIdentity:
    """A file and its state: equal identities mean equal bytes.

    That is true only if every later change alters a time stamp. A file that was just written may be
    written again within the same tick of the clock, without a difference in the time stamps (git
    calls such an entry of its index racily clean). Therefore an identity has the time when it was
    taken, and `is_settled` says whether the time stamps were old enough then. It must be taken
    before the first byte is read, so that a change during reading is detected, too.

    Two cases remain undetected: a change by a clock that is behind the one of `seen_ns`, such as a
    file server's; and a change through a memory map, whose time stamp may be set before the last
    bytes are written.

    Attributes:
        device: Number of the file system.
        inode: Number of the file in the file system.
        size: Size in bytes.
        mtime_ns: Time of the last modification, ns since the epoch.
        ctime_ns: Time of the last change of any kind, ns since the epoch; on Windows the time of
            creation. Some programs restore `mtime_ns` (VeraCrypt does after each use of a
            container), but none can restore this.
        seen_ns: Time when this identity was taken, ns since the epoch; not compared.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    seen_ns: int = field(compare=False, default_factory=time.time_ns)

    @classmethod
    def of(cls, status: os.stat_result) -> FileIdentity:
        """Take the identity from `os.fstat` or `os.stat`, called just now."""
        return cls(
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )

    @property
    def is_settled(self) -> bool:
        """Whether every change after `seen_ns` alters the time stamps.

        A file without an inode number, as on some network drives, is never settled.
        """
        newest = max(self.mtime_ns, self.ctime_ns)
        coarse = newest % _COARSE_TICK_NS == 0
        window = _COARSE_WINDOW_NS if coarse else _FINE_WINDOW_NS
        return self.inode != 0 and self.seen_ns - newest >= window

    @property
    def file(self) -> str:
        """Identifier of the file in any state."""
        return f"{self.device}:{self.inode}"  # text, since the numbers may exceed SQLite's 63 bits

    @property
    def state(self) -> str:
        """Identifier of the state of the file."""
        return f"{self.size}:{self.mtime_ns}:{self.ctime_ns}"


@dataclass(frozen=True, kw_only=True)
class RememberedUpload:
    """An unfinished upload.

    Attributes:
        session: Data that the service needs to resume the upload, in the service's own format. It
            may be a secret, so repr omits it.
        filesize: Size of the whole file in bytes.
        digest: Digest of the whole file in hex, or None if it was not known.
        algorithm: Algorithm of the digest, by hashlib's name.
        part_size: Bytes in each part but the last.
        lifetime: Seconds from `started_at` for which the server keeps the session.
        started_at: Start of the upload, in seconds since the epoch.
    """

    session: str = field(repr=False)
    filesize: int
    digest: str | None
    algorithm: str = "sha1"
    part_size: int
    lifetime: int
    started_at: int = field(default_factory=lambda: int(time.time()))

    @property
    def is_expired(self) -> bool:
        """Whether the lifetime is over, or the clock was set back by more than the lifetime."""
        return abs(time.time() - self.started_at) > self.lifetime


_UPLOAD_COLUMNS = tuple(column.name for column in fields(RememberedUpload))


def store_parts(connection: sqlite3.Connection, identity: FileIdentity, parts: UploadParts) -> None:
    """Write the parts list and the digest of a file, and delete the lists of its other states."""
    algorithm = parts.algorithm
    store_digests(connection, [(identity, parts.digest)], algorithm)
    raw = b"".join(parts.raw(index) for index in range(len(parts)))
    if len(raw) > _LARGEST_LIST_BYTES:
        return
    connection.execute(
        "DELETE FROM parts WHERE file = ? AND (state != ? OR (slice_size = ? AND algorithm = ?))",
        (identity.file, identity.state, parts.slice_size, algorithm),
    )
    values = (identity.file, parts.slice_size, algorithm, identity.state, raw)
    cursor = connection.execute(
        "INSERT INTO parts (file, slice_size, algorithm, state, raw, seal, stored_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (*values, _seal(*values), int(time.time())),
    )
    schema.sweep_if_due(connection, "parts", cursor.lastrowid)


def find_parts(
    connection: sqlite3.Connection, identity: FileIdentity, slice_size: int, algorithm: str
) -> UploadParts | None:
    """Return the parts list of a file in its state, or None."""
    values = (identity.file, slice_size, algorithm, identity.state)
    row = connection.execute(
        "SELECT raw, seal FROM parts"
        " WHERE file = ? AND slice_size = ? AND algorithm = ? AND state = ?",
        values,
    ).fetchone()
    if row is None:
        return None
    raw, seal = row
    if seal != _seal(*values, raw):
        raise DamagedError("a parts list in it does not match its checksum")
    return UploadParts.from_raw(raw, identity.size, slice_size, algorithm)


def store_digests(
    connection: sqlite3.Connection, pairs: Iterable[tuple[FileIdentity, str]], algorithm: str
) -> None:
    """Write the digest of each file, replacing that of its earlier state."""
    now = int(time.time())
    rows = [
        (identity.file, algorithm, raw, _seal_digest(identity, algorithm, raw), now)
        for identity, raw in ((identity, bytes.fromhex(digest)) for identity, digest in pairs)
    ]
    connection.executemany(
        "INSERT OR REPLACE INTO digests (file, algorithm, digest, seal, stored_at)"
        " VALUES (?, ?, ?, ?, ?)",
        rows,
    )
    schema.sweep(connection, "digests")


def find_digests(
    connection: sqlite3.Connection, identities: Sequence[FileIdentity], algorithm: str
) -> dict[FileIdentity, str]:
    """Return the digests of the files that have one of their current state."""
    rows = dict(_digest_rows(connection, [identity.file for identity in identities], algorithm))
    return {
        identity: raw.hex()
        for identity, (raw, seal) in (
            (identity, rows[identity.file]) for identity in identities if identity.file in rows
        )
        if seal == _seal_digest(identity, algorithm, raw)
    }


def _digest_rows(
    connection: sqlite3.Connection, files: Sequence[str], algorithm: str
) -> Iterator[tuple[str, tuple[bytes, bytes]]]:
    for start in range(0, len(files), _FILES_PER_QUERY):
        wanted = files[start : start + _FILES_PER_QUERY]
        marks = ", ".join("?" * len(wanted))
        for file, raw, seal in connection.execute(
            f"SELECT file, digest, seal FROM digests WHERE file IN ({marks}) AND algorithm = ?",  # noqa: S608 - marks alone
            (*wanted, algorithm),
        ):
            yield file, (raw, seal)


def store_upload(connection: sqlite3.Connection, key: str, upload: RememberedUpload) -> None:
    """Write an upload, replacing an earlier one with the same key and its parts."""
    values = (key, *astuple(upload), b"")
    marks = ", ".join("?" * (len(values) + 1))
    cursor = connection.execute(
        f"INSERT OR REPLACE INTO uploads (key, {', '.join(_UPLOAD_COLUMNS)}, acknowledged, seal)"  # noqa: S608 - constants
        f" VALUES ({marks})",
        (*values, _seal(*values)),
    )
    schema.sweep_if_due(connection, "uploads", cursor.lastrowid)


def find_upload(connection: sqlite3.Connection, key: str) -> tuple[RememberedUpload, bytes] | None:
    """Return the upload with a key and the bitmap of its parts; None if missing or expired."""
    row = connection.execute(
        f"SELECT {', '.join(_UPLOAD_COLUMNS)}, acknowledged, seal FROM uploads WHERE key = ?",  # noqa: S608 - constants
        (key,),
    ).fetchone()
    if row is None:
        return None
    *values, acknowledged, seal = row
    if seal != _seal(key, *values, acknowledged):
        raise DamagedError("an upload in it does not match its checksum")
    upload = RememberedUpload(**dict(zip(_UPLOAD_COLUMNS, values, strict=True)))
    return None if upload.is_expired else (upload, acknowledged)


def find_acknowledged(connection: sqlite3.Connection, key: str, session: str) -> set[int]:
    """Return the numbers of the acknowledged parts of the upload with a key and session."""
    found = find_upload(connection, key)
    if found is None or found[0].session != session:
        return set()
    return {
        8 * index + bit
        for index, byte in enumerate(found[1])
        for bit in range(8)
        if byte >> bit & 1
    }


def store_acknowledged(
    connection: sqlite3.Connection, parts: Iterable[tuple[str, str, int]]
) -> None:
    """Add acknowledged parts to their uploads; parts of other sessions are ignored.

    Args:
        connection: Connection with an open transaction.
        parts: Key, session and number of each part.
    """
    together: dict[tuple[str, str], list[int]] = {}
    for key, session, number in parts:
        together.setdefault((key, session), []).append(number)
    for (key, session), numbers in together.items():
        found = find_upload(connection, key)
        if found is None or found[0].session != session:
            continue
        upload, known = found
        bits = int.from_bytes(known, "little")
        for number in numbers:
            if 0 <= number * upload.part_size < upload.filesize:
                bits |= 1 << number
        bitmap = bits.to_bytes(-(-bits.bit_length() // 8), "little")
        connection.execute(
            "UPDATE uploads SET acknowledged = ?, seal = ? WHERE key = ?",
            (bitmap, _seal(key, *astuple(upload), bitmap), key),
        )


def delete_upload(connection: sqlite3.Connection, key: str) -> None:
    """Delete the upload with a key, if it exists, and its parts."""
    connection.execute("DELETE FROM uploads WHERE key = ?", (key,))


def _seal_digest(identity: FileIdentity, algorithm: str, raw: bytes) -> bytes:
    return _seal(identity.file, identity.state, algorithm, raw)


def _seal(*values: object) -> bytes:
    """Return a digest of the values, unambiguous since types and lengths are included."""
    digest = hashlib.sha256()
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode()
        digest.update(f"{type(value).__name__} {len(data)} ".encode())
        digest.update(data)
    return digest.digest()[:_SEAL_BYTES]
