"""One server for each file of tests, a bucket for each test, and the clients.

The clients are installed by `tools/interop`, which says in COSFAST_INTEROP where; without it
one test is skipped for all of them.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from emulator.wire import Api
from interop.driven import (
    DrivenClient,
    jython_command,
    node_command,
    python_command,
    settings_for,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_FOLDER = os.environ.get("COSFAST_INTEROP")
_numbers = itertools.count()

collect_ignore_glob = (
    []
    if _FOLDER
    else [
        "test_*_sdk.py",
        "test_*_lib3.py",
        "test_*_py3.py",
        "test_recording.py",
    ]
)


@pytest.fixture(scope="session")
def installed() -> Path:
    """Return the folder of the clients."""
    if not _FOLDER:
        pytest.skip("other people's clients are tried by `make interop`")
    return Path(_FOLDER)


@pytest.fixture(scope="module")
def server(installed):
    from cosfast.emulator import Emulator

    with Emulator() as running:
        yield running


@pytest.fixture
def api(server) -> Api:
    """Return what looks into the test's own bucket."""
    return Api(server.endpoint, f"bucket{next(_numbers)}")


@pytest.fixture
def bucket(api) -> str:
    return api.bucket


@pytest.fixture
def stored(api) -> Callable[[str], bytes]:
    """Return a path's content, once stat has been seen to tell of the same bytes."""

    def read(path: str) -> bytes:
        response = api.download(path)
        assert response.status_code == 200, response.text
        data = api.stat(path).data
        assert data["filesize"] == data["filelen"] == len(response.content)
        assert data["sha"] == hashlib.sha1(response.content).hexdigest()
        return response.content

    return read


@pytest.fixture
def local(request, tmp_path) -> Callable[..., str]:
    """Make a local file of so many bytes and return its name.

    Its content is no other test's, for content that the server knows is not uploaded again.
    """

    def write(size: int, name: str = "local.bin") -> str:
        path = tmp_path / name
        seed = f"{request.node.nodeid} {name}".encode()
        path.write_bytes(hashlib.shake_128(seed).digest(size))
        return str(path)

    return write


@pytest.fixture(
    params=[
        ({"secret_key": "another-key"}, -97),
        ({"secret_id": "another-id"}, -79),
        ({"appid": "1250000001"}, -80),
    ],
    ids=["secret_key", "secret_id", "appid"],
)
def wrong_keys(request) -> tuple[dict[str, str], int]:
    """Return settings that are not the server's, and the code that they are refused with."""
    return request.param


@pytest.fixture
def unused_address() -> str:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{listener.getsockname()[1]}"


def _node_client(driver: str, package: str):
    @pytest.fixture(scope="module")
    def start(installed, server) -> Iterator[Callable[..., DrivenClient]]:
        if not (installed / "node" / "node_modules" / package).is_dir():
            pytest.skip(f"{package} is not installed: Node or npm is missing")
        yield from _starter(*node_command(installed, driver), server)

    return start


def _python_client(driver: str, package: str):
    @pytest.fixture(scope="module")
    def start(installed, server) -> Iterator[Callable[..., DrivenClient]]:
        python = installed / package / "bin" / "python"
        yield from _starter(*python_command(python, driver), server)

    return start


@pytest.fixture(scope="module")
def start_qcloud_cos_v4(installed, server) -> Iterator[Callable[..., DrivenClient]]:
    folder = installed / "qcloud-cos-v4"
    if not folder.is_dir():
        pytest.skip("qcloud_cos_v4 is not installed: Jython is missing")
    yield from _starter(*jython_command(folder, "qcloud_cos_v4_client.py", server.endpoint), server)


def _starter(command, environment, server):
    """Yield what starts the client; settings given differ from the server's own."""
    running: list[DrivenClient] = []

    def start(**changes: str) -> DrivenClient:
        running.append(DrivenClient(command, environment, settings_for(server.endpoint, **changes)))
        return running[-1]

    yield start
    for client in running:
        client.__exit__()


start_node_sdk = _node_client("node_sdk.js", "qcloud_cos_v4")
start_browser_sdk = _node_client("browser_sdk.js", "cos-js-sdk-v4")
start_cos_lib3 = _python_client("cos_lib3_client.py", "cos-lib3")
start_qcloud_cos_py3 = _python_client("qcloud_cos_py3_client.py", "qcloud-cos-py3")
start_pds_sdk = _python_client("pds_sdk.py", "pds")
