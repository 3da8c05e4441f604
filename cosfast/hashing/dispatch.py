"""`kernels`: the kernels of this build, and which of them are in use."""

from __future__ import annotations

from typing import NamedTuple

from cosfast.hashing.core import kernel_name, lib


class Kernels(NamedTuple):
    """The hash kernels of this build on this machine, by name.

    Attributes:
        built: Kernels that this build has.
        supported: Kernels of these that this CPU and operating system support.
        one: The kernel in use for a single stream: hashing, `uploadparts`.
        many: The kernel in use for independent streams: `verify`, `uploadparts_many`.
    """

    built: tuple[str, ...]
    supported: tuple[str, ...]
    one: str
    many: str


def kernels() -> Kernels:
    """Return the kernels that are built, supported and in use, for both algorithms."""
    numbers = range(lib.cosfast_kernel_count())
    return Kernels(
        built=tuple(kernel_name(n) for n in numbers if lib.cosfast_kernel_built(n)),
        supported=tuple(kernel_name(n) for n in numbers if lib.cosfast_kernel_supported(n)),
        one=kernel_name(lib.cosfast_kernel_one()),
        many=kernel_name(lib.cosfast_kernel_many()),
    )
