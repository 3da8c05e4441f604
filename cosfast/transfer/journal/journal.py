"""`Journal`: what transfers tell it and ask it, and the one place where its failures end."""

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
"""Seconds in all that a transaction waits for other threads and processes."""

# One transaction at a time in a process, and no fork in the middle of one: a child would inherit
# SQLite's mutexes as they are, what SQLite believes of file locks that the parent alone holds, and
# the lock of a module that a thread was importing. Reentrant, for a signal handler that forks in
# the middle of a transaction.
_turn = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release
    )


class JournalWarning(UserWarning):
    """The journal cannot be used, so it is ignored; transfers work without it."""


class Journal:
    """Remembers parts lists, digests and unfinished uploads from one run to the next.

    Any number of processes may use one file, and any number of threads one `Journal`; it survives
    a fork, and pickles as its path. It needs no closing: nothing stays open from one call to the
    next. No call fails, nor waits for others longer than about a second: any failure ends in one
    `JournalWarning`, and from then on every call does nothing.

    Digests are in hex, and algorithms have hashlib's names.

    Args:
        path: The SQLite file, made when there is something to remember, with its folder.
            `default_path` by default.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._off = Lock()  # taken by the first failure and never released
        self._unwritten: set[tuple[str, str, int]] = set()  # parts: key, session, number
        self._path = Path()
        try:
            # absolute, so that it stays the same file if the process changes its folder
            self._path = Path(default_path() if path is None else path).absolute()
        except (OSError, JournalError) as exc:
            self._turn_off(exc)

    def remember_parts(self, identity: FileIdentity, parts: UploadParts) -> None:
        """Remember the parts of a file, and with them its digest.

        They are not remembered if the file is of another size, or was changed too short a time
        before it was read (see `FileIdentity.is_settled`), or if they lack the digest.

        Args:
            identity: The file's, taken before its first byte was read.
            parts: The parts of its bytes.
        """
        if identity.is_settled and identity.size == parts.filesize and parts.has_digest:
            self._transact(
                lambda connection: records.store_parts(connection, identity, parts), writes=True
            )

    def parts_of(
        self, identity: FileIdentity, slice_size: int, *, algorithm: str = "sha1"
    ) -> UploadParts | None:
        """Return the parts of the file as it is, in slices of `slice_size` bytes, if known."""
        return self._transact(
            lambda connection: records.find_parts(connection, identity, slice_size, algorithm)
        )

    def remember_digests(
        self, pairs: Iterable[tuple[FileIdentity, str]], *, algorithm: str = "sha1"
    ) -> None:
        """Remember the digests of files, up to some thousands in one transaction.

        Files that are not settled are left out, as by `remember_parts`.

        Args:
            pairs: For each file its identity, taken before its first byte was read, and the digest
                of all its bytes.
            algorithm: The digests'.
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
        """Return those digests of the files, as they are, that are known."""
        wanted = list(identities)
        if not wanted:
            return {}
        found = self._transact(
            lambda connection: records.find_digests(connection, wanted, algorithm)
        )
        return found or {}

    def digest_of(self, identity: FileIdentity, *, algorithm: str = "sha1") -> str | None:
        """Return the digest of the whole file as it is, if known."""
        return self.digests_of([identity], algorithm=algorithm).get(identity)

    def remember_upload(self, key: str, upload: RememberedUpload) -> None:
        """Remember an upload that was begun, in place of any earlier one and of its parts.

        Args:
            key: Its destination, as the service names it: what tells it from any other upload.
            upload: What is needed to resume it.
        """
        self._transact(
            lambda connection: records.store_upload(connection, key, upload), writes=True
        )

    def upload_at(self, key: str) -> RememberedUpload | None:
        """Return the upload that was begun to that destination, unless it has expired since."""
        found = self._transact(lambda connection: records.find_upload(connection, key))
        return None if found is None else found[0]

    def forget_upload(self, key: str) -> None:
        """Forget the upload to that destination and its parts: it is done, or was given up."""
        self._transact(lambda connection: records.delete_upload(connection, key), writes=True)

    def remember_part(self, key: str, session: str, number: int) -> None:
        """Remember that the server has acknowledged a part of a remembered upload.

        For services that cannot list what they have. When it returns, a kill of the process does
        not lose the part. Threads that call it at the same time share one transaction.

        Args:
            key: The upload's.
            session: The upload's; if another is remembered by now, nothing is.
            number: The part's, from 0.
        """
        if self._off.locked():
            return
        part = (key, session, number)
        self._unwritten.add(part)
        written: set[tuple[str, str, int]] = set()

        def write(connection: sqlite3.Connection) -> None:
            written.update(self._unwritten.copy())  # with those of threads that wait for this one
            records.store_acknowledged(connection, written)

        self._transact(write, writes=True, is_needed=lambda: part in self._unwritten)
        self._unwritten.difference_update(written)

    def parts_acknowledged(self, key: str, session: str) -> set[int]:
        """Return the numbers of the parts that were remembered for this upload and session."""
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
        """Run `work` in a transaction; it may run again if the file turns out to be locked."""
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
                    # SQLite is loaded only here: most processes that hash never need it.
                    from cosfast.transfer.journal import database  # noqa: PLC0415

                    run = database.write if writes else database.read
                    return run(self._path, work) if is_needed() else None
            except BusyError:
                if time.monotonic() > deadline:
                    raise
            # Jitter instead of growing waits: then nobody is passed over while many come and go.
            time.sleep(random.uniform(0.001, 0.02))

    def _turn_off(self, reason: Exception) -> None:
        if not self._off.acquire(blocking=False):
            return  # another thread has warned
        message = f"uploads are not remembered: the journal {self._path} cannot be used: {reason}"
        # Not at WARNING: without any set-up, logging would print it beside the warning.
        logger.info("%s", message, exc_info=reason)
        warnings.warn(message, JournalWarning, stacklevel=4)


class _NoJournal(Journal):
    """A journal that is off from the start, and has nothing to warn of."""

    def __init__(self) -> None:
        self._off = Lock()
        self._off.acquire()

    def __repr__(self) -> str:
        return "cosfast.NO_JOURNAL"

    def __reduce__(self) -> str:
        return "NO_JOURNAL"  # itself, also on the other side of a pipe


NO_JOURNAL: Journal = _NoJournal()
"""Remembers nothing: for a caller who wants no journal."""


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
    """Return the path in COSFAST_JOURNAL, or else the file in the platform's cache folder.

    That is the folder ``cosfast`` in XDG_CACHE_HOME or ``~/.cache`` (XDG Base Directory
    Specification), in ``~/Library/Caches`` on macOS, in LOCALAPPDATA on Windows.

    Args:
        environ: Where to look; by default the process's environment.
        platform: As `sys.platform` names it.

    Raises:
        JournalError: If the user has no home folder.
    """
    environ = os.environ if environ is None else environ
    chosen = environ.get("COSFAST_JOURNAL")
    if chosen:
        return Path(chosen)
    variable, folder = _CACHE_FOLDERS.get(platform, ("XDG_CACHE_HOME", "~/.cache"))
    cache = Path(environ.get(variable, ""))
    if not cache.is_absolute():  # the specification has relative ones ignored
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
    """Wait for all other threads to be out of this block, and then keep them out.

    Raises:
        JournalError: If that takes longer than `timeout` seconds.
    """
    if not _turn.acquire(timeout=max(0.0, timeout)):
        raise JournalError("the other threads of this process keep it busy")
    try:
        yield
    finally:
        _turn.release()
