"""What the journal keeps, and the rows that hold it, each sealed.

SQLite checks the structure of its pages, not the bytes in them. A flipped bit in a parts list would
make the server refuse the file, now and on each later run; so a row carries a digest of its values,
and a row that does not match it is damage.

There may be a million digests, so their rows are short. The state of the file is in the seal alone:
a seal that does not match is most often that of another state, and always a miss, which the next
hashing overwrites.
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
"""A time stamp that is a multiple of this may come from a file system that has no finer ones."""

_COARSE_WINDOW_NS = 2_000_000_000
"""FAT counts in steps of 2 s, no file system in longer ones."""

_FINE_WINDOW_NS = 100_000_000
"""Fine stamps too move only when the system's clock ticks: after 16 ms at most."""

_SEAL_BYTES = 16

_LARGEST_LIST_BYTES = schema.MAX_BYTES // 8
"""A list may not drive out most others: in slices of 1 MiB, this is a file of 1.6 TiB."""

_FILES_PER_QUERY = 500
"""Any build of SQLite takes 999 values in a statement."""


@dataclass(frozen=True)
class FileIdentity:
    """Which file it is, and in which state: equal identities mean equal bytes.

    That holds only if a later change is sure to move a time stamp. A file that was written a
    moment ago may be written again within the same tick of its clock, and then nothing tells the
    two apart (git calls such an entry of its index racily clean). So an identity knows when it
    was taken, and `is_settled` says whether its stamps were old enough by then. It must be taken
    before the first byte is read: a change during the reading then shows as well.

    What is left: a change by another clock than the one that `seen_ns` is from (a file server's
    that runs behind), and one through a memory map, whose stamp may move before the last bytes do.

    Attributes:
        device: The file system's number.
        inode: The file's number in it.
        size: Bytes.
        mtime_ns: When it was last modified, ns since the epoch.
        ctime_ns: When it was last changed in any way, ns since the epoch; on Windows when it was
            created. Programs put `mtime_ns` back (VeraCrypt does, after each use of a container),
            but never this.
        seen_ns: When this identity was taken, ns since the epoch; not compared.
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
        """Whether any change from `seen_ns` on would show in the time stamps.

        A file without an inode number, as some network drives give them, is never settled.
        """
        newest = max(self.mtime_ns, self.ctime_ns)
        coarse = newest % _COARSE_TICK_NS == 0
        window = _COARSE_WINDOW_NS if coarse else _FINE_WINDOW_NS
        return self.inode != 0 and self.seen_ns - newest >= window

    @property
    def file(self) -> str:
        """The file, whatever its state."""
        return f"{self.device}:{self.inode}"  # as text: they may exceed SQLite's 63 bits

    @property
    def state(self) -> str:
        """The state that the file is in."""
        return f"{self.size}:{self.mtime_ns}:{self.ctime_ns}"


@dataclass(frozen=True, kw_only=True)
class RememberedUpload:
    """An upload that was begun here.

    Attributes:
        session: What its service needs to resume it, in a form of its own. It may be a secret, so
            it is not shown.
        filesize: Bytes in the whole file.
        digest: The whole file's, in hex, or None if it was not known.
        algorithm: The digest's, as hashlib names it.
        part_size: Bytes in each part but the last.
        lifetime: Seconds from `started_at` for which the server keeps the session.
        started_at: Seconds since the epoch.
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
        """Whether its lifetime is over, or the clock was set back by more than that."""
        return abs(time.time() - self.started_at) > self.lifetime


_UPLOAD_COLUMNS = tuple(column.name for column in fields(RememberedUpload))


def store_parts(connection: sqlite3.Connection, identity: FileIdentity, parts: UploadParts) -> None:
    """Write the list of a file and its digest, and drop the lists of its earlier states."""
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
    """Read the list of a file in that state."""
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
        raise DamagedError("a parts list in it is not what was written")
    return UploadParts.from_raw(raw, identity.size, slice_size, algorithm)


def store_digests(
    connection: sqlite3.Connection, pairs: Iterable[tuple[FileIdentity, str]], algorithm: str
) -> None:
    """Write the digest of each file over that of its earlier state."""
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
    """Read the digest of each file that has one and is in the state that it is of."""
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
    """Write an upload over any earlier one of that key, and over its parts."""
    values = (key, *astuple(upload), b"")
    marks = ", ".join("?" * (len(values) + 1))
    cursor = connection.execute(
        f"INSERT OR REPLACE INTO uploads (key, {', '.join(_UPLOAD_COLUMNS)}, acknowledged, seal)"  # noqa: S608 - constants
        f" VALUES ({marks})",
        (*values, _seal(*values)),
    )
    schema.sweep_if_due(connection, "uploads", cursor.lastrowid)


def find_upload(connection: sqlite3.Connection, key: str) -> tuple[RememberedUpload, bytes] | None:
    """Read the upload of that key and the bitmap of its parts, unless it has expired."""
    row = connection.execute(
        f"SELECT {', '.join(_UPLOAD_COLUMNS)}, acknowledged, seal FROM uploads WHERE key = ?",  # noqa: S608 - constants
        (key,),
    ).fetchone()
    if row is None:
        return None
    *values, acknowledged, seal = row
    if seal != _seal(key, *values, acknowledged):
        raise DamagedError("an upload in it is not what was written")
    upload = RememberedUpload(**dict(zip(_UPLOAD_COLUMNS, values, strict=True)))
    return None if upload.is_expired else (upload, acknowledged)


def find_acknowledged(connection: sqlite3.Connection, key: str, session: str) -> set[int]:
    """Read the numbers of the parts of the upload of that key and session."""
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
    """Add parts to the uploads of their keys that are remembered with their sessions.

    Args:
        connection: Within a transaction.
        parts: Key, session and number of each.
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
    """Delete the upload of that key, if there is one, and its parts."""
    connection.execute("DELETE FROM uploads WHERE key = ?", (key,))


def _seal_digest(identity: FileIdentity, algorithm: str, raw: bytes) -> bytes:
    return _seal(identity.file, identity.state, algorithm, raw)


def _seal(*values: object) -> bytes:
    """Return a digest of values with their types and lengths, so that none can pass for two."""
    digest = hashlib.sha256()
    for value in values:
        data = value if isinstance(value, bytes) else str(value).encode()
        digest.update(f"{type(value).__name__} {len(data)} ".encode())
        digest.update(data)
    return digest.digest()[:_SEAL_BYTES]
