"""A folder sent to a bucket: what differs and only that, links, filters, failures, the journal."""

from __future__ import annotations

import errno
import hashlib
import os

import pytest
from emulated import BUCKET, connect
from lengths import KERNEL_FILES, claim_size, kernel_file, with_size
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
from cosfast import Filter, SyncAction, SyncStep
from cosfast.emulator import faults
from cosfast.transfer.journal import FileIdentity

TREE = {"a/1": b"one", "a/b/2": b"two", "a/b/ü 3": b"", "empty/": None, "top": b"top"}
LARGE = content(9 * 1024 * 1024)
on_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX has it, this system has not")


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "tree"
    write_tree(path, TREE)
    return path


def test_each_step_says_what_and_why(client, folder):
    put_tree(client, "/", {"a/1": b"another", "a/b/2": b"2wo", "top": b"top", "a/extra": b"12345"})
    steps = {step.name: step for step in cosfast.sync_up(client, folder, BUCKET, delete=True)}
    result = steps["a/1"].result
    assert (result.sha1, result.sent_bytes) == (hashlib.sha1(b"one").hexdigest(), 3)
    assert steps == {
        "a/": SyncStep(SyncAction.KEEP, "a/", None, "same"),
        "a/b/": SyncStep(SyncAction.KEEP, "a/b/", None, "same"),
        "empty/": SyncStep(SyncAction.CREATE_FOLDER, "empty/", None, "new"),
        "a/1": SyncStep(SyncAction.UPLOAD, "a/1", 3, "size differs", result=result),
        "a/b/2": SyncStep(
            SyncAction.UPLOAD, "a/b/2", 3, "content differs", result=steps["a/b/2"].result
        ),
        "a/b/ü 3": SyncStep(SyncAction.UPLOAD, "a/b/ü 3", 0, "new", result=steps["a/b/ü 3"].result),
        "top": SyncStep(SyncAction.KEEP, "top", 3, "same"),
        "a/extra": SyncStep(SyncAction.DELETE, "a/extra", 5, "extra"),
    }
    assert remote_tree(client, "/") == with_folders(TREE)


@pytest.mark.parametrize("up", [True, False])
def test_what_is_planned_is_what_the_progress_adds_up_to(client, folder, up):
    run = cosfast.sync_up if up else cosfast.sync_down
    where = (client, folder, BUCKET, "/") if up else (client, BUCKET, "/", folder)
    if up:
        put_tree(client, "/", {"a/1": b"another", "a/b/2": b"2wo", "top": b"top"})
    else:
        put_tree(client, "/", {"a/1": b"another", "a/b/2": b"2wo", "top": b"top", "new": b"12345"})
    told = []
    options = (cosfast.UploadOptions if up else cosfast.DownloadOptions)(
        progress=lambda count: told.append(("done", count))
    )
    planned = lambda count: told.append(("planned", count))  # noqa: E731
    assert list(run(*where, planned=planned, dry_run=True))
    assert told == []
    assert not errors_of(run(*where, planned=planned, options=options))
    sums = {kind: sum(count for what, count in told if what == kind) for kind, _ in told}
    size = 6 if up else 15
    assert sums == {"planned": size, "done": size}
    assert told[0][0] == "planned"


@pytest.mark.parametrize("base", ["/", "there", "/deep/er/"])
def test_to_a_folder_that_may_not_exist(client, folder, base):
    steps = list(cosfast.sync_up(client, str(folder), BUCKET, base))
    assert not errors_of(steps)
    assert ("./" in {step.name for step in steps}) == (base != "/")
    assert remote_tree(client, f"/{base.strip('/')}/".replace("//", "/")) == with_folders(TREE)


def test_an_empty_folder_is_one_there_too(client, tmp_path):
    assert done(cosfast.sync_up(client, tmp_path, BUCKET, "empty")) == {"create folder": {"./"}}
    assert client.exists(BUCKET, "empty/")


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_workers": 0},
        {"max_workers": True},
        {"bucket": "no bucket"},
        {"path": "a?"},
        {"filters": ["*.tmp"]},
        {"options": cosfast.DownloadOptions()},
    ],
    ids=str,
)
def test_invalid_arguments_are_refused_at_once(client, folder, wrong):
    with pytest.raises(cosfast.InputError):
        cosfast.sync_up(client, folder, **{"bucket": BUCKET, **wrong})


def test_a_folder_that_is_none(client, folder):
    with pytest.raises(FileNotFoundError):
        cosfast.sync_up(client, folder / "none", BUCKET)
    with pytest.raises(NotADirectoryError):
        cosfast.sync_up(client, folder / "top", BUCKET)


