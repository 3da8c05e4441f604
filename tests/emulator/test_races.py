"""Concurrent requests for one path or session."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from emulator.wire import MIB, Api, slices, with_parts

from cosfast.emulator import Emulator
from cosfast.emulator.store.files import ByteFiles

PATH = "/contested"


@pytest.fixture
def root(tmp_path):
    return tmp_path


@pytest.fixture
def api(root):
    with Emulator(root) as emulator:
        yield Api(emulator.endpoint)


def at_once(count, work):
    barrier = threading.Barrier(count)

    def run(index):
        barrier.wait()
        return work(index)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def files(root):
    return [path.read_bytes() for path in (root / "files").iterdir()]


def a_moment():
    time.sleep(0.05)


def nothing():
    pass


def meanwhile(monkeypatch, name, before=a_moment, after=nothing):
    """Run a function before or after a step of the store."""
    step = getattr(ByteFiles, name)

    def step_with_company(*arguments):
        before()
        result = step(*arguments)
        after()
        return result

    monkeypatch.setattr(ByteFiles, name, step_with_company)


def test_two_writers_of_one_path_leave_one_of_the_two_contents(api, root):
    contents = [bytes([index]) * 300_000 for index in range(8)]
    codes = at_once(8, lambda index: api.upload(PATH, contents[index], insertOnly="0").code)
    assert codes == [0] * 8
    assert files(root) == [api.download(PATH).content]
    assert api.download(PATH).content in contents


def test_of_many_first_writers_one_wins(api, root, monkeypatch):
    meanwhile(monkeypatch, "save")
    codes = at_once(8, lambda index: api.upload(PATH, bytes([index])).code)
    assert sorted(codes) == [-177] * 7 + [0]
    assert files(root) == [api.download(PATH).content]


def test_of_many_inits_one_opens_the_session(api, root, monkeypatch):
    meanwhile(monkeypatch, "create")
    codes = at_once(8, lambda _: api.init(PATH, b"content").code)
    assert sorted(codes) == [-4019] * 7 + [0]
    assert len(files(root)) == 1


def test_equal_content_at_many_paths_is_stored_once(api, root, monkeypatch):
    meanwhile(monkeypatch, "save")
    assert at_once(8, lambda index: api.upload(f"/{index}", b"same").code) == [0] * 8
    assert files(root) == [b"same"]


def test_of_two_slices_for_one_offset_one_wins(api, monkeypatch):
    meanwhile(monkeypatch, "write_at")
    contents = [bytes([index]) * MIB for index in range(4)]
    session = api.init(PATH, contents[0]).data["session"]
    codes = at_once(4, lambda index: api.data(PATH, session, 0, contents[index]).code)
    assert sorted(codes) == [-4015] * 3 + [0]
    assert api.finish(PATH, session, contents[0]).code == 0
    assert api.download(PATH).content == contents[codes.index(0)]


@pytest.mark.parametrize("instant", ["before", "after"])
def test_a_slice_whose_session_ends_meanwhile_is_refused(api, root, monkeypatch, instant):
    session = api.init(PATH, b"content").data["session"]
    delete = partial(api.delete, PATH)
    meanwhile(monkeypatch, "write_at", **{"before": nothing, instant: delete})
    reply = Api(api.endpoint).data(PATH, session, 0, b"content")
    assert reply.code == -290
    assert files(root) == []


def test_a_slice_of_a_session_that_ended_is_not_recorded_in_the_next(api, monkeypatch, two_slices):
    """Its bytes are not in the file of the next session, which would have an unnoticed hole."""
    content, parts = two_slices["content"], with_parts(two_slices)
    session = api.init(PATH, content, **parts).data["session"]
    later = []

    def begin_again():
        if not later:
            api.delete(PATH)
            later.append(api.init(PATH, content, **parts).data["session"])

    meanwhile(monkeypatch, "write_at", before=nothing, after=begin_again)
    reply = Api(api.endpoint).data(PATH, session, 0, content[:MIB])
    assert reply.code == -290
    assert api.list_slices(PATH).data["listparts"] == []
    for offset, piece in slices(content):
        assert api.data(PATH, later[0], offset, piece).code == 0
    assert api.finish(PATH, later[0], content, sha=parts["sha"]).code == 0
    assert api.download(PATH).content == content


def test_of_many_finishes_one_makes_the_file_and_the_others_repeat_it(api, root):
    session = api.init(PATH, b"content").data["session"]
    api.data(PATH, session, 0, b"content")
    replies = at_once(4, lambda _: api.finish(PATH, session, b"content"))
    assert [reply.code for reply in replies] == [0] * 4
    assert all(reply.data == replies[0].data for reply in replies)
    assert files(root) == [b"content"] == [api.download(PATH).content]


def test_a_file_that_is_replaced_between_lookup_and_opening_is_looked_up_again(api, monkeypatch):
    api.upload(PATH, b"old")
    replacement = [b"new"]

    def replace():
        if replacement:
            content = replacement.pop()
            assert Api(api.endpoint).upload(PATH, content, insertOnly="0").code == 0

    meanwhile(monkeypatch, "open", before=replace)
    assert api.download(PATH).content == b"new"


def test_a_file_that_cannot_be_saved_leaves_nothing(api, root, monkeypatch):
    def fail(_descriptor):
        raise OSError(28, "No space left on device")

    api.upload(PATH, b"before")
    with monkeypatch.context() as patch:
        patch.setattr("cosfast.emulator.store.files.os.fsync", fail)
        assert api.upload("/other", b"content").code == -4004
        assert api.init("/other", b"content").code == -4004
    assert files(root) == [b"before"]
