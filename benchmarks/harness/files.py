"""Files to hash: made once, flushed to disk, and left in the page cache."""

from __future__ import annotations

import errno
import os
import random
import shutil
from typing import TYPE_CHECKING

from harness.sizes import MIB, spell_size

if TYPE_CHECKING:
    from pathlib import Path

_HEADROOM = 256 * MIB


def random_bytes(size: int) -> bytes:
    """Return the same `size` bytes in every run."""
    source = random.Random(size)
    pieces = [source.randbytes(min(MIB, size - start)) for start in range(0, size, MIB)]
    return b"".join(pieces)


class Files:
    """Creates files in a folder on first use.

    Contents are random and the same in every run; all files and all MiB of a file differ.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._block = random_bytes(MIB)

    def single(self, size: int) -> Path:
        """Return a file of `size` bytes."""
        path = self._folder / f"{size}.bin"
        if not path.exists():
            self._reserve(size)
            self._write(path, 0, size)
            _flush()
        return path

    def many(self, count: int, size: int) -> list[Path]:
        """Return `count` files of `size` bytes, in a separate folder."""
        folder = self._folder / f"{count}-of-{size}"
        paths = [folder / f"{index:06}.bin" for index in range(count)]
        if not folder.exists():
            self._reserve(count * size)
            folder.mkdir()
            for index, path in enumerate(paths):
                self._write(path, index, size)
            _flush()
        return paths

    def sparse(self, size: int) -> Path:
        """Return a sparse file of `size` zero bytes."""
        path = self._folder / f"{size}.sparse"
        with path.open("wb") as file:
            file.truncate(size)
        return path

    def _write(self, path: Path, seed: int, size: int) -> None:
        with path.open("wb") as file:
            for start in range(0, size, MIB):
                mark = b"%08d%08d" % (seed, start // MIB)
                piece = self._block[len(mark) : min(MIB, size - start)]
                file.write(mark + piece)

    def _reserve(self, size: int) -> None:
        if shutil.disk_usage(self._folder).free < size + _HEADROOM:
            raise OSError(
                errno.ENOSPC,
                f"the benchmarks need {spell_size(size)} of temporary files: set TMPDIR",
            )


def _flush() -> None:
    """Flush files to disk, so that no background writes disturb the measurements."""
    if hasattr(os, "sync"):
        os.sync()