def test_nothing_happens_before_the_first_step_is_asked_for(client, folder):
    cosfast.sync_up(client, folder, BUCKET)
    assert remote_tree(client, "/") == {}


def test_a_server_that_refuses_the_client_is_no_step(emulator, folder):
    stranger = cosfast.Credentials("1250000000", "id-for-tests", "another-key")
    with cosfast.Client(stranger, endpoint=emulator.endpoint, journal=None) as client:
        with pytest.raises(cosfast.AuthenticationError):
            next(cosfast.sync_up(client, folder, BUCKET))


# Filters


def test_excluded_files_are_neither_sent_nor_deleted(client, folder):
    put_tree(client, "/", {"a/keep.tmp": b"1", "a/go": b"2", "x/y/z.tmp": b"3", "x/go": b"4"})
    write_tree(folder, {"b.tmp": b"5", "cache/c": b"6", "cache/d/e": b"7", "cache/top": b"8"})
    filters = [Filter.exclude("*.tmp"), Filter.exclude("cache/*"), Filter.include("*/top")]
    done(cosfast.sync_up(client, folder, BUCKET, filters=filters, delete=True))
    kept = {"a/keep.tmp": b"1", "x/y/z.tmp": b"3", "cache/top": b"8"}
    assert remote_tree(client, "/") == with_folders({**TREE, **kept})
    again = done(cosfast.sync_up(client, folder, BUCKET, filters=filters, delete=True))
    assert set(again) == {"keep"}


def test_an_excluded_folder_is_not_read(client, folder):
    os.symlink(folder, folder / "a" / "loop")  # an error, were it looked into
    filters = [Filter.exclude("a/*")]
    assert done(cosfast.sync_up(client, folder, BUCKET, filters=filters, delete=True))
    assert remote_tree(client, "/") == {"empty/": None, "top": b"top"}


def test_a_folder_in_the_way_that_holds_what_takes_no_part_stays(client, folder):
    put_tree(client, "/", {"top/a.tmp": b"1", "top/b": b"2"})
    filters = [Filter.exclude("*.tmp")]
    for dry_run in (True, False):
        steps = cosfast.sync_up(
            client, folder, BUCKET, filters=filters, delete=True, dry_run=dry_run
        )
        [(name, error)] = errors_of(steps).items()
        assert (name, type(error)) == ("top", FileExistsError)
    assert remote_tree(client, "/") == with_folders(
        {**{name: data for name, data in TREE.items() if name != "top"}, "top/a.tmp": b"1"}
    )


# Failures


def test_one_failure_stops_no_other(client, emulator, folder):
    put_tree(client, "/", {"extra": b""})
    emulator.faults.add("upload", faults.Refusal(code=-285))
    emulator.faults.add("create", faults.Refusal(code=-285))
    errors = errors_of(cosfast.sync_up(client, folder, BUCKET, delete=True))
    assert [error.code for error in errors.values()] == [-285, -285]
    _folder, failed = errors
    there = {name for name in remote_tree(client, "/") if not name.endswith("/")}
    assert there == {name for name, data in TREE.items() if data is not None} - {failed}


@on_posix
@pytest.mark.parametrize("dry_run", [True, False])
def test_names_that_the_protocol_does_not_allow(client, folder, dry_run):
    write_tree(folder, {"what?": b"1", "x:y/z": b"2", "  ": b"3"})
    with open(os.fsencode(folder) + b"/no-utf-8-\xff", "wb"):
        pass
    put_tree(client, "/", {"extra": b""})
    steps = list(cosfast.sync_up(client, folder, BUCKET, delete=True, dry_run=dry_run))
    errors = errors_of(steps)
    assert set(errors) == {"what?", "x:y/", "x:y/z", "  ", "no-utf-8-\udcff"}
    assert all(isinstance(error, cosfast.InputError) for error in errors.values())
    assert remote_tree(client, "/") == ({"extra": b""} if dry_run else with_folders(TREE))


@on_posix
@pytest.mark.parametrize("hinder", ["a dangling link", "a loop", "an unreadable folder"])
def test_nothing_is_deleted_if_the_source_cannot_be_read(client, folder, hinder, monkeypatch):
    put_tree(client, "/", {"extra": b"", "top/in the way": b"", "locked/inside": b"1"})
    if hinder == "a loop":
        os.symlink(folder, folder / "hinder")
    elif hinder == "a dangling link":
        os.symlink("nowhere", folder / "hinder")
    else:
        (folder / "locked").mkdir()
        really = os.scandir

        def refuse(path):
            if str(path).endswith("locked"):
                raise PermissionError(errno.EACCES, "permission denied", path)
            return really(path)

        monkeypatch.setattr("cosfast.transfer.localfiles.os.scandir", refuse)
    steps = list(cosfast.sync_up(client, folder, BUCKET, delete=True))
    errors = errors_of(steps)
    assert len(errors) == 3
    assert isinstance(errors["top"], FileExistsError)
    assert "nothing is deleted" in str(errors["./"])
    there = remote_tree(client, "/")
    assert {"extra", "top/in the way", "locked/inside", "a/b/2"} <= set(there)


