"""Slices stored and verified by the emulator, compared with a receiver that only writes."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.race import OURS, Contender, Race, Work
from harness.servers import BUCKET, connect, running_emulator, running_receiver
from harness.sizes import Sizes, spell_size
from peers import senders

import cosfast

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Measure
    from harness.files import Files

CONNECTIONS = 8


class Taken:
    """A file that both servers receive from the same bare sockets."""

    def __init__(self, path: Path, emulator: str, receiver: str, client: cosfast.Client) -> None:
        self._path = path
        self._parts = cosfast.uploadparts(path)
        self._emulator = emulator
        self._receiver = receiver
        self._client = client

    def by_emulator(self) -> str:
        """Upload the file with its parts list, so that each slice is checked; return its URL."""
        return senders.send_file(
            self._path, self._emulator, CONNECTIONS, senders.bare_socket, self._parts
        )

    def by_receiver(self) -> str:
        """Have the receiver write and flush the same bytes."""
        return senders.send_file(self._path, self._receiver, CONNECTIONS, senders.bare_socket)

    def is_right(self, _result: object, _work: Work) -> bool:
        """Check the file on the emulator, and delete it, since the next upload would be instant."""
        found = self._client.stat(BUCKET, senders.OBJECT)
        self._client.delete(BUCKET, senders.OBJECT)
        return found.sha1 == self._parts.sha1


RACE = Race(
    "upload",
    "a bare receiver, fsync",
    (
        Contender(
            "cosfast emulator",
            lambda work: work.data.by_emulator(),
            OURS,
            check=lambda result, work: work.data.is_right(result, work),
        ),
        Contender(
            "a bare receiver, fsync",
            lambda work: work.data.by_receiver(),
            check=lambda result, _work: result == "bare",
        ),
    ),
    {"cosfast emulator": claims.TAKEN_IN},
    rounds=9,
    comparison=claims.SHARE,
)


@pytest.fixture(scope="module")
def work(sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Run both servers on the same disk."""
    path = files.single(sizes.slices)
    root, folder = tmp_path_factory.mktemp("emulator"), tmp_path_factory.mktemp("receiver")
    with ExitStack() as running:
        emulator = running.enter_context(running_emulator(root))
        receiver = running.enter_context(running_receiver(folder))
        client = running.enter_context(connect(emulator))
        taken = Taken(path, emulator, receiver, client)
        title = f"{spell_size(sizes.slices)} taken in, {CONNECTIONS} connections"
        yield Work(title, taken, None, sizes.slices)


@pytest.mark.parametrize("name", RACE.names)
def test_taken_in(measure: Measure, work: Work, name: str) -> None:
    """Upload one file."""
    measure(RACE, work, name)
