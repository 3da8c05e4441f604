"""One transaction on the journal's file, whatever else happens to it at the time.

The file is opened for each transaction and closed after it. A journal is asked a few times in an
upload, and opening takes a fraction of a millisecond; in return threads share nothing, a fork
inherits nothing, a file that was removed or replaced is noticed, and nothing has to be closed.

SQLite's rollback journal is used, not its write-ahead log: the log needs memory that all its
processes share, which a home folder on a network file system does not give.

Nothing is flushed to the disk (``synchronous = OFF``). A process that is killed loses nothing by
that, as the system has its writes. A machine that loses power may damage the file; that costs
hashing again, while each flush on a busy disk would make an upload wait for seconds.
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

_SQLITE_PATIENCE = 0.05  # seconds that SQLite waits itself, which keeps new readers out meanwhile
_SIDE_FILES = ("-journal", "-wal", "-shm")
_ROOT = 0  # owns /tmp and the like, and may do anything anyway

_DAMAGE = {
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    # The statements are right for the schema that the file claims, so these are damage too.
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_CONSTRAINT_UNIQUE,
}


def read(path: Path, work: Work[T]) -> T | None:
    """Run `work` on the tables and return its result, or None if there are none yet.

    Raises:
        BusyError: If another process holds a lock.
        JournalError: If the file cannot be used.
    """
    return _guarded(path, lambda: _read(path, work))


def write(path: Path, work: Work[T]) -> T:
    """Run `work`, all of it or nothing, on tables that are made if they are missing.

    Raises:
        BusyError: If another process holds a lock.
        JournalError: If the file cannot be used.
    """
    return _guarded(path, lambda: _write(path, work))


def is_damage(error: BaseException) -> bool:
    """Whether the file is broken, so that no later try can do better."""
    if isinstance(error, sqlite3.OperationalError) and not hasattr(error, "sqlite_errorcode"):
        return True  # text that is not UTF-8, found by Python, which gives no code
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
    for suffix in _SIDE_FILES:  # from which SQLite would take pages into the file
        _own_status(path.with_name(path.name + suffix))
    return _own_status(path)


def _check_folder(path: Path) -> None:
    """Refuse a folder whose owner could exchange the file at any time."""
    with suppress(FileNotFoundError):
        status = path.parent.stat()
        if status.st_uid != _ROOT and not belongs_to_user(status, str(path)):
            raise JournalError(f"its folder belongs to another user: {path.parent}")


def _own_status(path: Path) -> os.stat_result | None:
    """Return the status of a file, or None if it is not there; links are followed.

    Raises:
        JournalError: If somebody else made it, or the link, and may have put anything in it; or
            if it is not a regular file: SQLite would try a device, or wait at a pipe.
    """
    try:
        if not belongs_to_user(path.lstat(), str(path)):
            raise JournalError(f"it belongs to another user: {path}")
        status = path.stat()
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(status.st_mode):
        raise JournalError("it is not a plain file")
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
    # Closing the connection without COMMIT undoes everything.
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
    """Make folder and file for the user alone, since SQLite would go by the umask."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):
        os.close(create_own(os.path.realpath(path)))  # SQLite follows a link of the user's too


def _set_aside(path: Path, damaged: os.stat_result) -> None:
    """Make room for a new file, unless another process has; only for a file of our own name.

    A rollback journal that stays behind does no harm: SQLite removes it when the file is new.
    """
    if path.name != FILE_NAME:
        return
    with suppress(OSError):  # then it stays, and is ignored next time as well
        if os.path.samestat(path.stat(), damaged):
            path.replace(path.with_name(f"{FILE_NAME}.damaged"))
