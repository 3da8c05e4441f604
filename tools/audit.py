"""Check the dependencies that a user would install today for known vulnerabilities, with pip-audit.

    audit.py FOLDER

Checks the newest versions that cosfast and its extras allow, since these are what version ranges
resolve to. pip-audit is installed in FOLDER, a virtual environment. If its database cannot be
reached, a message says so and the check does not fail.
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
    """Return the requirements of cosfast and its extras on this Python."""
    parsed = [Requirement(text) for text in requires("cosfast") or []]
    wanted = [
        f"{each.name}{each.specifier}"
        for each in parsed
        for extra in EXTRAS
        if each.marker is None or each.marker.evaluate({"extra": extra})
    ]
    return sorted(set(wanted))


def audit(python: Path, wanted: list[str]) -> list[dict[str, Any]]:
    """Return the report of pip-audit on each package that the requirements resolve to."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "requirements.txt")
        file.write_text("\n".join(wanted), "utf-8")
        options = ["--progress-spinner=off", "--format=json", "-r", str(file)]
        done = subprocess.run(  # noqa: S603 - a fixed command
            [str(python), "-m", "pip_audit", *options],
            capture_output=True,
            text=True,
            check=False,
        )
    try:
        answer: dict[str, list[dict[str, Any]]] = json.loads(done.stdout)
    except ValueError:
        print(f"SKIPPED: pip-audit has no report: {done.stderr.strip()[-300:]}", file=sys.stderr)
        return []
    return answer["dependencies"]


def install(folder: Path) -> Path:
    """Install pip-audit if it is missing; return the path of its Python."""
    python = folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*command, "pip-audit>=2.7"], check=True)  # noqa: S603 - as above
    return python


def main() -> int:
    """Print the known vulnerabilities of each package; return 1 if there are any."""
    found = audit(install(Path(sys.argv[1])), requirements())
    checked = [each for each in found if "vulns" in each]
    weak = [each for each in checked if each["vulns"]]
    for each in weak:
        ids = ", ".join(weakness["id"] for weakness in each["vulns"])
        print(f"{each['name']} {each['version']}: {ids}", file=sys.stderr)
    if len(checked) < len(found):
        names = ", ".join(each["name"] for each in found if "vulns" not in each)
        print(f"SKIPPED: pip-audit cannot reach its database for {names}", file=sys.stderr)
    print(f"{len(checked)} packages audited, {len(weak)} with known vulnerabilities")
    return 1 if weak else 0


if __name__ == "__main__":
    sys.exit(main())
