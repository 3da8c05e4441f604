"""`Journal`: what uploads and syncs tell and ask, and the one place where its failures end."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar

from cosfast.transfer.journal import tables
from cosfast.transfer.journal.failures import JournalError
from cosfast.transfer.journal.place import default_path
from cosfast.transfer.journal.turns import turn

if TYPE_CHECKING:
    import os
    import sqlite3
    from collections.abc import Callable, Iterable

    from cosfast.parts.model import UploadParts
    from cosfast.transfer.journal.records import Destination, FileIdentity, RememberedUpload

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cosfast.transfer.journal")


class JournalWarning(UserWarning):
    """The journal cannot be used, and is not; uploads go on without it."""


class Journal:
    """Remembers parts lists, SHA-1s and unfinished uploads from one run to the next.

    Any number of processes may use one file, and any number of threads one `Journal`; it goes
    through a fork, and pickles as its path. It needs no closing: nothing stays open from one call
    to the next. No call fails, nor waits for others longer than about a second: what goes wrong
    ends in one `JournalWarning`, and from then on every call does nothing.

    Args:
        path: the SQLite file, made when there is something to remember, with its folder.
            By default `default_path` tells.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._off = Lock()  # taken by the first failure and never given back
        self._path = Path()
        try:
            # absolute, so that it stays the same file where the process changes its folder
            self._path = Path(default_path() if path is None else path).absolute()
        except (OSError, JournalError) as exc:
            self._turn_off(exc)

    def remember_parts(self, identity: FileIdentity, parts: UploadParts) -> None:
        """Remember the parts of a file, and with them its SHA-1.

        They are not remembered where the file is of another size, or was changed too short a
        time before it was read; see `FileIdentity.is_settled`.

        Args:
            identity: the file's, taken before its first byte was read.
            parts: what its bytes gave.
        """
        if identity.is_settled and identity.size == parts.filesize:
            self._transact(
                lambda connection: tables.store_parts(connection, identity, parts), writes=True
            )

    def parts_of(self, identity: FileIdentity, slice_size: int) -> UploadParts | None:
        """Return the parts of the file as it is, in slices of `slice_size` bytes, if known."""
        return self._transact(
            lambda connection: tables.find_parts(connection, identity, slice_size)
        )

    def remember_sha1s(self, pairs: Iterable[tuple[FileIdentity, str]]) -> None:
        """Remember the SHA-1s of files, up to some thousands in one go.

        Those are left out that `remember_parts` would not take either.

        Args:
            pairs: each a file's identity, taken before its first byte was read, and the SHA-1 of
                all its bytes, 40 hex digits.
        """
        settled = [(identity, sha1) for identity, sha1 in pairs if identity.is_settled]
        if settled:
            self._transact(lambda connection: tables.store_sha1s(connection, settled), writes=True)

    def sha1s_of(self, identities: Iterable[FileIdentity]) -> dict[FileIdentity, str]:
        """Return the SHA-1s of those files, as they are, that are known; see `sha1_of`."""
        wanted = list(identities)
        if not wanted:
            return {}
        return self._transact(lambda connection: tables.find_sha1s(connection, wanted)) or {}

    def sha1_of(self, identity: FileIdentity) -> str | None:
        """Return the SHA-1 of the whole file as it is, 40 hex digits, if known."""
        return self.sha1s_of([identity]).get(identity)

    def remember_upload(self, destination: Destination, upload: RememberedUpload) -> None:
        """Remember an upload that was begun, in place of any earlier one to there."""
        self._transact(
            lambda connection: tables.store_upload(connection, destination, upload), writes=True
        )

    def upload_at(self, destination: Destination) -> RememberedUpload | None:
        """Return the upload that was begun to there, unless its session has expired since."""
        return self._transact(lambda connection: tables.find_upload(connection, destination))

    def forget_upload(self, destination: Destination) -> None:
        """Forget the upload to there: it is done, or was given up."""
        self._transact(
            lambda connection: tables.delete_upload(connection, destination), writes=True
        )

    def __repr__(self) -> str:
        return f"<cosfast.Journal {self._path}{', ignored' if self._off.locked() else ''}>"

    def __reduce__(self) -> str | tuple[Any, ...]:
        return Journal, (self._path,)

    def _transact(
        self, work: Callable[[sqlite3.Connection], T], *, writes: bool = False
    ) -> T | None:
        if self._off.locked():
            return None
        try:
            # SQLite is loaded only here: most processes that hash never need it.
            with turn():
                from cosfast.transfer.journal import database  # noqa: PLC0415

            run = database.write if writes else database.read
            return run(self._path, work)
        except (JournalError, ImportError) as exc:
            self._turn_off(exc)
            return None

    def _turn_off(self, reason: Exception) -> None:
        if not self._off.acquire(blocking=False):
            return  # another thread has told of its own
        message = f"uploads are not remembered: the journal {self._path} cannot be used: {reason}"
        # Not at WARNING: where nothing is set up, logging would print it beside the warning.
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
"""Remembers nothing: what a caller has who wants no journal."""
