"""Peak memory of a process that uploads or lists, above that of an idle client."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest
from harness import claims, peak_memory
from harness.claims import Figure
from harness.report import Reading, Report
from harness.servers import environment, running_sink
from harness.sizes import Sizes, spell_size

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.files import Files
    from harness.servers import SinkServer

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak"
)

PROGRAM = Path(peak_memory.__file__)
RUNS = 3
UPLOADS = 1  # each takes its time, and their peaks differ by 0.2 MiB


@pytest.fixture(scope="module")
def file(sizes: Sizes, files: Files) -> tuple[Path, str]:
    """Make a sparse file; return it and its SHA-1."""
    path = files.sparse(sizes.sparse)
    return path, cosfast.uploadparts(path).sha1


@pytest.fixture(scope="module")
def sink(file: tuple[Path, str]) -> Iterator[SinkServer]:
    """Run a sink that says it has the file."""
    with running_sink(sha1=file[1]) as server:
        yield server


@pytest.mark.parametrize("integrity", ["none", "stream", "parts"])
def test_memory(
    report: Report, sizes: Sizes, file: tuple[Path, str], sink: SinkServer, integrity: str
) -> None:
    """Upload a file in a separate process."""
    path, sha1 = file
    baseline = idle(sink)
    peaks = []
    for _ in range(UPLOADS):
        peak, answer = run("upload", sink.endpoint, str(path), integrity)
        assert answer == ("" if integrity == "none" else sha1)
        peaks.append(peak - baseline)
    figure = Figure(median(peaks), min(peaks), max(peaks))
    subject = f"integrity={integrity}, {spell_size(sizes.sparse)}"
    report.add(Reading(claims.UPLOAD_MEMORY, figure, subject))


def test_listing(report: Report, sizes: Sizes) -> None:
    """List a long folder in a separate process."""
    with running_sink(entries=sizes.entries) as sink:
        baseline = idle(sink)
        peaks = []
        for _ in range(RUNS):
            peak, answer = run("list_folder", sink.endpoint)
            assert answer == str(sizes.entries)
            peaks.append(peak - baseline)
    report.add(Reading(claims.LIST_MEMORY, Figure(median(peaks), min(peaks), max(peaks))))


def idle(sink: SinkServer) -> float:
    """Return the peak of a client that does nothing, in MiB."""
    return median(run("idle_client", sink.endpoint)[0] for _ in range(RUNS))


def run(operation: str, *arguments: str) -> tuple[float, str]:
    """Return the peak of a process that does `operation`, in MiB, and its output."""
    env = environment()
    env["PYTHONPATH"] = os.pathsep.join([env["PYTHONPATH"], str(PROGRAM.parents[1])])
    done = subprocess.run(
        [sys.executable, str(PROGRAM), operation, *arguments],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    kib, _, answer = done.stdout.partition(" ")
    return int(kib) / 1024, answer
