"""The servers of the benchmarks, each in a separate process."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from harness import pds_sink as pds_sink_program
from harness import receiver as receiver_program
from harness import sink as sink_program

import cosfast
from cosfast import wedrive

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast import pds

CREDENTIALS = cosfast.Credentials("1250000000", "id-for-benchmarks", "key-for-benchmarks")
BUCKET = "bucket"
ROOT = Path(cosfast.__file__).parents[1]


def environment(**more: str) -> dict[str, str]:
    """Return an environment with this source tree and the benchmarks' credentials.

    Byte code is written, as for users, even if this process does not write it.
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
    """Return a client of a local server, by default without a journal."""
    return cosfast.Client(CREDENTIALS, endpoint=endpoint, journal=journal)


def connect_drive(
    endpoint: str, token: str | None = None, journal: cosfast.Journal | None = None
) -> wedrive.Client:
    """Return a client of a WeDrive here; by default as an app of the emulator's corporation."""
    app = wedrive.CorpToken("local-corp-id", "local-corp-secret")
    return wedrive.Client(token or app, endpoint=endpoint, journal=journal)


def connect_pds(endpoint: str, journal: cosfast.Journal | None = None) -> pds.Client:
    """Return a PDS client of a server here; by default one that remembers nothing."""
    from cosfast import pds  # noqa: PLC0415 - other clients' memory is measured without it

    return pds.Client(endpoint=endpoint, token="sink", drive_id="1", journal=journal)  # noqa: S106


@dataclass(frozen=True)
class Seen:
    """Statistics of a sink.

    Attributes:
        wasted_bytes: Bytes of slices that were interrupted or received twice.
        held: Number of complete slices of the newest upload.
        first_slice_at: `time.monotonic()` of its first slice byte since it was opened or listed.
    """

    wasted_bytes: int
    held: int
    first_slice_at: float | None


@dataclass(frozen=True)
class SinkServer:
    """A running `harness/sink.py`."""

    endpoint: str

    def watch(self) -> Seen:
        """Request the statistics."""
        return Seen(**requests.get(f"{self.endpoint}/watch", timeout=10).json()["data"])


@contextmanager
def running_sink(*, delay: float = 0.0, sha1: str = "", entries: int = 0) -> Iterator[SinkServer]:
    """Run a sink for the duration of the block.

    Args:
        delay: Seconds before each response.
        sha1: SHA-1 in the `stat` of files that were not uploaded with one.
        entries: Number of files in the list of each folder.
    """
    options = ["--delay", str(delay), "--sha1", sha1, "--entries", str(entries)]
    with _listening([str(Path(sink_program.__file__)), *options]) as endpoint:
        yield SinkServer(endpoint)


@contextmanager
def running_wedrive_sink() -> Iterator[str]:
    """Run a sink for WeDrive's blocks; yield its address."""
    path = os.pathsep.join([str(ROOT), str(Path(sink_program.__file__).parents[1])])
    with _listening(["-m", "harness.wedrive_sink"], PYTHONPATH=path) as endpoint:
        yield endpoint


@contextmanager
def running_pds_sink() -> Iterator[SinkServer]:
    """Run a PDS sink while the block runs."""
    with _listening([str(Path(pds_sink_program.__file__))]) as endpoint:
        yield SinkServer(endpoint)


@contextmanager
def running_emulator(root: Path) -> Iterator[str]:
    """Run `cosfast emulator` with its data in `root`; yield its URL."""
    with _listening(["-m", "cosfast", "emulator", "--quiet", "--root", str(root)]) as endpoint:
        yield endpoint


@contextmanager
def running_receiver(folder: Path) -> Iterator[str]:
    """Run the minimal receiver, which writes to `folder`; yield its URL."""
    with _listening([str(Path(receiver_program.__file__)), str(folder)]) as endpoint:
        yield endpoint


@contextmanager
def _listening(arguments: list[str], **more: str) -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, *arguments], env=environment(**more), stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line.startswith("listening on "), f"{arguments[:2]} did not start: {line!r}"
            yield line.split()[-1]
        finally:
            process.terminate()
