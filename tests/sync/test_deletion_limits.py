"""Protection from deleting too much: `max_delete`, and a source without files."""

from __future__ import annotations

import os

import pytest
from emulated import BUCKET
from trees import (
    done,
    errors_of,
    put_tree,
    read_tree,
    remote_tree,
    with_folders,
    write_tree,
)

import cosfast
from cosfast import Filter, SyncAction
from cosfast.emulator import faults
from cosfast.transfer.partial_file import partial_paths

TREE = {"a/1": b"one", "a/b/2": b"two", "top": b"top"}
EXTRA = {"x/": None, "x/3": b"three", "y": b"y"}
WHOLE = with_folders({**TREE, **EXTRA})


class Up:
    """A local folder as the source, and one in a bucket as the target."""

    def __init__(self, client, folder):
        self._client, self.folder = client, folder
        folder.mkdir()
        put_tree(client, "/base/", {})

    def source(self, tree):
        write_tree(self.folder, tree)

    def target(self, tree):
        put_tree(self._client, "/base/", tree)

    def in_target(self):
        return remote_tree(self._client, "/base/")

    def sync(self, **options):
        return cosfast.sync_up(self._client, self.folder, BUCKET, "base", delete=True, **options)


class Down(Up):
    """The other way round."""

    def source(self, tree):
        super().target(tree)

    def target(self, tree):
        super().source(tree)

    def in_target(self):
        return read_tree(self.folder)

    def sync(self, **options):
        return cosfast.sync_down(self._client, BUCKET, "base", self.folder, delete=True, **options)


@pytest.fixture(params=[Up, Down])
def pair(request, client, tmp_path):
    return request.param(client, tmp_path / "tree")


def refused(steps):
    """Return the error that ends `steps`, and the steps before it."""
    seen = []
    with pytest.raises(cosfast.DeletionRefused) as caught:
        for step in steps:
            seen.append(step)  # noqa: PERF402 - those before the error are wanted
    return caught.value, seen


# max_delete


@pytest.mark.parametrize("limit", [0, 2])
def test_more_than_max_delete_changes_nothing(pair, limit):
    pair.source({**TREE, "new": b"new"})
    pair.target({**TREE, **EXTRA, "top": b"old"})
    before = pair.in_target()
    error, steps = refused(pair.sync(max_delete=limit))
    assert (error.count, error.max_delete, steps) == (3, limit, [])
    assert f"max_delete={limit} (--max-delete)" in str(error)
    assert pair.in_target() == before


@pytest.mark.parametrize("limit", [3, 10**9, None])
def test_up_to_max_delete_all_goes(pair, limit):
    pair.source(TREE)
    pair.target({**TREE, **EXTRA})
    assert done(pair.sync(max_delete=limit))["delete"] == {"x/", "x/3", "y"}
    assert pair.in_target() == with_folders(TREE)


def test_none_to_delete_is_fine(pair):
    pair.source(TREE)
    assert "delete" not in done(pair.sync(max_delete=0))
    assert pair.in_target() == with_folders(TREE)


def test_what_is_in_the_way_counts(pair):
    pair.source({"a/1": b"one", "b": b"two"})
    pair.target({"a": b"file", "b/": None, "b/3": b"three"})
    before = pair.in_target()
    error, _ = refused(pair.sync(max_delete=2))
    assert error.count == 3
    assert pair.in_target() == before
    done(pair.sync(max_delete=3))
    assert pair.in_target() == {"a/": None, "a/1": b"one", "b": b"two"}


def test_a_dry_run_lists_them_first(pair):
    pair.source(TREE)
    pair.target({**TREE, **EXTRA})
    error, steps = refused(pair.sync(max_delete=2, dry_run=True))
    assert {step.name for step in steps if step.action is SyncAction.DELETE} == {"x/", "x/3", "y"}
    assert error.count == 3
    assert pair.in_target() == WHOLE
    assert done(pair.sync(max_delete=3, dry_run=True))["delete"] == {"x/", "x/3", "y"}


def test_excluded_files_do_not_count(pair):
    pair.source(TREE)
    pair.target({**TREE, **EXTRA})
    done(pair.sync(max_delete=1, filters=[Filter.exclude("x/*")]))
    assert pair.in_target() == with_folders({**TREE, "x/3": b"three"})


@pytest.mark.parametrize("wrong", [-1, True, 1.0, "1"])
def test_an_invalid_limit(pair, wrong):
    with pytest.raises(cosfast.InputError, match="max_delete"):
        pair.sync(max_delete=wrong)


def test_unfinished_downloads_do_not_count(client, tmp_path):
    pair = Down(client, tmp_path / "tree")
    pair.source({"a": b"1"})
    for path in partial_paths(str(pair.folder / "gone")):
        with open(path, "wb") as file:
            file.write(b"part")
    assert len(done(pair.sync(max_delete=0))["delete"]) == 2
    assert pair.in_target() == {"a": b"1"}


# A source without files


