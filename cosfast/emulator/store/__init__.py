"""What the server keeps: metadata in SQLite, bytes in files, both safe from a crash.

Everything here blocks and belongs in a worker thread.
"""

from __future__ import annotations

import sqlite3
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from cosfast.emulator.errors import RootInUseError, SchemaError
from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.database import Database
from cosfast.emulator.store.files import ByteFiles, sync_folder
from cosfast.emulator.store.lock import RootLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cosfast.emulator.store.database import Transaction


class Store:
    """An open data folder; `close` before the next server opens it."""

    def __init__(self, root: Path) -> None:
        """Open the folder, making it if need be, and sweep away what a crash left.

        Raises:
            RootInUseError: If another server has it open, or what is there is not a server's.
            SchemaError: If a newer version wrote it, or its database cannot be used.
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
            self._opened = opened.pop_all()

    def adopt(self, file: str, work: Callable[[Transaction], None]) -> None:
        """Run the transaction that gives a new file its meaning; remove the file if it fails."""
        try:
            self.database.write(work)
        except BaseException:
            self.files.remove(file)
            raise

    def close(self) -> None:
        """Finish what is queued and let go of the folder."""
        self._opened.close()


def _files_in_use(connection: sqlite3.Connection) -> set[str]:
    return tree.files_in_use(connection) | sessions.files_in_use(connection)


def _check_files(root: Path) -> None:
    """Refuse a folder `files` that no server has made: what has no row there is swept away."""
    folder = root / "files"
    is_new = not (root / "metadata.sqlite3").exists()
    if folder.is_symlink() or (is_new and folder.is_dir() and any(folder.iterdir())):
        raise RootInUseError(f"{folder} is there, but not a server's: choose another folder")
