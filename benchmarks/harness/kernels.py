"""Forcing a kernel for one run, as COSFAST_KERNEL does for a process."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from harness.errors import UnavailableError

from cosfast.hashing.core import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def forced_kernel(kernel: str | None) -> Iterator[None]:
    """Use only `kernel` within the block, and the fastest ones after it.

    Uses a private function to select it within the process, so that forced kernels and their peers
    are timed in the same rounds.

    Raises:
        UnavailableError: If this build or this CPU does not have it.
    """
    if kernel is None:
        yield
        return
    if lib.cosfast_select(kernel.encode()) != lib.COSFAST_SELECTED:
        raise UnavailableError(f"this machine does not run {kernel}")
    try:
        yield
    finally:
        lib.cosfast_select(ffi.NULL)
