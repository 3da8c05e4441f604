"""Builds the C core and its binding; everything else about the package is in pyproject.toml."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

from setuptools import setup

sys.path.insert(0, str(Path(__file__).parent / "src"))

from core_sources import CSRC, MSVC, Source, kernel_sources

DEBUG = hasattr(sys, "gettotalrefcount")
FREE_THREADED = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
# One wheel for all later Pythons, except builds without a stable ABI.
WHEEL_OPTIONS = {} if DEBUG or FREE_THREADED else {"py_limited_api": "cp311"}


def kernel_library(source: Source) -> tuple[str, dict[str, list[str]]]:
    """Return `build_clib`'s description of one kernel as a static library."""
    options = {
        "sources": [source.path],
        "include_dirs": [CSRC],
        "cflags": [] if MSVC else ["-std=c11", "-O3", *source.flags],
    }
    return "cosfast_" + Path(source.path).stem, options


setup(
    cffi_modules=["src/build_core.py:ffibuilder"],
    libraries=[kernel_library(source) for source in kernel_sources()],
    options={"bdist_wheel": WHEEL_OPTIONS},
)
