"""`import cosfast` in a fresh interpreter, above the interpreter itself and cffi's backend."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.errors import UnavailableError
from harness.race import OURS, PEER, Contender, Race, Work
from harness.servers import environment

if TYPE_CHECKING:
    from conftest import Measure

BACKEND = "import _cffi_backend"


# cosfast's names load when they are first used: what is timed is an import that can hash.
USE = {"cosfast": "; cosfast.sha1; cosfast.uploadparts; cosfast.verify"}


def fresh_import(module: str, role: str = PEER) -> Contender:
    """Return a contender that starts an interpreter which imports `module` and ends."""

    def run(work: Work) -> int:
        if find_spec(module) is None:
            raise UnavailableError(f"not installed: pip install {module}")
        command = [sys.executable, "-c", f"import {module}{USE.get(module, '')}"]
        return subprocess.run(command, env=work.data, check=True).returncode

    return Contender(f"import {module}", run, role)


RACE = Race(
    "import",
    BACKEND,
    (
        fresh_import("cosfast", OURS),
        fresh_import("_cffi_backend"),
        fresh_import("hashlib"),
        fresh_import("rehashes"),
        fresh_import("sys"),
    ),
    {"import cosfast": claims.IMPORT},
    rounds=31,
    comparison=claims.LONGER,
)


@pytest.fixture(scope="module")
def work() -> Work:
    """Return an environment that imports the same cosfast as the rest of the run."""
    return Work("in a fresh interpreter", environment(), 0)


@pytest.mark.parametrize("name", RACE.names)
def test_import(measure: Measure, work: Work, name: str) -> None:
    """Start an interpreter and import one module."""
    measure(RACE, work, name)