def test_nothing_is_deleted_if_a_file_cannot_be_sent(client, folder, monkeypatch):
    """A file that fails when it is opened is as unread as one that fails when it is listed."""
    put_tree(client, "/", {"extra": b""})
    really = cosfast.cosv4.upload.open_source

    def refuse(path):
        if str(path).endswith("2"):
            raise PermissionError(errno.EACCES, "permission denied", path)
        return really(path)

    monkeypatch.setattr("cosfast.cosv4.upload.open_source", refuse)
    errors = errors_of(cosfast.sync_up(client, folder, BUCKET, delete=True))
    assert set(errors) == {"a/b/2", "./"}
    assert "extra" in remote_tree(client, "/")


@on_posix
def test_what_is_no_file_is_an_error_and_waited_for_by_nobody(client, folder):
    os.mkfifo(folder / "pipe")
    put_tree(client, "/", {"pipe": b"", "extra": b""})
    errors = errors_of(cosfast.sync_up(client, folder, BUCKET, delete=True))
    assert set(errors) == {"pipe"}
    assert remote_tree(client, "/") == with_folders({**TREE, "pipe": b""})


@on_posix
def test_links_are_followed(client, folder, tmp_path):
    write_tree(tmp_path / "elsewhere", {"x/y": b"z"})
    os.symlink(tmp_path / "elsewhere", folder / "linked")
    os.symlink(folder / "top", folder / "alias")
    assert done(cosfast.sync_up(client, folder, BUCKET))
    assert remote_tree(client, "/") == with_folders({**TREE, "linked/x/y": b"z", "alias": b"top"})


def test_partial_files_of_downloads_are_not_sent(client, folder):
    write_tree(folder, {"a/.x.cosfast-part": b"1", ".x.cosfast-of": b"2", "cosfast-part": b"3"})
    assert done(cosfast.sync_up(client, folder, BUCKET))
    assert remote_tree(client, "/") == with_folders({**TREE, "cosfast-part": b"3"})


def test_a_file_that_changes_while_it_is_sent(client, folder):
    (folder / "large").write_bytes(LARGE)
    changed = []

    def change(_count):
        if not changed:
            changed.append((folder / "large").write_bytes(LARGE[:-1] + b"!"))

    options = cosfast.UploadOptions(hash_progress=change)
    put_tree(client, "/", {"large": LARGE[::-1]})
    steps = {s.name: s for s in cosfast.sync_up(client, folder, BUCKET, options=options)}
    assert isinstance(steps["large"].error, cosfast.SourceChanged)
    assert client.stat(BUCKET, "large").sha1 == hashlib.sha1(LARGE[::-1]).hexdigest()
    assert not errors_of(cosfast.sync_up(client, folder, BUCKET))
    assert client.read(BUCKET, "large") == LARGE[:-1] + b"!"


def test_cancelled(client, folder):
    put_tree(client, "/", {"extra": b""})
    cancel = cosfast.CancelToken()
    cancel.cancel()
    steps = cosfast.sync_up(
        client, folder, BUCKET, delete=True, options=cosfast.UploadOptions(cancel=cancel)
    )
    errors = errors_of(steps)
    assert {type(error) for name, error in errors.items() if name != "./"} == {cosfast.Cancelled}
    assert {name for name in remote_tree(client, "/") if not name.endswith("/")} == {"extra"}


def test_progress_is_of_all(client, folder):
    seen = []
    options = cosfast.UploadOptions(progress=seen.append)
    assert done(cosfast.sync_up(client, folder, BUCKET, options=options))
    assert sum(seen) == sum(len(data or b"") for data in TREE.values())


# What is known is not done again


@pytest.fixture
def hashed(monkeypatch):
    """The paths that are hashed for comparing, from now on."""
    paths = []
    really = cosfast.sync.comparator.uploadparts_many

    def noted(wanted, **keywords):
        wanted = list(wanted)
        paths.extend(os.path.basename(path) for path in wanted)
        return really(wanted, **keywords)

    monkeypatch.setattr("cosfast.sync.comparator.uploadparts_many", noted)
    return paths


@pytest.fixture
def remembering(emulator, tmp_path):
    with connect(emulator.endpoint, journal=cosfast.Journal(tmp_path / "journal")) as client:
        yield client


