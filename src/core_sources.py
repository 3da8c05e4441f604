"""Which files of csrc/ are compiled for the machine that is built for, and with which flags.

csrc/sources.txt lists each C file with the architecture and the compiler flags that it needs.
Files without flags of their own go into the extension. Each kernel that needs an instruction set
is a small static library, so that its flags reach no other file.
"""

from __future__ import annotations

import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

CSRC = "csrc"
MSVC = sys.platform == "win32" and "mingw" not in sysconfig.get_platform()

_ARCHITECTURES = {"x86": r"x86_64|amd64|x64", "arm64": r"aarch64|arm64"}


class Source(NamedTuple):
    """A line of csrc/sources.txt.

    Attributes:
        path: of the C file, with ``/``, from the root of the project.
        architecture: `any`, `x86` or `arm64`.
        flags: what GCC and Clang need for it; Visual C++ needs none.
    """

    path: str
    architecture: str
    flags: list[str]


def read_sources() -> list[Source]:
    """Return the lines of csrc/sources.txt."""
    lines = Path(CSRC, "sources.txt").read_text("utf-8").splitlines()
    rows = [line.partition("#")[0].split() for line in lines]
    return [Source(f"{CSRC}/{row[0]}", row[1], row[2:]) for row in rows if row]


def target_architectures() -> list[str]:
    """Return what is compiled for, in the words of csrc/sources.txt; [] where it knows no name.

    macOS may have several at once: ARCHFLAGS says which, else how this Python was built.
    Visual C++'s command prompt has its target in VSCMD_ARG_TGT_ARCH.
    """
    asked = os.environ.get("ARCHFLAGS") or os.environ.get("VSCMD_ARG_TGT_ARCH")
    target = (asked or sysconfig.get_platform()).lower()
    if target.endswith("universal2"):
        return sorted(_ARCHITECTURES)
    return [name for name, pattern in _ARCHITECTURES.items() if re.search(pattern, target)]


def portable_only() -> bool:
    """Whether kernels with flags of their own are left out: flags are for one architecture."""
    return len(target_architectures()) > 1


def portable_sources() -> list[str]:
    """Return the C files that need no flags of their own."""
    return [source.path for source in read_sources() if not source.flags]


def kernel_sources() -> list[Source]:
    """Return the C files that the target compiles with flags of their own."""
    if portable_only():
        return []
    return [s for s in read_sources() if s.flags and s.architecture in target_architectures()]
