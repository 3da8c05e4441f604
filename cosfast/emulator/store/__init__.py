"""What the server keeps: metadata in SQLite, bytes in files, both safe from a crash.

Everything here blocks and belongs in a worker thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

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
            RootInUseError: another server has it open.
            SchemaError: another version wrote it.
        """
        root.mkdir(parents=True, exist_ok=True)
        self._lock = RootLock(root / "lock")
        try:
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
