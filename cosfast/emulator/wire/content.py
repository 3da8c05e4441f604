"""The bytes of one request's `filecontent`, held in memory while there is room."""

from __future__ import annotations

import tempfile
import threading
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

BLOCK_SIZE = 256 * 1024


class MemoryBudget:
    """How many bytes of content all requests together may hold in memory."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._lock = threading.Lock()

    def take(self, count: int) -> bool:
        """Claim memory; False where there is not enough left."""
        with self._lock:
            if count > self._left:
                return False
            self._left -= count
            return True

    def give_back(self, count: int) -> None:
        """Return what was claimed."""
        with self._lock:
            self._left += count


class Content:
    """Bytes that arrive in pieces and are read in order, as often as needed.

    They stay in memory while the budget lasts, then go to a file that has no name, so
    that it is gone with the process however that ends. A slow client can therefore
    neither fill the memory nor make the others wait for their share of it.
    """

    def __init__(self, budget: MemoryBudget, folder: Path) -> None:
        self._budget = budget
        self._folder = folder
        self._chunks: list[bytes] = []
        self._in_memory = 0
        self._file: IO[bytes] | None = None
        self.size: int = 0

    def __enter__(self) -> Content:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def add_in_memory(self, chunk: bytes) -> bool:
        """Take a piece where that needs no disk; False asks for `add` in a worker thread."""
        if self._file is not None or not self._budget.take(len(chunk)):
            return False
        self._chunks.append(chunk)
        self._in_memory += len(chunk)
        self.size += len(chunk)
        return True

    def add(self, chunk: bytes) -> None:
        """Take a piece, moving everything to the disk first if it is not there yet."""
        if self._file is None:
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115 - closed by close()
            self._file.writelines(self._chunks)
            self._release_memory()
        self._file.write(chunk)
        self.size += len(chunk)

    def blocks(self) -> Iterator[bytes]:
        """Yield the bytes in order, in pieces of no particular size."""
        if self._file is None:
            yield from self._chunks
            return
        self._file.seek(0)
        while True:
            block = self._file.read(BLOCK_SIZE)
            if not block:
                return
            yield block

    def close(self) -> None:
        """Let go of memory and disk."""
        self._release_memory()
        if self._file is not None:
            self._file.close()
            self._file = None

    def _release_memory(self) -> None:
        self._budget.give_back(self._in_memory)
        self._chunks = []
        self._in_memory = 0
