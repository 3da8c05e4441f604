"""The recording is what the clients send. With COSFAST_RECORD=1 it is written anew first."""

from __future__ import annotations

import os
from dataclasses import replace
from operator import itemgetter

import pytest
from emulator.wire import APPID
from interop import recording, sdk_calls
from interop.recorder import RecordingProxy
from interop.recording import Recorded
from interop.shape import Shape, shape_of
from interop.subject import LARGE, SMALL

# What is installed, as `tools/interop` names it, in which folder; what starts it; its calls.
CLIENTS = {
    "PyPI qcloud_cos_v4==0.0.9": (
        "qcloud-cos-v4",
        "start_qcloud_cos_v4",
        sdk_calls.official_python,
    ),
    "npm qcloud_cos_v4@1.0.5": ("node", "start_node_sdk", sdk_calls.official_node),
    "npm cos-js-sdk-v4@1.2.1": ("node", "start_browser_sdk", sdk_calls.official_browser),
    "PyPI cos-lib3==0.2.0": ("cos-lib3", "start_cos_lib3", sdk_calls.cos_lib3),
    "PyPI qcloud-cos-py3==0.1.4": (
        "qcloud-cos-py3",
        "start_qcloud_cos_py3",
        sdk_calls.qcloud_cos_py3,
    ),
}

# The SDK for browsers has no key: what it sends is signed by code of its user's, for which
# `drivers/browser_sdk.js` stands. Its own is which kind it asks for, and for what the one is that
# is good once.
SIGNED_BY_THE_USER = {"npm cos-js-sdk-v4@1.2.1"}

# The official Python SDK keeps the fields of a request in a dict, whose order is that of the
# Python that runs it: no order of its own.
UNORDERED = {"PyPI qcloud_cos_v4==0.0.9"}

MAY_BE_REFUSED = {
    "upload_slice_list",  # the SDK for browsers asks it before it begins an upload
    "download",  # the Python SDK gives a lifetime where the end of it is meant: long over
}


@pytest.fixture(scope="module")
def server(installed):
    """Put the recorder before the server: the clients talk to it, as they would to the server."""
    from cosfast.emulator import Emulator

    with Emulator() as running, RecordingProxy(running.endpoint) as proxy:
        yield proxy


@pytest.fixture
def contents(tmp_path) -> dict[str, str]:
    """Write the local files that are uploaded; `download` is not there yet."""
    files = {"empty": b"", "small": SMALL, "large": LARGE}
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    return {name: str(tmp_path / name) for name in [*files, "download"]}


class Caller:
    """The client, every call of which is recorded."""

    def __init__(self, client: str, driven, proxy: RecordingProxy, bucket: str) -> None:
        self.recorded: list[Recorded] = []
        self._client = client
        self._driven = driven
        self._proxy = proxy
        self._bucket = bucket

    def __getattr__(self, method: str):
        def call(*args, **options):
            returned = self._driven.call(method, *args, **options)
            taken = self._proxy.take()
            assert taken, f"{method} sent nothing and returned {returned}"
            for raw in taken:
                shape = shape_of(raw, APPID, self._bucket)
                refused = raw.code and shape.operation not in MAY_BE_REFUSED
                assert not refused, f"{method}: {shape} was answered with {raw.code}"
                self.recorded.append(Recorded(self._client, method, self._own(shape)))
            return returned

        return call

    def _own(self, shape: Shape) -> Shape:
        """Leave out what is not the client's own."""
        if self._client in UNORDERED:
            return replace(shape, fields=sorted(shape.fields, key=itemgetter(0)))
        if self._client not in SIGNED_BY_THE_USER or shape.signature.kind == "once":
            return shape
        signature = replace(shape.signature, fields=None, fileid=None, lifetime=None)
        return replace(shape, signature=signature)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_recording_is_what_the_client_sends(request, client, server, bucket, contents):
    _, start, calls = CLIENTS[client]
    caller = Caller(client, request.getfixturevalue(start)(), server, bucket)
    calls(caller, bucket, contents)
    if os.environ.get("COSFAST_RECORD") == "1":
        recording.write(client, caller.recorded)
    kept = [entry for entry in recording.read() if entry.client == client]
    assert kept == recording.ordered(caller.recorded)


@pytest.mark.parametrize("client", CLIENTS)
def test_the_client_is_of_the_version_that_it_is_recorded_as(client, installed):
    note = installed / CLIENTS[client][0] / "installed"
    if not note.exists():
        pytest.skip(f"{client} is not installed")
    assert client.split(" ")[1] in note.read_text("utf-8").split()


def test_the_recording_is_of_these_clients():
    assert {entry.client for entry in recording.read()} == set(CLIENTS)
