"""Syncs whose files an executor hashes and transfers."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from emulated import BUCKET, connect
from trees import (
    done,
    errors_of,
    put_tree,
    read_tree,
    remote_tree,
    wait_until_settled,
    with_folders,
    write_tree,
)
from worked_values import content

import cosfast

TREE = {
    "a/1": b"one",
    "a/b/2": b"",
    "large": content(9 * 1024 * 1024),
    **{f"many/{number}": b"%d" % number for number in range(40)},
}
TRANSFERRED = sum(map(len, TREE.values()))


@pytest.fixture(scope="module", params=["pool", "dask"])
def processes(request):
    if request.param == "dask":
        yield request.getfixturevalue("cluster").get_executor()
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        yield executor


@pytest.fixture
def remembering(emulator, tmp_path):
    with connect(emulator.endpoint, journal=cosfast.Journal(tmp_path / "journal")) as client:
        yield client


def test_up_over_processes(remembering, tmp_path, processes):
    folder, seen = tmp_path / "tree", []
    write_tree(folder, TREE)
    wait_until_settled(folder)
    options = cosfast.UploadOptions(progress=seen.append, hash_progress=seen.append)
    steps = cosfast.sync_up(remembering, folder, BUCKET, options=options, executor=processes)
    assert len(done(steps)["upload"]) == len(TREE)
    assert sum(seen) == TRANSFERRED
    assert remote_tree(remembering, "/") == with_folders(TREE)
    # the SHA-1s came back and are in the journal, so nothing is hashed again
    assert set(done(cosfast.sync_up(remembering, folder, BUCKET))) == {"keep"}


def test_down_over_processes(client, tmp_path, processes):
    put_tree(client, "/", TREE)
    folder, seen = tmp_path / "tree", []
    options = cosfast.DownloadOptions(progress=seen.append)
    steps = cosfast.sync_down(
        client, BUCKET, "/", folder, options=options, delete=True, executor=processes
    )
    assert len(done(steps)["download"]) == len(TREE)
    assert sum(seen) == TRANSFERRED
    assert read_tree(folder) == with_folders(TREE)


@pytest.mark.skipif(os.name != "posix", reason="makes symbolic links")
def test_links_are_in_the_way_of_processes_too(client, tmp_path, processes):
    put_tree(client, "/", {"a/1": b"new"})
    write_tree(tmp_path / "outside", {"1": b"mine"})
    (tmp_path / "tree").mkdir()
    os.symlink(tmp_path / "outside", tmp_path / "tree" / "a")
    steps = cosfast.sync_down(client, BUCKET, "/", tmp_path / "tree", executor=processes)
    assert set(errors_of(steps)) == {"a/", "a/1"}
    assert read_tree(tmp_path / "outside") == {"1": b"mine"}


@pytest.mark.parametrize("way", ["up", "down"])
def test_one_failure_stops_no_other(client, tmp_path, processes, way):
    tree = {"good": b"1", "a" * 200: b"2"}
    if way == "up":
        write_tree(tmp_path / "tree", tree)
        (tmp_path / "tree" / "bad?").write_bytes(b"3")
        steps = cosfast.sync_up(client, tmp_path / "tree", BUCKET, executor=processes)
        assert set(errors_of(steps)) == {"bad?"}
        assert remote_tree(client, "/") == tree
    else:
        put_tree(client, "/", {**tree, "b" * 300: b"3"})
        steps = cosfast.sync_down(client, BUCKET, "/", tmp_path / "tree", executor=processes)
        assert set(errors_of(steps)) == {"b" * 300}
        assert read_tree(tmp_path / "tree") == tree


@pytest.mark.parametrize("way", ["up", "down"])
def test_the_executor_hashes_too(client, tmp_path, monkeypatch, way):
    given = []
    really = cosfast.sync.comparator.uploadparts_many

    def noted(wanted, **keywords):
        given.append(keywords.pop("executor", None))
        return really(wanted, **keywords)

    monkeypatch.setattr("cosfast.sync.comparator.uploadparts_many", noted)
    write_tree(tmp_path / "tree", {"a": b"1", "b": b"2"})
    put_tree(client, "/", {"a": b"1", "b": b"3"})
    with ThreadPoolExecutor(2) as executor:
        if way == "up":
            steps = cosfast.sync_up(client, tmp_path / "tree", BUCKET, executor=executor)
        else:
            steps = cosfast.sync_down(client, BUCKET, "/", tmp_path / "tree", executor=executor)
        assert done(steps) == {"keep": {"a"}, f"{way}load": {"b"}}
    assert given == [executor]


def test_a_dry_run_needs_no_transfer(client, tmp_path, processes):
    write_tree(tmp_path / "tree", TREE)
    steps = cosfast.sync_up(client, tmp_path / "tree", BUCKET, executor=processes, dry_run=True)
    assert len(done(steps)["upload"]) == len(TREE)
    assert remote_tree(client, "/") == {}


def test_a_token_does_not_reach_an_executor(client, tmp_path, processes):
    token = cosfast.CancelToken()
    with pytest.raises(cosfast.InputError, match=r"options\.cancel"):
        cosfast.sync_up(
            client,
            tmp_path,
            BUCKET,
            executor=processes,
            options=cosfast.UploadOptions(cancel=token),
        )
    with pytest.raises(cosfast.InputError, match=r"options\.cancel"):
        cosfast.sync_down(
            client,
            BUCKET,
            "/",
            tmp_path,
            executor=processes,
            options=cosfast.DownloadOptions(cancel=token),
        )
