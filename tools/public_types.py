"""Check the types of the public names with mypy and pyright.

Both check a sample program, and pyright lists names in the package whose type is missing or
ambiguous. pyright runs on Node; if it is not available, its checks are skipped with a message.
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
"""Names built on fsspec and cffi, which have no types; only SAMPLE checks these."""


def main() -> int:
    """Run the checkers; return 1 if one of them reports an error."""
    failed = run([sys.executable, "-m", "mypy", "--strict", "--no-error-summary", str(SAMPLE)])
    if run([*PYRIGHT[:3], "--version"], quiet=True):
        print("SKIPPED: pyright is not available: install it and Node", file=sys.stderr)
        return failed
    failed |= run([*PYRIGHT, str(SAMPLE)], quiet=True)
    untyped = list(unknown_types())
    for line in untyped:
        print(line)
    print(f"public types: {len(untyped)} names with a missing or ambiguous type")
    return failed or bool(untyped)


def run(command: list[str], *, quiet: bool = False) -> bool:
    """Run a command; return whether it failed. If `quiet`, print its output only then."""
    done = subprocess.run(command, check=False, capture_output=quiet, text=True)  # noqa: S603 - a fixed command
    if quiet and done.returncode:
        print(done.stdout, done.stderr, file=sys.stderr)
    return done.returncode != 0


def unknown_types() -> list[str]:
    """Return the exported names whose type is missing or ambiguous, with pyright's messages."""
    command = [*PYRIGHT[:3], "--ignoreexternal", "--outputjson", "--verifytypes", "cosfast"]
    # pyright asks the `python` on PATH for packages, and must run outside of the package's folder.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(Path.cwd())}
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(  # noqa: S603 - as above
            command, check=False, capture_output=True, text=True, cwd=elsewhere, env=environment
        )
    found = json.loads(done.stdout)["typeCompleteness"]
    if not found["exportedSymbolCounts"]["withKnownType"]:
        return ["pyright does not find the package cosfast: check PYTHONPATH"]
    return [f"{symbol['name']}: {reason(symbol)}" for symbol in found["symbols"] if lacks(symbol)]


def lacks(symbol: dict[str, Any]) -> bool:
    """Return whether a symbol is exported and its type is missing or ambiguous."""
    certain = symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]
    ours = not f"{symbol['name']}.".startswith(UNTYPED)
    return symbol["isExported"] and not certain and ours


def reason(symbol: dict[str, Any]) -> str:
    """Return pyright's messages about a symbol in one line."""
    messages = [diagnostic["message"] for diagnostic in symbol["diagnostics"]]
    return " ".join(" ".join(messages or ["its type depends on another one"]).split())


if __name__ == "__main__":
    sys.exit(main())
