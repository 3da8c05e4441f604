"""What the whole suite shares: seeds and worked values."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Any

import pytest
from emulated import connect, start_emulator
from hypothesis import HealthCheck, settings
from worked_values import content, upload_vectors, vector_id

settings.register_profile(
    "cosfast",
    derandomize=True,  # the same cases on each run, on each machine
    deadline=None,  # machines are shared: speed is no property of a test
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("cosfast")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return what ``--numprocesses auto`` means: many tests wait for processes and timeouts."""
    return 2 * (os.cpu_count() or 1)


@pytest.fixture(params=upload_vectors(), ids=vector_id)
def vector(request: pytest.FixtureRequest) -> dict[str, Any]:
    """One worked value of uploadparts, with its `content`."""
    return {**request.param, "content": content(request.param["size"])}


@pytest.fixture
def opened():
    """Return what opens a file to read bytes, until the test is over."""
    with ExitStack() as stack:
        yield lambda path, **options: stack.enter_context(open(path, "rb", **options))


@pytest.fixture(autouse=True)
def _no_cache_of_the_users(tmp_path_factory, monkeypatch):
    """Keep the journal, of this process and of those that tests start, out of the home folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="module")
def cluster():
    """Start a Dask cluster of several processes for a module; idle ones use the CPU, too."""
    distributed = pytest.importorskip("distributed", reason="the dask extra is not installed")
    with (
        distributed.LocalCluster(
            n_workers=3,
            threads_per_worker=2,
            processes=True,
            dashboard_address="127.0.0.1:0",  # leaves the usual port to clusters of other tests
        ) as started,
        distributed.Client(started) as dask,
    ):
        yield dask


@pytest.fixture
def emulator():
    """Start a local server of the test's own."""
    pytest.importorskip("aiohttp", reason="the emulator's extra is not installed")
    with start_emulator() as server:
        yield server


@pytest.fixture
def client(emulator):
    """Return a client of that server."""
    with connect(emulator.endpoint) as made:
        yield made