@pytest.mark.parametrize("source", [{}, {"empty/": None, "a/": None}], ids=["bare", "folders"])
def test_an_empty_source_deletes_nothing(pair, source):
    pair.source(source)
    pair.target(TREE)
    error, steps = refused(pair.sync())
    assert (error.max_delete, steps) == (None, [])
    assert error.count == len(with_folders(TREE)) - len(set(source) & {"a/"})
    assert "force_delete=True (--force-delete)" in str(error)
    assert str(pair.folder) in str(error)
    assert f"cos://{BUCKET}/base/" in str(error)
    assert pair.in_target() == with_folders(TREE)


def test_an_empty_source_in_a_dry_run(pair):
    pair.target(TREE)
    _, steps = refused(pair.sync(dry_run=True))
    assert {step.name for step in steps if step.action is SyncAction.DELETE} == {
        *with_folders(TREE)
    }
    assert pair.in_target() == with_folders(TREE)
    done(pair.sync(dry_run=True, force_delete=True))
    assert pair.in_target() == with_folders(TREE)


def test_an_empty_source_that_is_meant(pair):
    pair.target(TREE)
    error, _ = refused(pair.sync(force_delete=True, max_delete=1))
    assert error.max_delete == 1
    assert pair.in_target() == with_folders(TREE)
    done(pair.sync(force_delete=True))
    assert pair.in_target() == {}
    assert done(pair.sync()) == {}


def test_an_empty_source_that_deletes_nothing_is_fine(pair):
    pair.source({"a/": None})
    assert done(pair.sync()) == {"create folder": {"a/"}}
    pair.target({"kept": b"1"})
    filters = [Filter.exclude("kept")]
    assert done(pair.sync(filters=filters)) == {"keep": {"a/"}}
    assert pair.in_target() == {"a/": None, "kept": b"1"}


def test_filters_that_leave_out_everything_delete_nothing(pair):
    pair.source({"new": b"1"})
    pair.target(TREE)
    assert done(pair.sync(filters=[Filter.exclude("*")])) == {}
    assert pair.in_target() == with_folders(TREE)


def test_filters_that_leave_out_the_source_alone_are_an_empty_source(pair):
    pair.source({"photo.JPG": b"1"})
    pair.target({"photo.jpg": b"1", "other.txt": b"2"})
    filters = [Filter.exclude("*"), Filter.include("*.jpg")]
    refused(pair.sync(filters=filters))
    assert pair.in_target() == {"photo.jpg": b"1", "other.txt": b"2"}
    done(pair.sync(filters=filters, force_delete=True))
    assert pair.in_target() == {"other.txt": b"2"}


def test_without_delete_there_is_nothing_to_refuse(client, tmp_path):
    (tmp_path / "empty").mkdir()
    put_tree(client, "/", TREE)
    assert done(cosfast.sync_up(client, tmp_path / "empty", BUCKET, max_delete=0)) == {}
    assert remote_tree(client, "/") == with_folders(TREE)


# A source that could not be read


@pytest.mark.skipif(os.name != "posix" or os.getuid() == 0, reason="needs a user's permissions")
def test_a_source_that_cannot_be_opened(client, tmp_path):
    pair = Up(client, tmp_path / "tree")
    pair.target(TREE)
    pair.folder.chmod(0)
    try:
        with pytest.raises(PermissionError):
            list(pair.sync(force_delete=True))
    finally:
        pair.folder.chmod(0o700)
    assert pair.in_target() == with_folders(TREE)


def test_a_source_that_is_gone_when_it_is_read(client, tmp_path):
    pair = Up(client, tmp_path / "tree")
    pair.target(TREE)
    steps = pair.sync(force_delete=True)
    pair.folder.rmdir()
    with pytest.raises(FileNotFoundError):
        list(steps)
    assert pair.in_target() == with_folders(TREE)


def test_a_folder_of_a_bucket_that_does_not_exist(client, tmp_path):
    write_tree(tmp_path / "tree", TREE)
    for bucket_path in ("none", "none/below"):
        steps = cosfast.sync_down(
            client, BUCKET, bucket_path, tmp_path / "tree", delete=True, force_delete=True
        )
        with pytest.raises(cosfast.NotFoundError):
            list(steps)
    assert read_tree(tmp_path / "tree") == with_folders(TREE)


def test_a_listing_that_fails_at_the_top(emulator, client, tmp_path):
    pair = Down(client, tmp_path / "tree")
    pair.target(TREE)
    emulator.faults.add("list", faults.Refusal(-97))
    with pytest.raises(cosfast.AuthenticationError):
        list(pair.sync(force_delete=True))
    assert pair.in_target() == with_folders(TREE)


def test_a_listing_that_fails_below_deletes_nothing(emulator, client, tmp_path, monkeypatch):
    pair = Down(client, tmp_path / "tree")
    pair.source({"folder/": None})
    pair.target(TREE)
    listed = client.list

    def failing(bucket, path="/", **options):
        if path.endswith("/folder/"):
            emulator.faults.add("list", faults.Refusal(-97))
        return listed(bucket, path, **options)

    monkeypatch.setattr(client, "list", failing)
    errors = errors_of(pair.sync(max_delete=0))
    assert isinstance(errors["folder/"], cosfast.AuthenticationError)
    assert "nothing is deleted" in str(errors["./"])
    assert pair.in_target() == with_folders({**TREE, "folder/": None})
