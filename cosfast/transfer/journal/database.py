"""Single transactions on the journal's file.

The file is opened for each transaction and closed after it. An upload makes a few transactions, and
opening takes a fraction of a millisecond. In return, threads share nothing, a fork inherits
nothing, a removed or replaced file is noticed, and nothing has to be closed.

SQLite's rollback journal is used instead of its write-ahead log: the log needs memory that is
shared by all processes, which a home folder on a network file system does not support.

Nothing is flushed to disk (``synchronous = OFF``). A killed process loses nothing, since the
operating system has its writes. A power failure may damage the file; then files are hashed again.
Flushes on a busy disk would make each upload wait for seconds.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TYPE_CHECKING, TypeVar

from cosfast.ownfiles import belongs_to_user, create_own
from cosfast.transfer.journal import schema
from cosfast.transfer.journal.schema import FILE_NAME, BusyError, DamagedError, JournalError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_SQLITE_PATIENCE = 0.05  # seconds that SQLite itself waits, during which it blocks new readers
_SIDE_FILES = ("-journal", "-wal", "-shm")
_ROOT = 0  # owns /tmp and similar folders, and could read and change any file

_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    # The statements match the schema version in the file, so these errors mean damage too.
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
}


def read(path: Path, work: Work[T]) -> T | None:
    """Run `work` on the tables and return its result, or None if there are no tables yet.

    Raises:
        BusyError: If another process holds a lock.
        JournalError: If the file cannot be used.
    """
    return _guarded(path, lambda: _read(path, work))


def write(path: Path, work: Work[T]) -> T:
    """Run `work` in a transaction, on tables that are created if they are missing.

    Raises:
        BusyError: If another process holds a lock.
        JournalError: If the file cannot be used.
    """
    return _guarded(path, lambda: _write(path, work))


def is_damage(error: BaseException) -> bool:
    """Return whether an error means that the file is damaged, so that a retry cannot succeed."""
    if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
        return True  # text that is not UTF-8, found by Python, whose error has no code
    return isinstance(error, DamagedError) or not _DAMAGE.isdisjoint(_codes(error))


def _codes(error: BaseException) -> tuple[int, int]:
    """Return SQLite's result code, primary and extended."""
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF, code


def _guarded(path: Path, attempt: Callable[[], T]) -> T:
    try:
        before = _status(path)
        try:
            return attempt()
        except (JournalError, sqlite3.Error) as exc:
            if before is not None and is_damage(exc):
                _set_aside(path, before)
            raise
    except (sqlite3.Error, OSError, ValueError, OverflowError, MemoryError) as exc:
        kind = BusyError if sqlite3.SQLITE_BUSY in _codes(exc) else JournalError
        raise kind(str(exc) or type(exc).__name__) from exc


def _status(path: Path) -> os.stat_result | None:
    _check_folder(path)
    for suffix in _SIDE_FILES:  # SQLite would copy pages from these into the file
        _own_status(path.with_name(path.name + suffix))
    return _own_status(path)


def _check_folder(path: Path) -> None:
    """Refuse a folder of another user, who could replace the file at any time."""
    with suppress(FileNotFoundError):
        status = path.parent.stat()
        if status.st_uid != _ROOT and not belongs_to_user(status, str(path)):
            raise JournalError(f"its folder belongs to another user: {path.parent}")


def _own_status(path: Path) -> os.stat_result | None:
    """Return the status of a file, or None if it does not exist; links are followed.

    Raises:
        JournalError: If the file, or a link to it, belongs to another user, so that the content
            cannot be trusted; or if it is not a regular file: SQLite would open a device, or block
            on a pipe.
    """
    try:
        if not belongs_to_user(path.lstat(), str(path)):
            raise JournalError(f"it belongs to another user: {path}")
        status = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise JournalError("it is not a regular file")
    if not belongs_to_user(status, str(path)):
        raise JournalError(f"it belongs to another user: {path}")
    return status


def _read(path: Path, work: Work[T]) -> T | None:
    if not path.exists():
        return None
    with closing(_connect(path)) as connection:
        connection.execute("BEGIN")
        return work(connection) if schema.is_ready(connection) else None


def _write(path: Path, work: Work[T]) -> T:
    _make_file(path)
    # Closing the connection without COMMIT rolls back.
    with closing(_connect(path)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN IMMEDIATE")
        if not schema.is_ready(connection):
            schema.create(connection)
        result = work(connection)
        connection.execute("COMMIT")
        return result


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(os.fspath(path), timeout=_SQLITE_PATIENCE, isolation_level=None)


def _make_file(path: Path) -> None:
    """Create the folder and the file for the user alone; SQLite would apply the umask."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(create_own(os.path.realpath(path)))  # SQLite follows a link of the user, too


def _set_aside(path: Path, damaged: os.stat_result) -> None:
    """Rename a damaged file that has the journal's name, unless another process already has.

    A rollback journal that remains is harmless: SQLite removes it when the file is new.
    """
    if path.name != FILE_NAME:
        return
    with suppress(OSError):  # otherwise it remains, and is ignored next time, too
        if os.path.samestat(path.stat(), damaged):
            path.replace(path.with_name(f"{FILE_NAME}.damaged"))
