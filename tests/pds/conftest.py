"""A local PDS server for each test, and a client of it."""

from __future__ import annotations

import pytest
from pds.servers import connect, start_emulator


@pytest.fixture(params=["sha1", "sha256"])
def algorithm(request):
    return request.param


@pytest.fixture
def server():
    pytest.importorskip("aiohttp", reason="the emulator's extra is not installed")
    with start_emulator() as running:
        yield running
        running.faults.check_all_fired()


@pytest.fixture
def client(server):
    with connect(server) as made:
        yield made
