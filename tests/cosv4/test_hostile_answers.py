"""Whatever a server says, it comes out as a result or as a `CosError`."""

from __future__ import annotations

import io
import pickle
import shutil

import pytest
from cosv4.hostile import (
    CONTENT,
    HEADER_NAMES,
    HEADER_VALUES,
    HEADERS,
    LARGE,
    VALUES,
    lying_server,
    places,
    values_for,
)
from emulated import BUCKET, CREDENTIALS
from hypothesis import given, settings
from hypothesis import strategies as st

import cosfast

# A server may ask to be left alone for longer than the budget: then there is no other try.
IMPATIENT = cosfast.RetryPolicy(tries=2, base_delay=0.001, max_delay=0.002, budget=0.1)


def _sync(make):
    def call(client, folder):
        for step in make(client, folder):
            if step.error is not None and not isinstance(step.error, OSError):
                check(step.error)

    return call


CALLS = {
    "stat": lambda client, _: client.stat(BUCKET, "a"),
    "stat a folder": lambda client, _: client.stat(BUCKET, "d/"),
    "exists": lambda client, _: client.exists(BUCKET, "a"),
    "list": lambda client, _: list(client.list(BUCKET)),
    "list recursively": lambda client, _: list(client.list(BUCKET, recursive=True)),
    "download": lambda client, folder: client.download(BUCKET, "a", folder / "a"),
    "download to a file": lambda client, _: client.download(BUCKET, "a", io.BytesIO()),
    "download unchecked": lambda client, _: client.download(
        BUCKET, "a", io.BytesIO(), verify=False
    ),
    "read": lambda client, _: client.read(BUCKET, "a"),
    "upload": lambda client, _: client.upload(CONTENT, BUCKET, "a"),
    "upload in slices": lambda client, _: client.upload(LARGE, BUCKET, "a"),
    "upload in a stream": lambda client, _: client.upload(LARGE, BUCKET, "a", integrity="stream"),
    "slice_init": lambda client, _: client.slice_init(BUCKET, "a", filesize=9),
    "slice_list": lambda client, _: client.slice_list(BUCKET, "a"),
    "slice_data": lambda client, _: client.slice_data(
        BUCKET, "a", session="s", offset=0, content=b"x"
    ),
    "slice_finish": lambda client, _: client.slice_finish(BUCKET, "a", session="s", filesize=9),
    "create_folder": lambda client, _: client.create_folder(BUCKET, "d/"),
    "update": lambda client, _: client.update(BUCKET, "a", biz_attr="x"),
    "move": lambda client, _: client.move(BUCKET, "a", "b"),
    "copy": lambda client, _: client.copy(BUCKET, "a", "b"),
    "delete": lambda client, _: client.delete(BUCKET, "a"),
    "delete a folder": lambda client, _: client.delete(BUCKET, "d/", recursive=True),
    "sync_down": _sync(
        lambda client, folder: cosfast.sync_down(client, BUCKET, "/", folder, delete=True)
    ),
    "sync_up": _sync(lambda client, folder: cosfast.sync_up(client, folder, BUCKET, delete=True)),
}

OPERATIONS = {
    "stat": ["stat", "download", "exists", "download to a file", "download unchecked", "read"],
    "folder": ["stat a folder"],
    "list": ["list", "sync_down", "list recursively", "delete a folder", "sync_up"],
    "inner list": ["list recursively", "sync_down", "sync_up"],
    "upload": ["upload"],
    "upload_slice_init": ["slice_init", "upload in slices"],
    "upload_slice_list": ["slice_list", "upload in slices", "upload in a stream"],
    "upload_slice_data": ["slice_data", "upload in slices"],
    "upload_slice_finish": ["slice_finish", "upload in slices"],
    "create": ["create_folder"],
    **{name: [name] for name in ("update", "delete", "move", "copy")},
}
"""By operation, the calls that read its answer."""


def check(error):
    """Check that an error can be shown, logged and sent to another process."""
    assert isinstance(error, cosfast.CosError)
    str(error).encode()
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


@pytest.fixture(scope="module")
def server():
    with lying_server() as (endpoint, lies):
        with cosfast.Client(
            CREDENTIALS, endpoint=endpoint, retry=IMPATIENT, timeout=(5, 2), journal=None
        ) as client:
            yield client, lies


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "tree"
    yield made
    shutil.rmtree(made, ignore_errors=True)


def attempt(name, client, folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "b").write_bytes(b"other")
    try:
        CALLS[name](client, folder)
    except cosfast.CosError as error:
        check(error)
        return error
    return None


# The others want two answers of one operation to differ.
@pytest.mark.parametrize("name", sorted(CALLS.keys() - {"upload in a stream", "delete a folder"}))
def test_honest_answers_are_taken(server, folder, name):
    client, lies = server
    lies.clear()
    assert attempt(name, client, folder) is None


@pytest.mark.slow
@pytest.mark.parametrize("operation", sorted(OPERATIONS.keys() - {"inner list"}))
def test_the_worst_values_in_every_field(server, folder, operation):
    client, lies = server
    lies.clear()
    for where, path in places("127.0.0.1"):
        # of the entries of a list, the first; of what all answers have, once
        if where != operation or {1, 2} & set(path) or (path < ("data",) and where != "stat"):
            continue
        for value in values_for(path):
            lies.place = (operation, path, value)
            for name in OPERATIONS[operation][:2]:
                if "upload in" not in name:
                    attempt(name, client, folder)


@pytest.mark.parametrize("header", HEADER_NAMES)
def test_the_worst_values_in_every_header(server, folder, header):
    client, lies = server
    lies.clear()
    for value in HEADER_VALUES:
        lies.header = (header, value)
        for name, status in (("stat", 503), ("stat", 200), ("download", None)):
            lies.status = status
            attempt(name, client, folder)


@st.composite
def _lies(draw):
    operation, path = draw(st.sampled_from(places("127.0.0.1")))
    return (operation, path, draw(VALUES)), draw(st.sampled_from(OPERATIONS[operation]))


@pytest.mark.slow
@settings(max_examples=200)
@given(lie=_lies(), unfinished=st.booleans())
def test_any_value_in_any_field(server, folder, lie, unfinished):
    client, lies = server
    lies.clear()
    lies.place, name = lie
    lies.unfinished = unfinished
    attempt(name, client, folder)


@settings(max_examples=200)
@given(
    name=st.sampled_from([name for name in CALLS if name != "upload in a stream"]),
    header=HEADERS,
    status=st.sampled_from([None, None, 204, 206, 301, 304, 404, 416, 429, 503]),
)
def test_any_value_in_any_header(server, folder, name, header, status):
    client, lies = server
    lies.clear()
    lies.header, lies.status = header, status
    attempt(name, client, folder)