def test_an_unchanged_tree_is_hashed_once(remembering, folder, hashed):
    (folder / "large").write_bytes(LARGE)
    put_tree(remembering, "/", {"large": LARGE, "a/1": b"one"})
    wait_until_settled(folder)
    done(cosfast.sync_up(remembering, folder, BUCKET))
    assert sorted(hashed) == ["1", "large"]
    done(cosfast.sync_up(remembering, folder, BUCKET))  # the others were hashed when they were sent
    assert sorted(hashed) == ["1", "large"]
    (folder / "a" / "1").write_bytes(b"uno")
    done(cosfast.sync_up(remembering, folder, BUCKET))
    assert sorted(hashed) == ["1", "1", "large"]
    assert remote_tree(remembering, "/") == read_tree(folder)


def test_an_abandoned_sync_remembers_its_digests(remembering, folder, hashed):
    wait_until_settled(folder)
    steps = cosfast.sync_up(remembering, folder, BUCKET, max_workers=1)
    sent = next(step for step in steps if step.result)
    steps.close()
    identity = FileIdentity.of(os.stat(folder / sent.name))
    assert remembering.journal.digest_of(identity) == sent.result.sha1


def test_what_was_hashed_to_compare_is_not_hashed_to_send(client, folder, hashed, monkeypatch):
    (folder / "large").write_bytes(LARGE)
    put_tree(client, "/", {"large": LARGE[::-1]})

    def refuse(*arguments, **keywords):
        raise AssertionError("hashed again")

    monkeypatch.setattr("cosfast.transfer.content.parts_of", refuse)
    done(cosfast.sync_up(client, folder, BUCKET, filters=[Filter.exclude("*/*")]))
    assert hashed == ["large"]
    assert client.stat(BUCKET, "large").sha1 == hashlib.sha1(LARGE).hexdigest()


# Files that are not as long as the system says


@pytest.mark.parametrize("name", KERNEL_FILES)
def test_a_kernel_file_is_sent_whole_and_once(remembering, folder, name):
    path, data = kernel_file(name)
    os.symlink(path, folder / "kernel")
    for action in ("upload", "keep"):
        step = next(s for s in cosfast.sync_up(remembering, folder, BUCKET) if s.name == "kernel")
        assert (step.action.value, step.error) == (action, None)
        assert remembering.read(BUCKET, "kernel") == data


@pytest.mark.parametrize("size", [3, 9 * 1024 * 1024])
@pytest.mark.parametrize("claimed", [0, 2, 9 * 1024 * 1024 + 1])
def test_a_file_of_any_claimed_size(remembering, folder, monkeypatch, size, claimed):
    """Its content is compared, not its size, and what it had is not remembered by its stamps."""
    path = folder / "file"
    first, second = content(size), content(size)[::-1]
    path.write_bytes(first)
    wait_until_settled(folder)
    stamps = os.stat(path)

    def listed(*arguments, **keywords):
        for found in cosfast.transfer.localfiles.walk(*arguments, **keywords):
            is_it = found.name == "file"
            yield found._replace(status=with_size(stamps, claimed)) if is_it else found

    monkeypatch.setattr("cosfast.sync.listing.walk", listed)
    with monkeypatch.context() as patch:
        claim_size(patch, path, claimed)
        for action in ("upload", "keep"):
            (step,) = [s for s in cosfast.sync_up(remembering, folder, BUCKET) if s.name == "file"]
            assert (step.action.value, step.error) == (action, None)
            assert remembering.read(BUCKET, "file") == first
    path.write_bytes(second)
    claim_size(monkeypatch, path, claimed)
    assert not errors_of(cosfast.sync_up(remembering, folder, BUCKET))
    assert remembering.read(BUCKET, "file") == second


def test_a_file_that_was_empty_and_still_says_so(remembering, folder, monkeypatch):
    """As a kernel file does: neither its size nor its time stamps tell that it has content now."""
    path = folder / "a/b/ü 3"
    wait_until_settled(folder)
    stamps = os.stat(path)
    done(cosfast.sync_up(remembering, folder, BUCKET))
    assert set(done(cosfast.sync_up(remembering, folder, BUCKET))) == {"keep"}
    assert remembering.journal.digest_of(FileIdentity.of(stamps)) == hashlib.sha1().hexdigest()
    path.write_bytes(b"no longer empty")

    def listed(*arguments, **keywords):
        for found in cosfast.transfer.localfiles.walk(*arguments, **keywords):
            yield found._replace(status=stamps) if found.path == str(path) else found

    monkeypatch.setattr("cosfast.sync.listing.walk", listed)
    claim_size(monkeypatch, path, 0)
    assert done(cosfast.sync_up(remembering, folder, BUCKET))["upload"] == {"a/b/ü 3"}
    assert remembering.read(BUCKET, "a/b/ü 3") == b"no longer empty"
