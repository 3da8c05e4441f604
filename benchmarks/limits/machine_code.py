"""Limits of the CPU: the instructions that a hash cannot avoid, and memory loads.

The instructions are those of the benchmark of the C core, csrc/bench/chain.c.
"""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count, takewhile
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

from harness.compiling import shared_library
from harness.errors import UnavailableError
from harness.race import LIMIT, Contender, Work

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterable

_CHAINS = Path(__file__).parents[2] / "csrc" / "bench" / "chain.c"
_MEMORY = Path(__file__).with_name("memory.c")
_BLOCK = 64
_TRIAL_BLOCKS = 50_000


class Chain(ctypes.Structure):
    """`chain` of csrc/bench/chain.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("kernel", ctypes.c_char_p),
        ("streams", ctypes.c_size_t),
        ("run", ctypes.CFUNCTYPE(ctypes.c_uint, ctypes.c_size_t)),
    )


@cache
def _library() -> ctypes.CDLL:
    library = shared_library([_CHAINS, _MEMORY])
    library.limit_read_memory.restype = ctypes.c_uint64
    return library


@cache
def _slowest_chain(kernel: str, algorithm: str) -> Chain:
    """Return what limits a kernel on this machine: its dependencies or its vector operations."""
    if kernel not in cosfast.kernels().supported:
        raise UnavailableError(f"this machine does not run {kernel}")
    table = "chains" if algorithm == "sha1" else "sha256_chains"
    chains = ctypes.cast(getattr(_library(), table), ctypes.POINTER(Chain))
    named = takewhile(lambda chain: chain.name is not None, (chains[index] for index in count()))
    found = [chain for chain in named if chain.kernel == kernel.encode()]
    if not found:
        raise UnavailableError(f"csrc/bench/chain.c has no chain for {kernel}, {algorithm}")
    return max(found, key=_seconds_of)


def _seconds_of(chain: Chain) -> float:
    chain.run(_TRIAL_BLOCKS // 10)  # so that the CPU has powered up its vector units
    start = perf_counter()
    chain.run(_TRIAL_BLOCKS)
    return perf_counter() - start


def instructions(kernel: str, name: str, threads: int = 1, algorithm: str = "sha1") -> Contender:
    """Return a limit: the unavoidable instructions of a kernel for all bytes of the work.

    Args:
        kernel: Kernel that they limit. If there are several limits, the lowest one is measured.
        name: Name of the limit.
        threads: Number of threads that share the bytes.
        algorithm: Hash that it limits.
    """

    def run(work: Work) -> list[int]:
        chain = _slowest_chain(kernel, algorithm)
        blocks = work.size * work.repeats // _BLOCK // chain.streams // threads
        if threads == 1:
            return [chain.run(blocks)]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(chain.run, [blocks] * threads))

    return Contender(name, run, LIMIT, _always)


def memory_read() -> Contender:
    """Return a limit: reading the buffer or buffers of the work on one core."""

    def run(work: Work) -> int:
        buffers: Iterable[bytes] = [work.data] if isinstance(work.data, bytes) else work.data
        for buffer in buffers:
            _library().limit_read_memory(buffer, ctypes.c_size_t(len(buffer)))
        return work.size

    return Contender("memory read", run, LIMIT, _always)


def _always(_result: Any, _work: Work) -> bool:
    return True  # a limit has no result but its time
