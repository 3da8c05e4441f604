"""The C core, `ffi` and `lib`, with the kernel that COSFAST_KERNEL selects.

All other modules import the core from here, so that the kernel is chosen before anything is hashed.
"""

from __future__ import annotations

import os

from cosfast._core import ffi, lib
from cosfast.errors import InputError

__all__ = ["ffi", "kernel_name", "lib"]


def kernel_name(number: int) -> str:
    """Return the name of a kernel by its number in the core's table."""
    return str(ffi.string(lib.cosfast_kernel_name(number)), "ascii")


def _select_from_environment() -> None:
    """Use only the kernel that COSFAST_KERNEL names, if it is set.

    Raises:
        InputError: If the name is unknown, or the kernel does not run on this machine.
    """
    name = os.environ.get("COSFAST_KERNEL")
    if not name:
        return
    outcome = lib.cosfast_select(name.encode("utf-8", "replace"))
    if outcome == lib.COSFAST_SELECTED:
        return
    numbers = range(lib.cosfast_kernel_count())
    if outcome == lib.COSFAST_KERNEL_UNKNOWN:
        every = ", ".join(map(kernel_name, numbers))
        raise InputError(f"COSFAST_KERNEL={name!r} is unknown: use one of {every}")
    supported = ", ".join(kernel_name(n) for n in numbers if lib.cosfast_kernel_supported(n))
    raise InputError(f"COSFAST_KERNEL={name!r} is not supported here: use one of {supported}")


_select_from_environment()
