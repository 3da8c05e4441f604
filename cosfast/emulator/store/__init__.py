"""What the server keeps: metadata in SQLite, bytes in files, both safe from a crash.

Everything here blocks and belongs in a worker thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.emulator.store import sessions, tree
from cosfast.emulator.store.database import Database
from cosfast.emulator.store.files import ByteFiles, sync_folder
from cosfast.emulator.store.lock import RootInUseError, RootLock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cosfast.emulator.store.database import Transaction


class Store:
    """An open data folder; `close` before the next server opens it."""

    def __init__(self, root: Path) -> None:
        """Open the folder, making it if need be, and sweep away what a crash left.

        Raises:
            RootInUseError: another server has it open, or what is there is not a server's.
            SchemaError: another version wrote it.
        """
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = RootLock(root / "lock")
        try:
            _check_files(root)
            self.files: ByteFiles = ByteFiles(root / "files")
            self.database: Database = Database(
                root / "metadata.sqlite3", remove_file=self.files.remove
            )
        except BaseException:
            self._lock.close()
            raise
        self.spool_folder = root
        in_use = self.database.read(tree.files_in_use) | self.database.read(sessions.files_in_use)
        self.files.sweep(in_use)
        sync_folder(root)

    def adopt(self, file: str, work: Callable[[Transaction], None]) -> None:
        """Run the transaction that gives a new file its meaning; remove the file if it fails."""
        try:
            self.database.write(work)
        except BaseException:
            self.files.remove(file)
            raise

    def close(self) -> None:
        """Finish what is queued and let go of the folder."""
        self.database.close()
        self._lock.close()


def _check_files(root: Path) -> None:
    """Refuse a folder `files` that no server has made: what has no row there is swept away."""
    folder = root / "files"
    is_new = not (root / "metadata.sqlite3").exists()
    if folder.is_symlink() or (is_new and folder.is_dir() and any(folder.iterdir())):
        raise RootInUseError(f"{folder} is there, but not a server's: choose another folder")
