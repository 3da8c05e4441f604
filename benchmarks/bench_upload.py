"""Complete uploads, hashed and checked: to the emulator, and to a server with slow responses."""

from __future__ import annotations

import time
from itertools import count
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.race import LIMIT, OURS, Contender, Race, Work
from harness.servers import BUCKET, connect, running_emulator, running_sink
from harness.sizes import Sizes, spell_size
from peers import pure_python

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Measure
    from harness.files import Files

    from cosfast.cosv4 import UploadResult

SLICE = cosfast.SLICE_SIZE
DELAY = 0.1  # seconds
AT_A_TIME = 16
NUMBERS = count()


def is_sent(result: UploadResult, work: Work) -> bool:
    """Check that every byte was sent and none was resumed."""
    return not result.instant and result.sent_bytes == work.size


class ToEmulator:
    """Uploads a file whose last slice differs each time, so that no upload is instant."""

    def __init__(self, path: Path, endpoint: str) -> None:
        self._path = path
        self._client = connect(endpoint)

    def upload(self) -> UploadResult:
        """Upload the file over the one before."""
        with self._path.open("r+b") as file:
            file.seek(-16, 2)
            file.write(b"%016d" % next(NUMBERS))
        return self._client.upload(self._path, BUCKET, "/file.bin", overwrite=True)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def emulator_race(share: float, slices: int) -> Race:
    """Return the race, in which pure Python hashes only the first `slices`."""
    return Race(
        "upload",
        "pure Python, hashing alone",
        (
            Contender("cosfast, integrity=parts", lambda work: work.data.upload(), OURS, is_sent),
            Contender(
                "pure Python, hashing alone",
                lambda work: pure_python.first_datashas(work.expected[0], SLICE, slices),
                check=lambda result, work: result == work.expected[1][:slices],
                share=share,
            ),
        ),
        {"cosfast, integrity=parts": claims.EMULATOR},
        rounds=7,
    )


@pytest.fixture(scope="module")
def to_emulator(
    sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Race, Work]]:
    """Run an emulator; return the race against it and its work."""
    path = tmp_path_factory.mktemp("changing") / "file.bin"
    path.write_bytes(files.single(sizes.upload).read_bytes())
    with running_emulator(tmp_path_factory.mktemp("emulator")) as endpoint:
        sender = ToEmulator(path, endpoint)
        work = Work(
            f"{spell_size(sizes.upload)} to the emulator",
            sender,
            (path, cosfast.uploadparts(path).datashas),
            sizes.upload,
        )
        share = sizes.pure_python_share
        yield emulator_race(share / sizes.upload, share // SLICE), work
        sender.close()


@pytest.mark.parametrize("name", emulator_race(1, 1).names)
def test_emulator(measure: Measure, to_emulator: tuple[Race, Work], name: str) -> None:
    """Upload to the emulator."""
    measure(*to_emulator, name)


def late(integrity: str) -> Contender:
    """Return an upload with one kind of integrity."""

    def run(work: Work) -> UploadResult:
        client, path = work.data
        result: UploadResult = client.upload(
            path, BUCKET, "/file.bin", integrity=integrity, concurrency=AT_A_TIME
        )
        return result

    return Contender(f"cosfast, integrity={integrity}", run, OURS, is_sent)


def wait_for_rounds(work: Work) -> int:
    """Wait for the latency of init, of the slices in batches, and of finish."""
    rounds = 2 - (-work.size // (SLICE * AT_A_TIME))
    for _ in range(rounds):
        time.sleep(DELAY)
    return work.size


LATE = Race(
    "upload",
    "rounds x latency",
    (
        late("parts"),
        late("none"),
        Contender(
            "rounds x latency", wait_for_rounds, LIMIT, lambda result, work: result == work.size
        ),
    ),
    {"cosfast, integrity=parts": claims.ROUND_TRIPS},
    rounds=7,
    comparison=claims.SHARE,
)


@pytest.fixture(scope="module")
def late_answers(sizes: Sizes, files: Files) -> Iterator[Work]:
    """Run a sink with delayed responses."""
    path = files.single(sizes.upload)
    with running_sink(delay=DELAY) as sink, connect(sink.endpoint) as client:
        title = f"{spell_size(sizes.upload)}, every answer {DELAY * 1e3:.0f} ms late"
        yield Work(title, (client, path), None, sizes.upload)


@pytest.mark.parametrize("name", LATE.names)
def test_late_answers(measure: Measure, late_answers: Work, name: str) -> None:
    """Upload to a server with slow responses."""
    measure(LATE, late_answers, name)
