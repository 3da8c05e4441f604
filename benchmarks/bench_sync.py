"""`cosfast sync` of many small unchanged files, compared with the first sync."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.claims import Figure
from harness.report import Reading, Report
from harness.servers import BUCKET, environment, running_emulator
from harness.sizes import KIB, Sizes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from harness.files import Files

FILE_SIZE = 4 * KIB
FOLDERS = 100
UNCHANGED = 3  # syncs of the unchanged tree, of which the median counts


class Sync:
    """The command, with its own journal."""

    def __init__(self, endpoint: str, journal: Path) -> None:
        self._environment = environment(COSFAST_ENDPOINT=endpoint, COSFAST_JOURNAL=str(journal))

    def seconds(self, source: str, target: str, *, transfers: int) -> float:
        """Return the duration; check the number of files transferred."""
        began_at = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "cosfast", "sync", "--json", source, target],
            env=self._environment,
            capture_output=True,
            text=True,
            check=True,
        )
        seconds = time.perf_counter() - began_at
        actions = [json.loads(line)["action"] for line in done.stdout.splitlines()]
        assert sum(action in {"upload", "download"} for action in actions) == transfers
        return seconds


@pytest.fixture(scope="module")
def tree(sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a tree of small files, and wait before they are read."""
    root = tmp_path_factory.mktemp("tree")
    for number, path in enumerate(files.many(sizes.tree, FILE_SIZE)):
        folder = root / f"{number % FOLDERS:03}"
        folder.mkdir(exist_ok=True)
        shutil.copyfile(path, folder / path.name)
    time.sleep(3)  # what was written this very moment is not remembered
    return root


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run an emulator."""
    with running_emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address


def test_up(report: Report, sizes: Sizes, tree: Path, endpoint: str, tmp_path: Path) -> None:
    """Sync to the server, each round to another folder and with another journal."""
    ratios = []
    for number in range(sizes.syncs):
        sync = Sync(endpoint, tmp_path / f"{number}.sqlite3")
        target = f"cos://{BUCKET}/up/{number}/"
        first = sync.seconds(str(tree), target, transfers=sizes.tree)
        again = [sync.seconds(str(tree), target, transfers=0) for _ in range(UNCHANGED)]
        ratios.append(first / median(again))
    report.add(Reading(claims.SYNC, Figure(median(ratios), min(ratios), max(ratios)), "up"))


def test_down(report: Report, sizes: Sizes, tree: Path, endpoint: str, tmp_path: Path) -> None:
    """Sync from the server, each round to another folder and with another journal."""
    source = f"cos://{BUCKET}/down/"
    Sync(endpoint, tmp_path / "up.sqlite3").seconds(str(tree), source, transfers=sizes.tree)
    ratios = []
    for number in range(sizes.syncs):
        sync, target = Sync(endpoint, tmp_path / f"{number}.sqlite3"), tmp_path / str(number)
        first = sync.seconds(source, str(target), transfers=sizes.tree)
        again = [sync.seconds(source, str(target), transfers=0) for _ in range(UNCHANGED)]
        ratios.append(first / median(again))
        shutil.rmtree(target)
    report.add(Reading(claims.SYNC, Figure(median(ratios), min(ratios), max(ratios)), "down"))
