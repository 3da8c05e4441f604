"""Limits of the CPU: the dependent instructions that SHA-1 cannot avoid, and memory loads.

The instruction chains are those of the benchmark of the C core, csrc/bench/chain.c.
"""

from __future__ import annotations

import ctypes
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import count
from pathlib import Path
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
def _chain_of(kernel: str) -> Chain:
    if kernel not in cosfast.kernels().supported:
        raise UnavailableError(f"this machine does not run {kernel}")
    chains = ctypes.cast(_library().chains, ctypes.POINTER(Chain))
    for index in count():
        chain: Chain = chains[index]
        if chain.kernel == kernel.encode():
            return chain
        if chain.name is None:
            break
    raise UnavailableError(f"csrc/bench/chain.c has no chain for {kernel}")


def dependency_chain(kernel: str, name: str, threads: int = 1) -> Contender:
    """Return a limit: a chain of dependent instructions for all bytes of the work.

    Args:
        kernel: Kernel that the chain limits.
        name: Name of the limit.
        threads: Number of threads that share the bytes, each with its own chain.
    """

    def run(work: Work) -> list[int]:
        chain = _chain_of(kernel)
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
