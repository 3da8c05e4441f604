"""Folders made, files and folders copied, moved and deleted."""

from __future__ import annotations

import errno

import pytest
from emulated import BUCKET
from trees import remote_tree

TREE = ("a/1", "a/2", "a/b/3", "a/b/c/4", "d/5", "e")


@pytest.fixture
def tree(fs):
    for path in TREE:
        fs.client.upload(path.encode(), BUCKET, path)
    return fs


def files(fs):
    """Return the text of each file by its path, past every cache."""
    tree = remote_tree(fs.client, "/")
    return {path: data.decode() for path, data in tree.items() if data is not None}


def folders(fs):
    listed = fs.client.list(BUCKET, recursive=True)
    return {entry.path for entry in listed if entry.is_folder}


UNCHANGED = {path: path for path in TREE}


# Folders


def test_mkdir(tree):
    tree.mkdir("bucket/x/y/z")
    assert tree.isdir("bucket/x/y/z")
    assert tree.ls("bucket/x/y/z") == []
    with pytest.raises(FileExistsError):
        tree.mkdir("bucket/x/y")
    with pytest.raises(FileExistsError):
        tree.mkdir("bucket/e")
    with pytest.raises(NotADirectoryError):
        tree.mkdir("bucket/e/f/g")
    with pytest.raises(FileNotFoundError):
        tree.mkdir("bucket/none/below", create_parents=False)


def test_makedirs(tree):
    tree.makedirs("bucket/x/y")
    with pytest.raises(FileExistsError):
        tree.makedirs("bucket/x/y")
    tree.makedirs("bucket/x/y", exist_ok=True)
    tree.makedirs("bucket", exist_ok=True)
    with pytest.raises(FileExistsError):
        tree.makedirs("bucket/e", exist_ok=True)


def test_rmdir(tree):
    with pytest.raises(OSError) as caught:
        tree.rmdir("bucket/d")
    assert caught.value.errno == errno.ENOTEMPTY
    with pytest.raises(NotADirectoryError):
        tree.rmdir("bucket/e")
    with pytest.raises(FileNotFoundError):
        tree.rmdir("bucket/none")
    tree.rm_file("bucket/d/5")
    tree.rmdir("bucket/d")
    assert not tree.exists("bucket/d")


def test_there_is_no_call_for_buckets(tree):
    for call in (tree.mkdir, tree.makedirs, tree.rmdir, tree.rm):
        with pytest.raises(NotImplementedError, match="bucket"):
            call("bucket")
    with pytest.raises(NotImplementedError):
        tree.rm("bucket", recursive=True)
    with pytest.raises(NotImplementedError):
        tree.mv("bucket", "other")
    assert files(tree) == UNCHANGED


# Deleting


def test_rm_of_files(tree):
    tree.rm(["bucket/e", "bucket/a/1"])
    tree.rm("bucket/a/b/*/4")
    assert set(files(tree)) == {"a/2", "a/b/3", "d/5"}


@pytest.mark.parametrize("path", ["bucket/a", "bucket/*", ["bucket/e", "bucket/a"]])
def test_rm_takes_a_folder_only_when_told_to(tree, path):
    with pytest.raises(IsADirectoryError):
        tree.rm(path)
    assert files(tree) == UNCHANGED
    with pytest.raises(IsADirectoryError):
        tree.rm_file("bucket/a")


def test_rm_of_folders(tree):
    tree.rm(["bucket/a", "bucket/a/b", "bucket/e"], recursive=True)
    assert files(tree) == {"d/5": "d/5"}
    assert folders(tree) == {"/d/"}
    tree.rm("bucket/*", recursive=True)
    assert not files(tree)


def test_rm_down_to_some_depth(tree):
    tree.rm("bucket/a", recursive=True, maxdepth=1)
    assert set(files(tree)) == {"a/b/3", "a/b/c/4", "d/5", "e"}


# Copying


def test_cp_on_the_server(tree):
    tree.cp_file("bucket/e", "bucket/new/folder/f")
    tree.cp_file("bucket/e", "bucket/a/1")
    assert files(tree) == {**UNCHANGED, "new/folder/f": "e", "a/1": "e"}


def test_cp_of_a_folder(tree):
    tree.cp("bucket/a", "bucket/d", recursive=True)
    assert tree.cat_file("bucket/d/a/b/c/4") == b"a/b/c/4"


def test_cp_to_itself_changes_nothing(tree):
    tree.cp_file("bucket/e", "cosv4://bucket/e")
    assert files(tree) == UNCHANGED


