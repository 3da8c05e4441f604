"""Limits of the operating system: copying files out of the page cache with read(), in C."""

from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.compiling import shared_library
from harness.machine import cores
from harness.race import LIMIT, Contender, Work

if TYPE_CHECKING:
    from collections.abc import Sequence


def read_file() -> Contender:
    """Return a limit: reading the file sequentially on one core."""
    return Contender("read(), one thread", lambda work: _read(work.data, 1), LIMIT, _read_all)


def read_file_in_threads() -> Contender:
    """Return a limit: reading the file with one thread per core, each a range of it."""
    return Contender("read(), all cores", lambda work: _read(work.data, cores()), LIMIT, _read_all)


def read_files_in_threads() -> Contender:
    """Return a limit: opening and reading the files, a share of them on each core."""
    return Contender(
        "open and read(), all cores", lambda work: _read_files(work.data), LIMIT, _read_all
    )


@cache
def _library() -> ctypes.CDLL:
    library = shared_library([Path(__file__).with_suffix(".c")])
    library.limit_read_range.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_int64]
    library.limit_read_range.restype = ctypes.c_int64
    library.limit_read_files.restype = ctypes.c_int64
    return library


def _read(path: Path, threads: int) -> int:
    size = path.stat().st_size
    share = -(-size // threads)
    read_range = _library().limit_read_range
    with ThreadPoolExecutor(threads) as pool:
        counts = pool.map(
            lambda start: read_range(os.fsencode(path), start, min(start + share, size)),
            range(0, size, share),
        )
        return sum(counts)


def _read_files(paths: Sequence[Path]) -> int:
    names = [os.fsencode(path) for path in paths]
    with ThreadPoolExecutor(cores()) as pool:
        return sum(pool.map(_read_share, (names[first :: cores()] for first in range(cores()))))


def _read_share(names: list[bytes]) -> int:
    pointers = (ctypes.c_char_p * len(names))(*names)
    return int(_library().limit_read_files(pointers, ctypes.c_size_t(len(names))))


def _read_all(result: Any, work: Work) -> bool:
    return bool(result == work.size)
