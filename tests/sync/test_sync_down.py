"""A folder of a bucket fetched: what differs and only that, never outside the folder."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
from pathlib import Path

import pytest
from emulated import BUCKET, connect
from trees import (
    done,
    errors_of,
    put_tree,
    read_tree,
    wait_until_settled,
    with_folders,
    write_tree,
)
from worked_values import content

import cosfast
from cosfast import Filter, SyncAction, SyncStep
from cosfast.emulator import faults
from cosfast.transfer.partial_file import IDENTITY_SUFFIX, PART_SUFFIX, partial_paths

TREE = {"a/1": b"one", "a/b/2": b"two", "a/b/ü 3": b"", "empty/": None, "top": b"top"}
LARGE = content(9 * 1024 * 1024)
SUFFIXES = (PART_SUFFIX, IDENTITY_SUFFIX)
on_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX has it, this system has not")


@pytest.fixture
def stored(client):
    put_tree(client, "/base/", TREE)
    return client


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tree"


def down(client, folder, **keywords):
    return cosfast.sync_down(client, BUCKET, "base", folder, **keywords)


def leave_part(target, data, whole):
    """Leave beside `target` what a download that died would have left."""
    part, identity = map(Path, partial_paths(str(target)))
    part.write_bytes(data)
    sha1 = hashlib.sha1(whole).hexdigest()
    identity.write_text(json.dumps({"filesize": len(whole), "sha1": sha1}))


def test_each_step_says_what_and_why(stored, folder):
    write_tree(folder, {"a/1": b"another", "a/b/2": b"2wo", "top": b"top", "a/extra": b"12345"})
    steps = {step.name: step for step in down(stored, folder, delete=True)}
    result = steps["a/1"].result
    assert (result.sha1, result.received_bytes) == (hashlib.sha1(b"one").hexdigest(), 3)
    assert steps == {
        "a/": SyncStep(SyncAction.KEEP, "a/", None, "same"),
        "a/b/": SyncStep(SyncAction.KEEP, "a/b/", None, "same"),
        "empty/": SyncStep(SyncAction.CREATE_FOLDER, "empty/", None, "new"),
        "a/1": SyncStep(SyncAction.DOWNLOAD, "a/1", 3, "size differs", result=result),
        "a/b/2": SyncStep(
            SyncAction.DOWNLOAD, "a/b/2", 3, "content differs", result=steps["a/b/2"].result
        ),
        "a/b/ü 3": SyncStep(
            SyncAction.DOWNLOAD, "a/b/ü 3", 0, "new", result=steps["a/b/ü 3"].result
        ),
        "top": SyncStep(SyncAction.KEEP, "top", 3, "same"),
        "a/extra": SyncStep(SyncAction.DELETE, "a/extra", 5, "extra"),
    }
    assert read_tree(folder) == with_folders(TREE)


def test_to_a_folder_that_does_not_exist(stored, folder):
    deep = folder / "to" / "be"
    assert "./" in done(down(stored, str(deep)))["create folder"]
    assert read_tree(deep) == with_folders(TREE)


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_workers": None},
        {"bucket": "no bucket"},
        {"path": "a?"},
        {"filters": [None]},
        {"options": cosfast.UploadOptions()},
    ],
    ids=str,
)
def test_invalid_arguments_are_refused_at_once(client, folder, wrong):
    with pytest.raises(cosfast.InputError):
        cosfast.sync_down(client, folder=folder, **{"bucket": BUCKET, "path": "base", **wrong})
    assert not folder.exists()


def test_a_target_that_is_a_file(client, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        down(client, tmp_path / "file")


def test_a_missing_source_deletes_nothing(client, folder):
    write_tree(folder, {"mine": b""})
    with pytest.raises(cosfast.NotFoundError):
        list(down(client, folder, delete=True))
    assert read_tree(folder) == {"mine": b""}


def test_what_the_list_tells_is_not_asked_again(stored, folder, monkeypatch):
    def refuse(*arguments):
        raise AssertionError("asked")

    monkeypatch.setattr("cosfast.cosv4.download.objects.stat", refuse)
    done(down(stored, folder))
    assert read_tree(folder) == with_folders(TREE)


def test_an_unchanged_tree_is_hashed_once(emulator, stored, folder, tmp_path, monkeypatch):
    hashed = []
    really = cosfast.sync.comparator.uploadparts_many

    def noted(wanted, **keywords):
        hashed.extend(wanted)
        return really(wanted, **keywords)

    monkeypatch.setattr("cosfast.sync.comparator.uploadparts_many", noted)
    with connect(emulator.endpoint, journal=cosfast.Journal(tmp_path / "journal")) as client:
        done(down(client, folder))
        wait_until_settled(folder)
        done(down(client, folder))
        assert len(hashed) == 4
        assert set(done(down(client, folder))) == {"keep"}
        assert len(hashed) == 4


def test_excluded_files_are_neither_downloaded_nor_deleted(stored, folder):
    put_tree(stored, "/base/", {"x.tmp": b"1", "cache/c": b"2", "cache/d/top": b"3"})
    write_tree(folder, {"mine.tmp": b"4", "x/y.tmp": b"5", "x/go": b"6"})
    filters = [Filter.exclude("*.tmp"), Filter.exclude("cache/*"), Filter.include("*/top")]
    done(down(stored, folder, filters=filters, delete=True))
    kept = {"mine.tmp": b"4", "x/y.tmp": b"5", "cache/d/top": b"3"}
    assert read_tree(folder) == with_folders({**TREE, **kept})


# Unfinished downloads


def test_an_unfinished_download_is_resumed(client, folder):
    put_tree(client, "/base/", {"large": LARGE})
    folder.mkdir()
    leave_part(folder / "large", LARGE[:5000000], LARGE)
    [large] = [step for step in down(client, folder, delete=True) if step.name == "large"]
    assert large.result.resumed_bytes == 5000000
    assert read_tree(folder) == {"large": LARGE}


def test_only_the_unfinished_downloads_of_wanted_files_stay(client, folder, monkeypatch):
    def refuse(*arguments, **keywords):
        raise OSError(errno.ENOSPC, "no space left")

    put_tree(client, "/base/", {"large": LARGE, "kept": b"1", "a/new": LARGE[::-1]})
    write_tree(folder, {"kept": b"1", "a/": None})
    for name, whole in {"large": LARGE, "kept": b"2", "gone": b"3", "a/new": LARGE[::-1]}.items():
        leave_part(folder / name, whole[:1], whole)
    before = read_tree(folder)
    left_over = {f".{name}{suffix}" for name in ("kept", "gone") for suffix in SUFFIXES}
    planned = done(down(client, folder, dry_run=True, delete=True))
    assert planned["delete"] == left_over
    with monkeypatch.context() as patched:
        patched.setattr("cosfast.transfer.download_ranges.RangeDownload.run", refuse)
        errors = errors_of(down(client, folder, delete=True))
    assert set(errors) == {"large", "a/new"}
    assert set(read_tree(folder)) == set(before) - left_over
    assert not errors_of(down(client, folder, delete=True))
    assert read_tree(folder) == with_folders({"large": LARGE, "kept": b"1", "a/new": LARGE[::-1]})


def test_unfinished_downloads_stay_if_the_source_fails(client, folder, monkeypatch):
    def refuse(*arguments, **keywords):
        raise cosfast.TransportError("broken", operation="download")

    put_tree(client, "/base/", {"large": LARGE})
    write_tree(folder, {"extra": b""})
    monkeypatch.setattr("cosfast.transfer.download_ranges.RangeDownload.run", refuse)
    errors = errors_of(down(client, folder, delete=True))
    assert set(errors) == {"large", "./"}
    assert "extra" in read_tree(folder)


def test_without_delete_nothing_unfinished_goes(stored, folder):
    folder.mkdir()
    leave_part(folder / "gone", b"1", b"12")
    done(down(stored, folder))
    assert len(read_tree(folder)) == len(with_folders(TREE)) + 2


# Never outside the folder


@pytest.fixture
def outside(tmp_path):
    write_tree(tmp_path / "outside", {"1": b"mine", "b/2": b"mine", "more": b"mine"})
    yield tmp_path / "outside"
    mine = with_folders({"1": b"mine", "b/2": b"mine", "more": b"mine"})
    assert read_tree(tmp_path / "outside") == mine


@on_posix
@pytest.mark.parametrize("delete", [False, True])
def test_a_link_to_a_folder_is_in_the_way(stored, folder, outside, delete):
    folder.mkdir()
    os.symlink(outside, folder / "a")
    errors = errors_of(down(stored, folder, delete=delete))
    if delete:
        assert not errors
        assert read_tree(folder) == with_folders(TREE)
    else:
        assert set(errors) == {"a/", "a/1", "a/b/", "a/b/2", "a/b/ü 3"}
        assert read_tree(folder) == {"a": str(outside), "empty/": None, "top": b"top"}


@on_posix
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("aim", ["1", "b", "nowhere"])
def test_a_link_where_a_file_has_to_be(stored, folder, outside, aim, dry_run):
    folder.mkdir()
    os.symlink(outside / aim, folder / "top")
    errors = errors_of(down(stored, folder, dry_run=dry_run))
    assert set(errors) == {"top"}
    assert isinstance(errors["top"], FileExistsError)
    assert not errors_of(down(stored, folder, delete=True, dry_run=dry_run))
    expected = {"top": str(outside / aim)} if dry_run else with_folders(TREE)
    assert read_tree(folder) == expected


@on_posix
def test_a_link_to_an_equal_file_stays(stored, folder, tmp_path):
    (tmp_path / "same").write_bytes(b"top")
    folder.mkdir()
    os.symlink(tmp_path / "same", folder / "top")
    assert "top" in done(down(stored, folder, delete=True))["keep"]
    assert (folder / "top").is_symlink()


@on_posix
def test_an_extra_link_goes_and_what_it_leads_to_stays(stored, folder, outside):
    folder.mkdir()
    os.symlink(outside, folder / "extra")
    done(down(stored, folder, delete=True))
    assert read_tree(folder) == with_folders(TREE)


@on_posix
def test_a_folder_that_becomes_a_link_meanwhile(stored, folder, outside):
    write_tree(folder, {"a/b/": None, "a/more": b"extra"})
    steps = down(stored, folder, delete=True, max_workers=1)
    next(steps)
    (folder / "a").rename(folder.parent / "moved")
    os.symlink(outside, folder / "a")
    errors = errors_of(steps)
    assert {"a/1", "a/b/2", "a/b/ü 3", "a/more"} <= set(errors)
    assert all(isinstance(error, FileExistsError) for error in errors.values())


@on_posix
def test_the_folder_itself_may_be_a_link(stored, folder, tmp_path):
    (tmp_path / "really").mkdir()
    os.symlink(tmp_path / "really", folder)
    done(down(stored, folder, delete=True))
    assert read_tree(tmp_path / "really") == with_folders(TREE)


# Failures


def test_one_failure_stops_no_other(stored, emulator, folder):
    emulator.faults.add("download", faults.Refusal(code=-285))
    errors = errors_of(down(stored, folder))
    [(name, error)] = errors.items()
    assert error.code == -285
    assert set(read_tree(folder)) == set(with_folders(TREE)) - {name}


def test_nothing_is_deleted_if_the_source_cannot_be_listed(stored, emulator, folder):
    write_tree(folder, {"extra": b"", "top/in the way": b""})
    really = stored.list

    def refuse(bucket, path, **keywords):
        if path == "/base/a/b/":
            raise cosfast.TransportError("broken", operation="list")
        return really(bucket, path, **keywords)

    stored.list = refuse
    errors = errors_of(down(stored, folder, delete=True))
    assert set(errors) == {"a/b/", "top", "./"}
    assert {"extra", "top/in the way", "a/1"} <= set(read_tree(folder))


def test_a_disk_that_fails_is_a_steps_error(stored, folder, monkeypatch):
    def refuse(path, *arguments):
        raise PermissionError(13, "permission denied", path)

    write_tree(folder, {"extra": b""})
    with monkeypatch.context() as patched:
        patched.setattr("cosfast.sync.targets.os.unlink", refuse)
        errors = errors_of(down(stored, folder, delete=True))
    assert set(errors) == {"extra"}


def test_abandoned_iteration(client, folder):
    put_tree(client, "/base/", {str(number): LARGE[number:] for number in range(4)})
    steps = down(client, folder, max_workers=2)
    next(step for step in steps if step.result)
    steps.close()
    for path in folder.iterdir():
        if not path.name.startswith("."):
            assert path.read_bytes() == LARGE[int(path.name) :]
    assert not errors_of(down(client, folder))
    assert len(read_tree(folder)) == 4


def test_cancelled(stored, folder):
    write_tree(folder, {"extra": b""})
    cancel = cosfast.CancelToken()
    cancel.cancel()
    options = cosfast.DownloadOptions(cancel=cancel)
    errors = errors_of(down(stored, folder, delete=True, options=options))
    assert {type(error) for name, error in errors.items() if name != "./"} == {cosfast.Cancelled}
    assert set(read_tree(folder)) == {"a/", "a/b/", "empty/", "extra"}


def test_options_count(stored, folder):
    seen = []
    options = cosfast.DownloadOptions(progress=seen.append, verify=False, overwrite=False)
    steps = list(down(stored, folder, options=options))
    assert sum(seen) == sum(len(data or b"") for data in TREE.values())
    assert {step.result.sha1 for step in steps if step.result} == {""}
    assert dataclasses.replace(options) == options
