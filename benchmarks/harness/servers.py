"""The servers that uploads are measured against, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from harness import receiver as receiver_program
from harness import sink as sink_program

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterator

CREDENTIALS = cosfast.Credentials("1250000000", "id-for-benchmarks", "key-for-benchmarks")
BUCKET = "bucket"
ROOT = Path(cosfast.__file__).parents[1]


def environment(**more: str) -> dict[str, str]:
    """Return what a process needs to be of this very cosfast and of the benchmarks' account.

    Modules are compiled once, as users have it, whatever the caller's own process does.
    """
    inherited = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **inherited,
        "PYTHONPATH": str(ROOT),
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": CREDENTIALS.secret_key,
        **more,
    }


def connect(endpoint: str, journal: cosfast.Journal | None = None) -> cosfast.Client:
    """Return a client of a server here; by default one that remembers nothing."""
    return cosfast.Client(CREDENTIALS, endpoint=endpoint, journal=journal)


@dataclass(frozen=True)
class Seen:
    """What a sink saw.

    Attributes:
        wasted_bytes: of slices that broke off or came twice: those that were sent again.
        held: slices of the newest upload that arrived whole.
        first_slice_at: `time.monotonic()` of its first slice byte since it was begun or listed.
    """

    wasted_bytes: int
    held: int
    first_slice_at: float | None


@dataclass(frozen=True)
class SinkServer:
    """A running `harness/sink.py`."""

    endpoint: str

    def watch(self) -> Seen:
        """Ask what it saw."""
        return Seen(**requests.get(f"{self.endpoint}/watch", timeout=10).json()["data"])


@contextmanager
def running_sink(*, delay: float = 0.0, sha1: str = "", entries: int = 0) -> Iterator[SinkServer]:
    """Run a sink while the block runs.

    Args:
        delay: seconds that it waits before each answer.
        sha1: what its stat says of files of which no upload told.
        entries: files that it lists in each folder.
    """
    options = ["--delay", str(delay), "--sha1", sha1, "--entries", str(entries)]
    with _listening([str(Path(sink_program.__file__)), *options]) as endpoint:
        yield SinkServer(endpoint)


@contextmanager
def running_emulator(root: Path) -> Iterator[str]:
    """Run `cosfast emulator`, which keeps its data in `root`; yield its address."""
    with _listening(["-m", "cosfast", "emulator", "--quiet", "--root", str(root)]) as endpoint:
        yield endpoint


@contextmanager
def running_receiver(folder: Path) -> Iterator[str]:
    """Run a bare receiver that writes to `folder`; yield its address."""
    with _listening([str(Path(receiver_program.__file__)), str(folder)]) as endpoint:
        yield endpoint


@contextmanager
def _listening(arguments: list[str]) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, *arguments], env=environment(), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), f"{arguments[:2]} did not start: {line!r}"
            yield line.split()[-1]
        finally:
            process.terminate()
