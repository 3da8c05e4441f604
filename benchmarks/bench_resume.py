"""Resume after a kill: time to the first slice, and number of slices sent again."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from statistics import median
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.claims import Figure
from harness.report import Reading, Report
from harness.servers import BUCKET, SinkServer, connect, environment, running_sink
from harness.sizes import MIB, Sizes

import cosfast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from harness.files import Files

AT_A_TIME = 8
ROUNDS = 7
HALF_RATE = 400 * MIB  # bytes a second: the half does not become the whole before the kill
RATE = 192 * MIB  # slow enough that slices are under way at any instant
RESUME_RATE = 64 * MIB  # slow enough that there is much left to resume; the first bytes never wait
PATIENCE = 60.0  # seconds


class Interrupted:
    """An upload that was killed after half of its slices, with its journal."""

    def __init__(self, path: Path, journal: Path, sink: SinkServer) -> None:
        self._path = path
        self._journal = journal
        self._sink = sink

    @contextmanager
    def command(self, *options: str) -> Iterator[subprocess.Popen[bytes]]:
        """Run `cosfast upload`, and kill it when the block ends."""
        arguments = ["upload", str(self._path), f"cos://{BUCKET}/{self._path.name}"]
        with subprocess.Popen(
            [sys.executable, "-m", "cosfast", *arguments, *options],
            env=environment(
                COSFAST_ENDPOINT=self._sink.endpoint, COSFAST_JOURNAL=str(self._journal)
            ),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def leave_half(self, slices: int) -> None:
        """Start an upload and kill it when half of the slices have arrived."""
        with self.command("--max-rate", str(HALF_RATE)) as process:
            wait_until(lambda: self._sink.watch().held >= slices // 2, process)

    def resume_by_command(self) -> float:
        """Return the seconds from the start of the command to its first slice byte."""
        held, start = self._sink.watch().held, time.monotonic()
        with self.command("--max-rate", str(RESUME_RATE)) as process:
            wait_until(lambda: self._sink.watch().held > held, process)
        return self._first_slice_at() - start

    def resume_in_process(self) -> float:
        """Return the same for `Client.upload`, in a process that has imported cosfast."""
        token = cosfast.CancelToken()
        calls: list[int] = []

        def stop_at_first_slice(count: int) -> None:
            calls.append(count)  # the first are those that the server has
            if len(calls) > 1:
                token.cancel()

        with connect(self._sink.endpoint, cosfast.Journal(self._journal)) as client:
            start = time.monotonic()
            with suppress(cosfast.Cancelled):
                client.upload(
                    self._path,
                    BUCKET,
                    self._path.name,
                    concurrency=AT_A_TIME,
                    max_rate=RESUME_RATE,
                    progress=stop_at_first_slice,
                    cancel=token,
                )
        assert len(calls) > 1
        assert calls[0] >= self._path.stat().st_size // 2, "it began anew"
        return self._first_slice_at() - start

    def _first_slice_at(self) -> float:
        seen = self._sink.watch().first_slice_at
        assert seen is not None
        return seen


def wait_until(happened: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    """Wait for a condition while a process runs."""
    ends = time.monotonic() + PATIENCE
    while not happened():
        assert process.poll() is None, f"it ended: {process.stderr and process.stderr.read()!r}"
        assert time.monotonic() < ends, "it takes too long"
        time.sleep(0.002)


@pytest.fixture(scope="module")
def interrupted(
    sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Interrupted]:
    """Leave half of a large upload."""
    path = files.sparse(sizes.resumed)
    time.sleep(0.2)  # a file that was written this very moment is not remembered
    journal = tmp_path_factory.mktemp("journal") / "cosfast-journal.sqlite3"
    with running_sink() as sink:
        upload = Interrupted(path, journal, sink)
        upload.leave_half(sizes.resumed // MIB)
        yield upload


@pytest.mark.parametrize("how", ["by_command", "in_process"])
def test_first_slice(report: Report, interrupted: Interrupted, how: str) -> None:
    """Resume an upload repeatedly, each time until a few more slices have arrived."""
    resume = getattr(interrupted, f"resume_{how}")
    resume()
    seconds = [resume() for _ in range(ROUNDS)]
    figure = Figure(median(seconds), min(seconds), max(seconds))
    subjects = {"by_command": "cosfast upload, from its start", "in_process": "Client.upload"}
    report.add(Reading(claims.FIRST_SLICE, figure, subjects[how]))


def test_sent_again(report: Report, sizes: Sizes, files: Files, tmp_path: Path) -> None:
    """Kill the command at random instants, run it again, and count the slices sent again."""
    path = files.single(sizes.upload)
    instants = random.Random(4)
    options = ["--concurrency", str(AT_A_TIME), "--max-rate", str(RATE)]
    wasted = []
    for number in range(sizes.kills):
        with running_sink() as sink:
            upload = Interrupted(path, tmp_path / f"{number}.sqlite3", sink)
            with upload.command(*options) as process:
                wait_until(lambda: sink.watch().first_slice_at is not None, process)
                time.sleep(instants.uniform(0, sizes.upload / RATE))
            with upload.command(*options) as process:
                assert process.wait(PATIENCE) == 0, process.stderr and process.stderr.read()
            wasted.append(sink.watch().wasted_bytes / MIB)
    report.add(Reading(claims.SENT_AGAIN, Figure(max(wasted), min(wasted), max(wasted))))
