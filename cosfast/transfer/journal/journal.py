"""`Journal`: the interface of the journal for transfers, which handles all of its failures."""

from __future__ import annotations

import logging
import os
import random
import sys
import time
import warnings
from contextlib import contextmanager
from pathlib import Path
from threading import Lock, RLock
from typing import TYPE_CHECKING, Any, TypeVar

from cosfast.errors import InputError
from cosfast.transfer.journal import records
from cosfast.transfer.journal.schema import FILE_NAME, BusyError, JournalError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from cosfast.parts.model import UploadParts
    from cosfast.transfer.journal.records import FileIdentity, RememberedUpload

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cosfast.transfer.journal")

PATIENCE = 1.0
"""Total seconds that a transaction waits for other threads and processes."""

# One transaction at a time in a process, and no fork during a transaction: a child would inherit
# SQLite's mutexes in their current state, SQLite's record of file locks that only the parent holds,
# and the lock of a module that a thread was importing. Reentrant, for a signal handler that forks
# during a transaction.
_turn = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release
    )


class JournalWarning(UserWarning):
    """The journal cannot be used and is ignored; transfers work without it."""


class Journal:
    """Stores parts lists, digests and unfinished uploads for later processes.

    Any number of processes may use one file, and any number of threads one `Journal`. It can be
    used after a fork, and is pickled as its path. It need not be closed, since nothing stays open
    between calls. No call raises, or waits longer than about a second: after a failure there is one
    `JournalWarning`, and all further calls do nothing.

    Digests are in hex, and algorithms have hashlib's names.

    Args:
        path: Path of the SQLite file, by default `default_path`. The file and its folder are
            created when something is stored.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._off = Lock()  # taken by the first failure and never released
        self._unwritten: set[tuple[str, str, int]] = set()  # parts: key, session, number
        self._path = Path()
        try:
            # Absolute, so that it is the same file if the process changes its working directory.
            self._path = Path(default_path() if path is None else path).absolute()
        except (OSError, JournalError) as exc:
            self._turn_off(exc)

    def remember_parts(self, identity: FileIdentity, parts: UploadParts) -> None:
        """Store the parts list of a file, and its digest.

        Nothing is stored if the file has another size than the list, if it was changed too shortly
        before it was read (see `FileIdentity.is_settled`), or if the list lacks the digest.

        Args:
            identity: Identity of the file, taken before its first byte was read.
            parts: Parts list of the file.
        """
        if identity.is_settled and identity.size == parts.filesize and parts.has_digest:
            self._transact(
                lambda connection: records.store_parts(connection, identity, parts), writes=True
            )

    def parts_of(
        self, identity: FileIdentity, slice_size: int, *, algorithm: str = "sha1"
    ) -> UploadParts | None:
        """Return the stored parts list of a file in slices of `slice_size` bytes, or None."""
        return self._transact(
            lambda connection: records.find_parts(connection, identity, slice_size, algorithm)
        )

    def remember_digests(
        self, pairs: Iterable[tuple[FileIdentity, str]], *, algorithm: str = "sha1"
    ) -> None:
        """Store the digests of files, in one transaction for up to some thousands of them.

        Files that are not settled are omitted, as in `remember_parts`.

        Args:
            pairs: Identity of each file, taken before its first byte was read, and digest of the
                whole file.
            algorithm: Algorithm of the digests.
        """
        settled = [(identity, digest) for identity, digest in pairs if identity.is_settled]
        if settled:
            self._transact(
                lambda connection: records.store_digests(connection, settled, algorithm),
                writes=True,
            )

    def digests_of(
        self, identities: Iterable[FileIdentity], *, algorithm: str = "sha1"
    ) -> dict[FileIdentity, str]:
        """Return the stored digests of the files."""
        wanted = list(identities)
        if not wanted:
            return {}
        found = self._transact(
            lambda connection: records.find_digests(connection, wanted, algorithm)
        )
        return found or {}

    def digest_of(self, identity: FileIdentity, *, algorithm: str = "sha1") -> str | None:
        """Return the digest of the whole file, or None if it is not stored."""
        return self.digests_of([identity], algorithm=algorithm).get(identity)

    def remember_upload(self, key: str, upload: RememberedUpload) -> None:
        """Store a new upload, which replaces an earlier one with the same key and its parts.

        Args:
            key: Destination of the upload, which identifies it.
            upload: The data that is needed to resume the upload.
        """
        self._transact(
            lambda connection: records.store_upload(connection, key, upload), writes=True
        )

    def upload_at(self, key: str) -> RememberedUpload | None:
        """Return the unfinished upload to a destination; None if there is none or it expired."""
        found = self._transact(lambda connection: records.find_upload(connection, key))
        return None if found is None else found[0]

    def forget_upload(self, key: str) -> None:
        """Delete the upload to a destination and its parts, after it is finished or abandoned."""
        self._transact(lambda connection: records.delete_upload(connection, key), writes=True)

    def remember_part(self, key: str, session: str, number: int) -> None:
        """Store that the server has acknowledged a part of a stored upload.

        For services that cannot list the parts that they have. Once the call returns, the part is
        not lost if the process is killed. Concurrent calls share one transaction.

        Args:
            key: Key of the upload.
            session: Session of the upload; nothing is stored if the key now has another session.
            number: Number of the part, from 0.
        """
        if self._off.locked():
            return
        part = (key, session, number)
        self._unwritten.add(part)
        written: set[tuple[str, str, int]] = set()

        def write(connection: sqlite3.Connection) -> None:
            written.update(self._unwritten.copy())  # includes the parts of waiting threads
            records.store_acknowledged(connection, written)

        self._transact(write, writes=True, is_needed=lambda: part in self._unwritten)
        self._unwritten.difference_update(written)

    def parts_acknowledged(self, key: str, session: str) -> set[int]:
        """Return the numbers of the stored parts of an upload and session."""
        found = self._transact(
            lambda connection: records.find_acknowledged(connection, key, session)
        )
        return found or set()

    def __repr__(self) -> str:
        return f"<cosfast.Journal {self._path}{', ignored' if self._off.locked() else ''}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return Journal, (self._path,)

    def _transact(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        writes: bool = False,
        is_needed: Callable[[], bool] = lambda: True,
    ) -> T | None:
        """Run `work` in a transaction; it may run again if the file is locked."""
        if self._off.locked():
            return None
        try:
            return self._wait_and_run(work, writes=writes, is_needed=is_needed)
        except (JournalError, ImportError) as exc:
            self._turn_off(exc)
            return None

    def _wait_and_run(
        self,
        work: Callable[[sqlite3.Connection], T],
        *,
        writes: bool,
        is_needed: Callable[[], bool],
    ) -> T | None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                with _own_turn(deadline - time.monotonic()):
                    # Import SQLite only here: most processes that hash do not need it.
                    from cosfast.transfer.journal import database  # noqa: PLC0415

                    run = database.write if writes else database.read
                    return run(self._path, work) if is_needed() else None
            except BusyError:
                if time.monotonic() > deadline:
                    raise
            # Jitter instead of exponential backoff, so that no waiter starves under contention.
            time.sleep(random.uniform(0.001, 0.02))

    def _turn_off(self, reason: Exception) -> None:
        if not self._off.acquire(blocking=False):
            return  # another thread has warned
        message = (
            f"interrupted uploads will not be resumed: the journal {self._path} cannot be used:"
            f" {reason}"
        )
        # Not at WARNING level: unconfigured logging would print it in addition to the warning.
        logger.info("%s", message, exc_info=reason)
        warnings.warn(message, JournalWarning, stacklevel=4)


class _NoJournal(Journal):
    """A journal that is always off and issues no warning."""

    def __init__(self) -> None:
        self._off = Lock()
        self._off.acquire()

    def __repr__(self) -> str:
        return "cosfast.NO_JOURNAL"

    def __reduce__(self) -> str:
        return "NO_JOURNAL"  # unpickled as the same object


NO_JOURNAL: Journal = _NoJournal()
"""A journal that stores nothing."""


class DefaultJournal:
    """Placeholder for the journal at `default_path`, located when a client is made."""

    def __repr__(self) -> str:
        return "<the user's>"


DEFAULT_JOURNAL: DefaultJournal = DefaultJournal()
"""What clients take as `journal` by default."""


def journal_of(given: Journal | DefaultJournal | None) -> Journal:
    """Return the journal that the argument `journal` of a client means; None means none.

    Raises:
        InputError: If it is something else.
    """
    if isinstance(given, DefaultJournal):
        return Journal()
    if given is None:
        return NO_JOURNAL
    if not isinstance(given, Journal):
        raise InputError(
            f"journal must be a Journal, such as cosfast.Journal(path), or None,"
            f" not {type(given).__name__}"
        )
    return given


def default_path(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Return the path in COSFAST_JOURNAL, or by default a file in the platform's cache folder.

    The folder is ``cosfast`` in XDG_CACHE_HOME or ``~/.cache`` (XDG Base Directory Specification),
    in ``~/Library/Caches`` on macOS, and in LOCALAPPDATA on Windows.

    Args:
        environ: Environment variables; by default those of the process.
        platform: Name of the platform, as in `sys.platform`.

    Raises:
        JournalError: If the user has no home folder.
    """
    environ = os.environ if environ is None else environ
    chosen = environ.get("COSFAST_JOURNAL")
    if chosen:
        return Path(chosen)
    variable, folder = _CACHE_FOLDERS.get(platform, ("XDG_CACHE_HOME", "~/.cache"))
    cache = Path(environ.get(variable, ""))
    if not cache.is_absolute():  # the specification says to ignore relative paths
        cache = Path(os.path.expanduser(folder))  # noqa: PTH111 - Path.expanduser raises in three ways
    if not cache.is_absolute():
        raise JournalError("the user has no home folder")
    return cache / "cosfast" / FILE_NAME


_CACHE_FOLDERS = {
    "darwin": ("", "~/Library/Caches"),
    "win32": ("LOCALAPPDATA", "~/AppData/Local"),
}


@contextmanager
def _own_turn(timeout: float) -> Iterator[None]:
    """Hold the lock of all transactions of this process while the block runs.

    Raises:
        JournalError: If the lock is not free within `timeout` seconds.
    """
    if not _turn.acquire(timeout=max(0.0, timeout)):
        raise JournalError("other threads of this process keep it busy")
    try:
        yield
    finally:
        _turn.release()
