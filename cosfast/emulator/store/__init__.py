"""The server's storage: metadata in SQLite, contents in files, both durable across a crash.

All calls block, so they run in worker threads.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from cosfast.emulator.errors import RootInUseError, SchemaError
from cosfast.emulator.store import schema, sessions, tree
from cosfast.emulator.store.database import Database
from cosfast.emulator.store.files import ByteFiles, RootLock, sync_folder
from cosfast.emulator.store.parts import NamedLocks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cosfast.emulator.store.database import Transaction


class Store:
    """An open data folder. Close it before another server opens it."""

    def __init__(self, root: Path) -> None:
        """Open or create the folder, and remove the remains of a crash.

        Raises:
            RootInUseError: If another server has it open, or it contains files of other programs.
            SchemaError: If its database is damaged or has an unsupported version.
            OSError: If it cannot be read or written.
        """
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = root / "metadata.sqlite3"
        with ExitStack() as opened:
            self._lock = opened.enter_context(closing(RootLock(root / "lock")))
            _check_files(root)
            self.files: ByteFiles = ByteFiles(root / "files")
            try:
                self.database: Database = opened.enter_context(
                    closing(Database(path, remove_file=self.files.remove))
                )
                in_use = self.database.read(_files_in_use)
            except sqlite3.Error as error:
                raise SchemaError(
                    f"{path} cannot be used as the server's database: {error}"
                ) from error
            self.files.sweep(in_use)
            sync_folder(root)
            self.spool_folder = root
            self.part_locks: NamedLocks = NamedLocks()
            self._opened = opened.pop_all()

    def adopt(self, file: str, work: Callable[[Transaction], None]) -> None:
        """Run the transaction that records a new file; remove the file if it fails."""
        try:
            self.database.write(work)
        except BaseException:
            self.files.remove(file)
            raise

    def reset(self) -> None:
        """Remove all stored data."""
        self.database.write(_remove_all)

    def close(self) -> None:
        """Commit queued writes and release the folder."""
        self._opened.close()


def _files_in_use(connection: sqlite3.Connection) -> set[str]:
    return tree.files_in_use(connection) | sessions.files_in_use(connection)


def _remove_all(tx: Transaction) -> None:
    for file in _files_in_use(tx.connection):
        tx.discard(file)
    for table in schema.TABLES:
        tx.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant


def _check_files(root: Path) -> None:
    """Refuse a folder `files` of another program, since files without a row would be removed."""
    folder = root / "files"
    is_new = not (root / "metadata.sqlite3").exists()
    if folder.is_symlink() or (is_new and folder.is_dir() and any(folder.iterdir())):
        raise RootInUseError(
            f"{folder} exists but was not created by this server: choose another folder"
        )