def test_cp_to_another_bucket(tree):
    tree.client.update(BUCKET, "e", biz_attr="kept")
    tree.cp_file("bucket/e", "other/folder/f")
    assert tree.cat_file("other/folder/f") == b"e"
    assert tree.info("other/folder/f")["biz_attr"] == "kept"
    assert files(tree) == UNCHANGED


@pytest.mark.parametrize("operation", ["cp_file", "mv"])
def test_neither_where_it_cannot_be(tree, operation):
    call = getattr(tree, operation)
    with pytest.raises(FileNotFoundError, match="bucket/none"):
        call("bucket/none", "bucket/new/folder/f")
    assert not tree.exists("bucket/new")
    with pytest.raises(NotADirectoryError, match="bucket/e"):
        call("bucket/d/5", "bucket/e/below/f")
    assert files(tree) == UNCHANGED


def test_cp_over_a_folder(tree):
    with pytest.raises(IsADirectoryError):
        tree.cp_file("bucket/e", "bucket/a")
    assert files(tree) == UNCHANGED


# Moving


@pytest.mark.parametrize(
    ("source", "target", "becomes"),
    [
        ("bucket/e", "bucket/f", "f"),
        ("bucket/e", "bucket/new/folder/f", "new/folder/f"),
        ("bucket/e", "bucket/a/1", "a/1"),
        ("bucket/e", "bucket/a", "a/e"),
        ("bucket/e", "bucket/new/", "new/e"),
        ("bucket/e", "other/f", None),
    ],
)
def test_mv_of_a_file(tree, source, target, becomes):
    tree.mv(source, target)
    assert not tree.exists("bucket/e")
    if becomes is None:
        assert tree.cat_file("other/f") == b"e"
    else:
        assert files(tree)[becomes] == "e"


@pytest.mark.parametrize(
    ("source", "target", "becomes"),
    [
        ("bucket/a", "bucket/x", "x"),
        ("bucket/a", "bucket/x/y", "x/y"),
        ("bucket/a", "bucket/d", "d/a"),
        ("bucket/a/", "bucket/d", "d"),
        ("bucket/a", "bucket/x/", "x/a"),
    ],
)
def test_mv_of_a_folder(tree, source, target, becomes):
    tree.makedirs("bucket/a/empty")
    tree.mv(source, target, recursive=True)
    moved = {path.replace("a", becomes, 1): path for path in TREE if path.startswith("a/")}
    assert files(tree) == {"d/5": "d/5", "e": "e", **moved}
    assert f"/{becomes}/empty/" in folders(tree)
    assert "/a/" not in folders(tree)


def test_mv_of_a_folder_to_another_bucket(tree):
    tree.mv("bucket/a", "other/x")
    assert tree.cat_file("other/x/b/c/4") == b"a/b/c/4"
    assert set(files(tree)) == {"d/5", "e"}


def test_mv_of_several(tree):
    tree.mv(["bucket/e", "bucket/d/5"], "bucket/x/")
    tree.mv("bucket/a/*", "bucket/y")
    tree.mv(["bucket/x/e", "bucket/x/5"], ["bucket/E", "bucket/z/5"])
    assert set(files(tree)) == {"E", "z/5", "y/1", "y/2", "y/b/3", "y/b/c/4"}
    with pytest.raises(FileNotFoundError):
        tree.mv("bucket/none/*", "bucket/y")


def test_two_do_not_become_one(tree):
    tree.pipe_file("bucket/d/1", b"another")
    with pytest.raises(ValueError, match="have the same name"):
        tree.mv(["bucket/a/1", "bucket/d/1"], "bucket/x")
    assert set(files(tree)) == {*UNCHANGED, "d/1"}


def test_mv_down_to_some_depth(tree):
    tree.mv("bucket/a", "bucket/x", recursive=True, maxdepth=1)
    assert {"x/1", "x/2"} <= set(files(tree))
    assert "x/b/3" not in files(tree)


def test_mv_into_itself(tree):
    with pytest.raises(OSError, match="into itself"):
        tree.mv("bucket/a", "bucket/a/b/x")
    tree.mv("bucket/e", "bucket/e")
    assert files(tree) == UNCHANGED


def test_mv_of_a_folder_over_a_file(tree):
    with pytest.raises(FileExistsError):
        tree.mv("bucket/a", "bucket/e")
    assert files(tree) == UNCHANGED
