"""Asks pip-audit whether what a user would install today has known weaknesses.

    audit.py FOLDER

The newest versions that cosfast and its extras allow are looked up, so a range is only as good as
what it resolves to. pip-audit lives in FOLDER, a virtual environment of its own. Where its database
cannot be reached, that is said and no failure.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
from importlib.metadata import requires
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

EXTRAS = ("", "cli", "emulator", "fsspec", "dask")


def requirements() -> list[str]:
    """Return what cosfast and its extras require on this Python."""
    parsed = [Requirement(text) for text in requires("cosfast") or []]
    wanted = [
        f"{each.name}{each.specifier}"
        for each in parsed
        for extra in EXTRAS
        if each.marker is None or each.marker.evaluate({"extra": extra})
    ]
    return sorted(set(wanted))


def audit(python: Path, wanted: list[str]) -> list[dict[str, Any]]:
    """Return what pip-audit says of each package that these resolve to."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text("\n".join(wanted), "utf-8")
        options = ["--progress-spinner=off", "--format=json", "-r", str(file)]
        done = subprocess.run(  # noqa: S603 - a program of our own choice
            [str(python), "-m", "pip_audit", *options],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        answer: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    except ValueError:
        print(f"SKIPPED: pip-audit did not answer: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return []
    return answer["dependencies"]


def install(folder: Path) -> Path:
    """Install pip-audit, unless it is there; return its Python."""
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "pip-audit>=2.7"], check=True)  # noqa: S603 - as above
    return python


def main() -> int:
    """Print what is known of each package that has a weakness; return 1 where there is one."""
    found = audit(install(Path(sys.argv[1])), requirements())
    checked = [each for each in found if "vulns" in each]
    weak = [each for each in checked if each["vulns"]]
    for each in weak:
        ids = ", ".join(weakness["id"] for weakness in each["vulns"])
        print(f"{each['name']} {each['version']}: {ids}", file=sys.stderr)
    if len(checked) < len(found):
        names = ", ".join(each["name"] for each in found if "vulns" not in each)
        print(f"SKIPPED: pip-audit's database was not reached for {names}", file=sys.stderr)
    print(f"{len(checked)} packages audited, {len(weak)} with known weaknesses")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
