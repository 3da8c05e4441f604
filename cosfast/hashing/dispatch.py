"""`kernels`: which kernels there are, and which of them work."""

from __future__ import annotations

from typing import NamedTuple

from cosfast.hashing.core import kernel_name, lib


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
        built=tuple(kernel_name(n) for n in numbers if lib.cosfast_kernel_built(n)),
        supported=tuple(kernel_name(n) for n in numbers if lib.cosfast_kernel_supported(n)),
        one=kernel_name(lib.cosfast_kernel_one()),
        many=kernel_name(lib.cosfast_kernel_many()),
    )
