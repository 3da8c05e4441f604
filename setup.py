"""Builds the C core and its binding; everything else about the package is in pyproject.toml.

csrc/sources.txt lists each C file with the architecture and the compiler flags it needs. Files
without flags of their own go into the extension; each kernel that needs an instruction set is a
small static library, so that its flags reach no other file.
"""

from __future__ import annotations

import os
import platform
import re
import sys
import sysconfig
from pathlib import Path

from setuptools import find_packages, setup

CSRC = "csrc"
MSVC = sys.platform == "win32"
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))


def target_architecture() -> str:
    """Return the architecture that is compiled for, in the words of csrc/sources.txt."""
    target = os.environ.get("ARCHFLAGS") or sysconfig.get_platform()
    if "universal2" in target:
        target = platform.machine()
    if re.search(r"x86_64|amd64|win32|i[3-6]86", target):
        return "x86"
    if re.search(r"aarch64|arm64", target):
        return "arm64"
    return "other"


def kernel_libraries() -> list[tuple[str, dict[str, list[str]]]]:
    """Return a `build_clib` library for each source that this target compiles with flags."""
    libraries = []
    for line in Path(CSRC, "sources.txt").read_text("utf-8").splitlines():
        source, architecture, *flags = line.partition("#")[0].split() or ["", ""]
        if not flags or architecture != target_architecture():
            continue
        name = "cosfast_" + Path(source).stem
        options = {
            "sources": [f"{CSRC}/{source}"],
            "include_dirs": [CSRC],
            "cflags": [] if MSVC else ["-std=c11", "-O3", *flags],
        }
        libraries.append((name, options))
    return libraries


setup(
    packages=find_packages(include=["cosfast", "cosfast.*"]),
    package_data={"cosfast": ["py.typed"]},
    cffi_modules=["src/build_core.py:ffibuilder"],
    libraries=kernel_libraries(),
    options={} if FREE_THREADED else {"bdist_wheel": {"py_limited_api": "cp39"}},
)
