"""Which kernels there are, and which of them work: `kernels`, and COSFAST_KERNEL."""

from __future__ import annotations

import os
from typing import NamedTuple

from cosfast._core import ffi, lib
from cosfast.errors import InputError


class Kernels(NamedTuple):
    """The hash kernels of this build on this machine, by name.

    Attributes:
        built: those that this build has.
        supported: those of them that this CPU and operating system run.
        one: the one in use for a single stream: hashing, `uploadparts`.
        many: the one in use for independent streams: `verify`, `uploadparts_many`.
    """

    built: tuple[str, ...]
    supported: tuple[str, ...]
    one: str
    many: str


def kernels() -> Kernels:
    """Say which kernels this build has, which this CPU runs, and which are in use."""
    numbers = range(lib.cosfast_kernel_count())
    return Kernels(
        built=tuple(_name(n) for n in numbers if lib.cosfast_kernel_built(n)),
        supported=tuple(_name(n) for n in numbers if lib.cosfast_kernel_supported(n)),
        one=_name(lib.cosfast_kernel_one()),
        many=_name(lib.cosfast_kernel_many()),
    )


def select_from_environment() -> None:
    """Use the kernel that COSFAST_KERNEL names, where it is set; a forced one works alone.

    Raises:
        InputError: where the name is unknown, or that kernel does not run here.
    """
    name = os.environ.get("COSFAST_KERNEL")
    if not name:
        return
    outcome = lib.cosfast_select(name.encode("utf-8", "replace"))
    if outcome == lib.COSFAST_SELECTED:
        return
    here = kernels()
    if outcome == lib.COSFAST_KERNEL_UNKNOWN:
        every = ", ".join(_name(n) for n in range(lib.cosfast_kernel_count()))
        raise InputError(f"COSFAST_KERNEL={name!r} is unknown: the kernels are {every}")
    raise InputError(
        f"COSFAST_KERNEL={name!r} does not run here: supported are {', '.join(here.supported)}"
    )


def _name(number: int) -> str:
    return str(ffi.string(lib.cosfast_kernel_name(number)), "ascii")
