"""PDS: the parts alone beside COS's slices, memory, and the time to the first part of a resume."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest
from bench_client_memory import RUNS, run
from harness import claims
from harness.claims import Figure
from harness.race import OURS, Contender, Race, Work
from harness.report import Reading, Report
from harness.servers import BUCKET, connect, connect_pds, running_pds_sink, running_sink
from harness.sizes import MIB, Sizes, spell_size

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Measure
    from harness.files import Files
    from harness.servers import SinkServer

    from cosfast import pds

CONNECTIONS = 8
PART_SIZE = 16 * MIB
ROUNDS = 7
OURS_PDS = "cosfast, PDS, list known"
OURS_COS = "cosfast, COS, integrity=none"


class ToSinks:
    """A file whose list is in the journal, and two servers that it goes to."""

    def __init__(self, path: Path, to_pds: pds.Client, to_cos: cosfast.Client) -> None:
        self._path = path
        self._pds = to_pds
        self._cos = to_cos

    def parts(self) -> int:
        """Upload it to PDS; return its bytes."""
        return self._pds.upload(self._path, part_size=PART_SIZE, concurrency=CONNECTIONS).sent_bytes

    def slices(self) -> int:
        """Upload it to COS; return its bytes."""
        return self._cos.upload(
            self._path, BUCKET, "/file", integrity="none", concurrency=CONNECTIONS
        ).sent_bytes


RACE = Race(
    "PDS",
    OURS_COS,
    (
        Contender(OURS_PDS, lambda work: work.data.parts(), OURS),
        Contender(OURS_COS, lambda work: work.data.slices()),
    ),
    {OURS_PDS: claims.PDS_PARTS},
    rounds=15,
)


@pytest.fixture(scope="module")
def work(sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Run both sinks, and have the file hashed."""
    path = files.single(sizes.slices)
    journal = cosfast.Journal(tmp_path_factory.mktemp("journal") / "journal.sqlite3")
    time.sleep(0.2)  # a file that was written this very moment is not remembered
    with (
        running_pds_sink() as pds_sink,
        running_sink() as cos_sink,
        connect_pds(pds_sink.endpoint, journal) as to_pds,
        connect(cos_sink.endpoint) as to_cos,
    ):
        title = f"{spell_size(sizes.slices)}, {CONNECTIONS} connections, PDS beside COS"
        sinks = ToSinks(path, to_pds, to_cos)
        sinks.parts()
        yield Work(title, sinks, sizes.slices, sizes.slices)


@pytest.mark.parametrize("name", RACE.names)
def test_parts(measure: Measure, work: Work, name: str) -> None:
    """Send one file."""
    measure(RACE, work, name)


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak"
)
def test_memory(report: Report, sizes: Sizes, files: Files) -> None:
    """Upload a sparse file in a process of its own, 5 parts of 50 MiB at once."""
    path = files.sparse(sizes.sparse)
    with running_pds_sink() as sink:
        baseline = median(run("idle_pds_client", sink.endpoint)[0] for _ in range(RUNS))
        peak, answer = run("pds_upload", sink.endpoint, str(path))
    assert answer == cosfast.uploadparts(path).sha1
    above = peak - baseline
    report.add(Reading(claims.PDS_MEMORY, Figure(above, above, above), spell_size(sizes.sparse)))


@pytest.fixture
def sink() -> Iterator[SinkServer]:
    """Run a sink of its own."""
    with running_pds_sink() as running:
        yield running


def test_first_part(
    report: Report, sizes: Sizes, files: Files, tmp_path: Path, sink: SinkServer
) -> None:
    """Resume half of a large file again and again, each time until the first part byte."""
    path = files.sparse(sizes.resumed)
    time.sleep(0.2)  # a file that was written this very moment is not remembered
    journal = cosfast.Journal(tmp_path / "journal.sqlite3")
    seconds = []
    with connect_pds(sink.endpoint, journal) as client:
        _upload_until(client, path, sizes.resumed // 2, None)
        for _ in range(ROUNDS + 1):
            start = time.monotonic()
            _upload_until(client, path, 1, 64 * MIB)
            seen = sink.watch().first_slice_at
            assert seen is not None
            seconds.append(seen - start)
    del seconds[0]
    figure = Figure(median(seconds), min(seconds), max(seconds))
    report.add(Reading(claims.PDS_FIRST_PART, figure))


def _upload_until(client: pds.Client, path: Path, count: int, max_rate: int | None) -> None:
    """Upload until so many bytes are acknowledged beside those that were there, or sent."""
    token = cosfast.CancelToken()
    sent = 0

    def progress(number: int) -> None:
        nonlocal sent
        sent += number
        if sent >= count:
            token.cancel()

    with suppress(cosfast.Cancelled, cosfast.DeadlineExceeded):
        client.upload(
            path,
            part_size=PART_SIZE,
            concurrency=1,
            progress=progress if max_rate is None else None,
            max_rate=max_rate,
            deadline=None if max_rate is None else 1.0,
            cancel=token,
        )
