"""What is there: described, listed, found; and how long it is believed."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
import requests
from emulated import BUCKET

from cosfast.emulator import faults
from cosfast.fs import CosV4FileSystem

TREE = ("a/1", "a/2", "a/b/3", "a/b/c/4", "d/5", "e")


@pytest.fixture
def tree(fs):
    for path in TREE:
        fs.client.upload(path.encode(), BUCKET, path)
    return fs


def test_a_file_is_described(tree):
    info = tree.info("cosv4://bucket/a/1")
    assert info["name"] == "bucket/a/1"
    assert (info["type"], info["size"]) == ("file", 3)
    assert info["sha1"] == hashlib.sha1(b"a/1").hexdigest()
    assert info["mtime"].tzinfo is UTC
    assert tree.size("bucket/a/1") == 3


@pytest.mark.parametrize("path", ["bucket/a", "bucket/a/", "/bucket//a", "cosv4://bucket/a/"])
def test_a_folder_in_each_spelling(tree, path):
    assert tree.info(path)["name"] == "bucket/a"
    assert tree.isdir(path)
    assert not tree.isfile(path)


def test_buckets_are_folders_that_cannot_be_listed(tree):
    assert tree.info("")["type"] == "directory"
    assert tree.isdir("cosv4://")
    assert tree.isdir("cosv4://bucket")
    with pytest.raises(NotImplementedError, match="list buckets"):
        tree.ls("")
    with pytest.raises(NotImplementedError, match="list buckets"):
        tree.glob("cosv4://*/a")


@pytest.mark.parametrize("cached", [True, False])
def test_ls(client, tree, cached):
    fs = CosV4FileSystem(client=client, use_listings_cache=cached)
    assert fs.ls("bucket", detail=False) == ["bucket/a", "bucket/d", "bucket/e"]
    for _ in range(2):
        entries = fs.ls("bucket/a")
        assert entries == [fs.info(entry["name"], refresh=True) for entry in entries]
    assert fs.ls("bucket/e") == [fs.info("bucket/e")]


def test_nothing_there(tree):
    for call in (
        tree.ls,
        tree.info,
        tree.modified,
        tree.cat_file,
        tree.open,
        tree.rm_file,
        tree.rm,
    ):
        with pytest.raises(FileNotFoundError, match="bucket/a/none") as caught:
            call("bucket/a/none")
    assert caught.value.filename == "bucket/a/none"
    assert not tree.exists("bucket/a/none")
    assert not tree.isdir("bucket/a/none")
    assert not tree.exists("bucket/what?")


def test_find_glob_walk_du(tree):
    assert tree.find("bucket") == sorted(f"bucket/{path}" for path in TREE)
    assert tree.find("bucket/a", maxdepth=1) == ["bucket/a/1", "bucket/a/2"]
    assert tree.find("bucket/d", withdirs=True) == ["bucket/d", "bucket/d/5"]
    assert tree.find("bucket/e") == ["bucket/e"]
    assert tree.glob("cosv4://bucket/a/*") == ["bucket/a/1", "bucket/a/2", "bucket/a/b"]
    assert tree.glob("bucket/**/[34]") == ["bucket/a/b/3", "bucket/a/b/c/4"]
    assert list(tree.walk("bucket/a/b")) == [
        ("bucket/a/b", ["c"], ["3"]),
        ("bucket/a/b/c", [], ["4"]),
    ]
    assert tree.du("bucket") == sum(map(len, TREE))
    assert tree.du("bucket/a/b", total=False) == {"bucket/a/b/3": 5, "bucket/a/b/c/4": 7}


def test_a_listing_is_believed_until_it_is_forgotten(tree):
    assert len(tree.ls("bucket/a")) == 3
    tree.client.upload(b"", BUCKET, "a/new")
    tree.client.delete(BUCKET, "a/1")
    assert not tree.exists("bucket/a/new")
    assert tree.exists("bucket/a/1")
    assert tree.exists("bucket/a/new", refresh=True)
    with pytest.raises(FileNotFoundError):
        tree.cat_file("bucket/a/1")
    assert "bucket/a/new" in tree.ls("bucket/a", detail=False, refresh=True)
    tree.client.delete(BUCKET, "a/2")
    tree.invalidate_cache("bucket/a")
    assert not tree.exists("bucket/a/2")


def test_without_a_cache_nothing_is_believed(client, tree):
    fs = CosV4FileSystem(client=client, use_listings_cache=False)
    assert len(fs.ls("bucket/a")) == 3
    client.delete(BUCKET, "a/1")
    assert len(fs.ls("bucket/a")) == 2


def test_a_listing_may_expire(client, tree):
    fs = CosV4FileSystem(client=client, listings_expiry_time=-1)
    assert len(fs.ls("bucket/a")) == 3
    client.delete(BUCKET, "a/1")
    assert len(fs.ls("bucket/a")) == 2


WRITES = {
    "pipe_file": lambda fs, path, tmp: fs.pipe_file("bucket/a/b/new/x", b"1"),
    "open": lambda fs, path, tmp: fs.open("bucket/a/b/new/x", "wb").close(),
    "put_file": lambda fs, path, tmp: fs.put_file(path, "bucket/a/b/new/x"),
    "cp_file": lambda fs, path, tmp: fs.cp_file("bucket/e", "bucket/a/b/new/x"),
    "mv": lambda fs, path, tmp: fs.mv("bucket/e", "bucket/a/b/new/x"),
    "touch": lambda fs, path, tmp: fs.touch("bucket/a/b/new/x"),
    "makedirs": lambda fs, path, tmp: fs.makedirs("bucket/a/b/new/x"),
}


@pytest.mark.parametrize("write", WRITES)
def test_each_write_forgets_what_it_made_untrue(tree, tmp_path, write):
    local = tmp_path / "file"
    local.write_bytes(b"1")
    assert not tree.exists("bucket/a/b/new/x")
    before = [tree.ls(path, detail=False) for path in ("bucket", "bucket/a", "bucket/a/b")]
    assert "bucket/a/b/new" not in before[2]
    WRITES[write](tree, str(local), tmp_path)
    assert "bucket/a/b/new" in tree.ls("bucket/a/b", detail=False)
    assert tree.exists("bucket/a/b/new/x")
    assert tree.exists("bucket/e") == (write != "mv")


@pytest.mark.parametrize("recursive", [False, True])
def test_each_deletion_too(tree, recursive):
    tree.find("bucket")
    if recursive:
        tree.rm("bucket/a", recursive=True)
    else:
        tree.rm_file("bucket/a/b/c/4")
        tree.rmdir("bucket/a/b/c")
    assert not tree.exists("bucket/a/b/c/4")
    assert not tree.exists("bucket/a/b/c")
    assert tree.exists("bucket/a/b") != recursive


def test_times(tree):
    now = datetime.now(UTC)
    for path in ("bucket/e", "bucket/a"):
        for time in (tree.created(path), tree.modified(path)):
            assert abs(now - time) < timedelta(hours=1)


def test_what_changes_with_the_content(tree):
    tree.ls("bucket")  # a listing is not asked for these
    key, checksum, folder = tree.ukey("bucket/e"), tree.checksum("bucket/e"), tree.ukey("bucket/a")
    assert key == hashlib.sha1(b"e").hexdigest()
    assert tree.ukey("bucket/a") == folder != tree.ukey("bucket/d")
    tree.client.upload(b"f", BUCKET, "e", overwrite=True)
    assert tree.ukey("bucket/e") != key
    assert tree.checksum("bucket/e") != checksum


def test_a_signed_url_downloads(tree):
    assert requests.get(tree.sign("bucket/e", expiration=60), timeout=10).content == b"e"


def test_an_error_is_no_absence(emulator, tree):
    for call in (tree.exists, tree.isdir, tree.isfile):
        emulator.faults.add("stat", faults.Refusal(-97))
        with pytest.raises(PermissionError) as caught:
            call("bucket/none/at/all")
    assert caught.value.__cause__.code == -97
    emulator.faults.check_all_fired()
