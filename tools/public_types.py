"""What users' type checkers make of the public names.

mypy and pyright read a user's program, and pyright says which names in the package have no type
that every checker would agree on. pyright runs on Node; where it cannot be had, that half is
skipped with a word.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SAMPLE = Path("tests/packaging/typed_usage.py")
PYRIGHT = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable]
UNTYPED = ("cosfast.fs.", "cosfast._core")
"""fsspec has no types, nor has what cffi generates: what stands on them is looked at by SAMPLE."""


def main() -> int:
    """Run the checkers; return 1 where one of them objects."""
    failed = run([sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(SAMPLE)])
    if run([*PYRIGHT[:3], "--version"], quiet=True):
        print("SKIPPED: pyright cannot be had here", file=sys.stderr)
        return failed
    failed |= run([*PYRIGHT, str(SAMPLE)], quiet=True)
    untyped = list(unknown_types())
    for line in untyped:
        print(line)
    print(f"public types: {len(untyped)} names without a type that all checkers agree on")
    return failed or bool(untyped)


def run(command: list[str], *, quiet: bool = False) -> bool:
    """Run a command; return whether it failed. Quiet, it is heard only then."""
    done = subprocess.run(command, check=False, capture_output=quiet, text=True)  # noqa: S603 - of our own choice
    if quiet and done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
    return done.returncode != 0


def unknown_types() -> list[str]:
    """Return the exported names whose type is missing or guessed, each with what pyright says."""
    command = [*PYRIGHT[:3], "--ignoreexternal", "--outputjson", "--verifytypes", "cosfast"]
    # pyright asks the `python` on PATH where packages are, and wants to stand in none of them.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(Path.cwd())}
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(  # noqa: S603 - as above
            command, check=False, capture_output=True, text=True, cwd=elsewhere, env=environment
        )
    found = json.loads(done.stdout)["typeCompleteness"]
    if not found["exportedSymbolCounts"]["withKnownType"]:
        return ["pyright does not find the package"]
    return [f"{symbol['name']}: {reason(symbol)}" for symbol in found["symbols"] if lacks(symbol)]


def lacks(symbol: dict[str, Any]) -> bool:
    """Whether it is exported and has no type of its own."""
    certain = symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
    ours = not f"{symbol['name']}.".startswith(UNTYPED)
    return symbol["isExported"] and not certain and ours


def reason(symbol: dict[str, Any]) -> str:
    """Return what pyright says of it in one line."""
    messages = [diagnostic["message"] for diagnostic in symbol["diagnostics"]]
    return " ".join(" ".join(messages or ["its type stands on another's"]).split())


if __name__ == "__main__":
    sys.exit(main())
