"""Peak memory of a process above that of the interpreter, for files of any size."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest
from harness import claims, peak_memory
from harness.claims import Figure
from harness.report import Reading, Report
from harness.servers import environment
from harness.sizes import MIB, Sizes, spell_size
from peers import standard_library

import cosfast

if TYPE_CHECKING:
    from harness.files import Files

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak"
)

PROGRAM = Path(peak_memory.__file__)
RUNS = 3


def run(operation: str, *paths: Path) -> tuple[float, str]:
    """Return the peak of a process that does `operation`, in MiB, and its output."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), operation, *map(str, paths)],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    kib, _, answer = done.stdout.partition(" ")
    return int(kib) / 1024, answer


def above_interpreter(operation: str, expected: str, *paths: Path) -> Figure:
    """Return the memory that `operation` takes above an interpreter that does nothing."""
    baseline = median(run("nothing")[0] for _ in range(RUNS))
    peaks = []
    for _ in range(RUNS):
        peak, answer = run(operation, *paths)
        assert answer == expected
        peaks.append(peak - baseline)
    return Figure(median(peaks), min(peaks), max(peaks))


@pytest.fixture(scope="module", params=["plain", "sparse"])
def file(request: pytest.FixtureRequest, sizes: Sizes, files: Files) -> tuple[str, Path]:
    """Make a file; return its name in the report, and its path."""
    if request.param == "plain":
        return spell_size(sizes.file), files.single(sizes.file)
    return f"{spell_size(sizes.sparse)} sparse", files.sparse(sizes.sparse)


@pytest.fixture(scope="module")
def sha1(file: tuple[str, Path]) -> str:
    """Return the SHA-1 of a file, computed with hashlib."""
    return standard_library.sha1_of(file[1])


@pytest.mark.parametrize("operation", ["uploadparts", "uploadparts_many"])
def test_making_a_list(report: Report, file: tuple[str, Path], sha1: str, operation: str) -> None:
    """Make one file's list."""
    name, path = file
    figure = above_interpreter(operation, sha1, path)
    report.add(Reading(claims.MEMORY, figure, f"{operation}, {name}"))


def test_verify(report: Report, file: tuple[str, Path], sha1: str, tmp_path: Path) -> None:
    """Check one file."""
    name, path = file
    parts = cosfast.uploadparts(path)
    assert parts.sha1 == sha1
    stored = tmp_path / "parts.json"
    stored.write_text(parts.to_json(), "ascii")
    figure = above_interpreter("verify", "[]", path, stored)
    report.add(Reading(claims.MEMORY, figure, f"verify, {name}"))


def test_many_files(report: Report, sizes: Sizes, files: Files) -> None:
    """Make the lists of many files."""
    paths = files.many(sizes.files_1_mib, MIB)
    figure = above_interpreter("uploadparts_many", str(len(paths)), *paths)
    report.add(Reading(claims.MEMORY, figure, f"uploadparts_many, {len(paths):,} x 1 MiB"))
