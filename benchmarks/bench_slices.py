"""Slices without hashing, sent to a sink, compared with forms of requests and with bare sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.claims import SHARE
from harness.race import LIMIT, OURS, Contender, Race, Work
from harness.report import Reading, Report
from harness.servers import BUCKET, connect, running_sink
from harness.sizes import Sizes, spell_size
from peers import senders

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from conftest import Measure
    from harness.files import Files

    import cosfast

CONNECTIONS = 8
BARE = "bare sockets"


class ToSink:
    """A file and its destination."""

    def __init__(self, path: Path, endpoint: str, client: cosfast.Client) -> None:
        self._path = path
        self._endpoint = endpoint
        self._client = client

    def upload(self) -> str:
        """Upload the file with cosfast; return its URL."""
        return self._client.upload(
            self._path, BUCKET, senders.OBJECT, integrity="none", concurrency=CONNECTIONS
        ).access_url

    def send(self, connect: senders.Connect) -> str:
        """Upload the file with a peer; return its URL."""
        return senders.send_file(self._path, self._endpoint, CONNECTIONS, connect)


RACE = Race(
    "upload",
    "requests.post, files=",
    (
        Contender("cosfast, integrity=none", lambda work: work.data.upload(), OURS),
        Contender(
            "requests.Session, files=", lambda work: work.data.send(senders.requests_session)
        ),
        Contender("requests.post, files=", lambda work: work.data.send(senders.requests_post)),
        Contender(BARE, lambda work: work.data.send(senders.bare_socket), LIMIT),
    ),
    {"cosfast, integrity=none": claims.SLICE_PHASE},
    rounds=15,
)


@pytest.fixture(scope="module")
def work(sizes: Sizes, files: Files) -> Iterator[Work]:
    """Run a sink, which refuses to finish incomplete uploads."""
    path = files.single(sizes.slices)
    with running_sink() as sink, connect(sink.endpoint) as client:
        to_sink = ToSink(path, sink.endpoint, client)
        title = f"{spell_size(sizes.slices)} in slices, {CONNECTIONS} connections"
        yield Work(title, to_sink, to_sink.upload(), sizes.slices)


@pytest.mark.parametrize("name", RACE.names)
def test_slices(measure: Measure, work: Work, name: str) -> None:
    """Send one file."""
    measure(RACE, work, name)


def test_against_bare_sockets(report: Report, work: Work) -> None:
    """Report the rate as a percentage of that of bare sockets."""
    figure = report.outcome(RACE, work).compare("cosfast, integrity=none", BARE, SHARE)
    assert figure is not None
    report.add(Reading(claims.BARE_SOCKETS, figure))
