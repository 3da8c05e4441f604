"""Shared libraries compiled on demand for this machine."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from harness.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence


def shared_library(sources: Sequence[Path], libraries: Sequence[str] = ()) -> ctypes.CDLL:
    """Compile `sources`, link them with `libraries`, and load the result.

    Raises:
        UnavailableError: If there is no C compiler, or compilation fails.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        raise UnavailableError("no C compiler: install `cc`")
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "library.so")
        options = ["-O3", "-march=native", "-shared", "-fPIC", "-o", str(target)]
        links = [f"-l{name}" for name in libraries]
        done = subprocess.run(
            [compiler, *options, *map(str, sources), *links],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            names = ", ".join(path.name for path in sources)
            raise UnavailableError(f"{names} does not compile: {_first_error(done.stderr)}")
        return ctypes.CDLL(str(target))


def _first_error(output: str) -> str:
    errors = (line for line in output.splitlines() if "error" in line)
    return next(errors, "no reason given").rpartition("error: ")[2]
