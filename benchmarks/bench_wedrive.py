"""WeDrive: a whole upload to the emulator, blocks alone into a sink, memory, calls of a resume."""

from __future__ import annotations

import time
from itertools import count
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import pytest
from bench_client_memory import RUNS, run
from harness import claims
from harness.claims import SHARE, Figure
from harness.race import LIMIT, OURS, Contender, Race, Work
from harness.report import Reading, Report
from harness.servers import connect_drive, running_emulator, running_wedrive_sink
from harness.sizes import Sizes, spell_size
from harness.wedrive_sink import BLOCK
from peers import block_senders, pure_python

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conftest import Measure
    from harness.files import Files

    from cosfast.wedrive import Client, UploadResult

SPACE = "s.1"
CONNECTIONS = 8
AT_ONCE = 10
SETTLED = 0.3  # seconds after which the journal takes the list of a file
NUMBERS = count()
PURE = "pure Python, hashing alone"
BARE = "bare sockets, encoded beforehand"


def is_sent(result: UploadResult, work: Work) -> bool:
    """Check that every byte was sent, and none was there before."""
    return not result.instant and result.sent_bytes == work.size


class Changing:
    """Uploads a file whose last block is another each time, since the server knows the others."""

    def __init__(self, path: Path, client: Client) -> None:
        self._path = path
        self._client = client

    def upload(self) -> UploadResult:
        """Upload it."""
        with self._path.open("r+b") as file:
            file.seek(-16, 2)
            file.write(b"%016d" % next(NUMBERS))
        return self._client.upload(self._path, spaceid=SPACE)


def emulator_race(share: float, blocks: int) -> Race:
    """Return the race, in which pure Python hashes the first `blocks` alone."""
    return Race(
        "wedrive",
        PURE,
        (
            Contender("cosfast", lambda work: work.data.upload(), OURS, is_sent),
            Contender(
                PURE,
                lambda work: pure_python.first_datashas(work.expected[0], BLOCK, blocks),
                check=lambda result, work: result == work.expected[1][:blocks],
                share=share,
            ),
        ),
        {"cosfast": claims.WEDRIVE_EMULATOR},
        rounds=7,
    )


@pytest.fixture(scope="module")
def to_emulator(
    sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Race, Work]]:
    """Run an emulator; return the race against it and its work."""
    path = tmp_path_factory.mktemp("changing") / "file.bin"
    path.write_bytes(files.single(sizes.upload).read_bytes())
    share = max(sizes.pure_python_share, BLOCK)
    with (
        running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint,
        connect_drive(endpoint) as client,
    ):
        work = Work(
            f"{spell_size(sizes.upload)} to the emulator",
            Changing(path, client),
            (path, cosfast.uploadparts(path, slice_size=BLOCK).datashas),
            sizes.upload,
        )
        yield emulator_race(share / sizes.upload, share // BLOCK), work


@pytest.mark.parametrize("name", emulator_race(1, 1).names)
def test_emulator(measure: Measure, to_emulator: tuple[Race, Work], name: str) -> None:
    """Upload to the emulator."""
    measure(*to_emulator, name)


class ToSink:
    """A file whose list is in the journal, and its blocks encoded."""

    def __init__(self, path: Path, endpoint: str, client: Client) -> None:
        self._path = path
        self._endpoint = endpoint
        self._client = client
        self._blocks = block_senders.encoded_blocks(path)

    def upload(self) -> str:
        """Upload it by cosfast; return the fileid."""
        return self._client.upload(self._path, spaceid=SPACE, concurrency=CONNECTIONS).fileid

    def send(self) -> str:
        """Send the blocks by bare sockets; return the fileid."""
        return block_senders.send_blocks(self._endpoint, self._blocks, CONNECTIONS)


BLOCKS = Race(
    "wedrive",
    BARE,
    (
        Contender("cosfast, list in the journal", lambda work: work.data.upload(), OURS),
        Contender(BARE, lambda work: work.data.send(), LIMIT),
    ),
    {"cosfast, list in the journal": claims.WEDRIVE_BLOCKS},
    rounds=15,
    comparison=SHARE,
)


@pytest.fixture(scope="module")
def to_sink(sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Run a sink, which refuses to finish what has not all arrived."""
    path = files.single(sizes.upload)
    time.sleep(SETTLED)
    journal = cosfast.Journal(tmp_path_factory.mktemp("journal") / "journal.sqlite3")
    with running_wedrive_sink() as endpoint, connect_drive(endpoint, "t", journal) as client:
        sender = ToSink(path, endpoint, client)
        title = f"{spell_size(sizes.upload)} in blocks, {CONNECTIONS} connections"
        yield Work(title, sender, sender.upload(), sizes.upload)


@pytest.mark.parametrize("name", BLOCKS.names)
def test_blocks(measure: Measure, to_sink: Work, name: str) -> None:
    """Send one file."""
    measure(BLOCKS, to_sink, name)


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="only Linux tells a process's own peak"
)
def test_memory(report: Report, sizes: Sizes, files: Files) -> None:
    """Upload a sparse file in a process of its own."""
    path = files.sparse(sizes.sparse)
    with running_wedrive_sink() as endpoint:
        idle = median(run("idle_drive", endpoint)[0] for _ in range(RUNS))
        peak, _ = run("upload_to_drive", endpoint, str(path), str(AT_ONCE))
    used = peak - idle
    report.add(Reading(claims.WEDRIVE_MEMORY, Figure(used, used, used), spell_size(sizes.sparse)))


def test_calls_of_a_resume(report: Report, sizes: Sizes, files: Files, tmp_path: Path) -> None:
    """Cancel an upload half-way, resume it, and count the calls beyond one for each block."""
    path = files.single(sizes.upload)
    time.sleep(SETTLED)
    cancel = cosfast.CancelToken()
    done = []

    def stop(size: int) -> None:
        done.append(size)
        if sum(done) >= sizes.upload // 2:
            cancel.cancel()

    with running_wedrive_sink() as endpoint:
        journal = cosfast.Journal(tmp_path / "journal.sqlite3")
        with connect_drive(endpoint, "t", journal) as client:
            with pytest.raises(cosfast.Cancelled):
                client.upload(path, spaceid=SPACE, progress=stop, cancel=cancel)
            result = client.upload(path, spaceid=SPACE)
    assert result.resumed_bytes >= sizes.upload // 2
    extra = result.calls - -(-result.sent_bytes // BLOCK)
    report.add(Reading(claims.WEDRIVE_CALLS, Figure(extra, extra, extra)))
