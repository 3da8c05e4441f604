"""The files of csrc/ to compile for the target architecture, and their compiler flags.

csrc/sources.txt lists each C file with the architecture and the compiler flags that it needs. Files
without flags are compiled into the extension. Each kernel with flags for an instruction set is a
small static library, so that its flags do not apply to other files.
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
        path: Path of the C file from the root of the project, with ``/``.
        architecture: `any`, `x86` or `arm64`.
        flags: Flags of GCC and Clang; Visual C++ needs none.
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
    """Return the target architectures as csrc/sources.txt names them; [] for any other.

    macOS may have several at once: those in ARCHFLAGS, otherwise those of this Python. The command
    prompt of Visual C++ sets VSCMD_ARG_TGT_ARCH.
    """
    asked = os.environ.get("ARCHFLAGS") or os.environ.get("VSCMD_ARG_TGT_ARCH")
    target = (asked or sysconfig.get_platform()).lower()
    if target.endswith("universal2"):
        return sorted(_ARCHITECTURES)
    return [name for name, pattern in _ARCHITECTURES.items() if re.search(pattern, target)]


def portable_only() -> bool:
    """Return whether to omit kernels with compiler flags, which fit only one architecture."""
    return len(target_architectures()) > 1


def portable_sources() -> list[str]:
    """Return the C files without compiler flags."""
    return [source.path for source in read_sources() if not source.flags]


def kernel_sources() -> list[Source]:
    """Return the C files with compiler flags for the target architecture."""
    if portable_only():
        return []
    return [s for s in read_sources() if s.flags and s.architecture in target_architectures()]
