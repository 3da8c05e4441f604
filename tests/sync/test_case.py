"""A folder whose file system ignores case, as on macOS and Windows, fetched from a bucket.

COSFAST_CASELESS names a folder on such a file system, if the temporary folder is not on one.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from emulated import BUCKET
from trees import done, errors_of, put_tree, read_tree, write_tree

import cosfast
from cosfast import Filter, InputError, SyncAction
from cosfast.sync.case import find_rivals, ignores_case, spellings


@pytest.fixture
def folder(tmp_path):
    base = Path(os.environ.get("COSFAST_CASELESS", tmp_path))
    with TemporaryDirectory(dir=base) as name:
        Path(name, "x").touch()
        if not Path(name, "X").exists():
            pytest.skip("the file system heeds case")
        yield Path(name) / "tree"


def down(client, folder, **keywords):
    return cosfast.sync_down(client, BUCKET, "base", folder, **keywords)


def test_a_file_that_is_spelled_differently_is_the_same_file(client, folder):
    put_tree(client, "/base/", {"dir/a": b"one", "dir/b": b"new", "c": b"same"})
    write_tree(folder, {"Dir/A": b"one", "Dir/B": b"old", "Dir/extra": b"x", "C": b"same"})
    dry = {step.name: step.action for step in down(client, folder, dry_run=True, delete=True)}
    assert dry == {
        "dir/": SyncAction.KEEP,
        "dir/a": SyncAction.KEEP,
        "c": SyncAction.KEEP,
        "dir/b": SyncAction.DOWNLOAD,
        "dir/extra": SyncAction.DELETE,
    }
    options = cosfast.DownloadOptions(overwrite=True)
    assert not errors_of(down(client, folder, delete=True, options=options))
    found = {name.lower(): content for name, content in read_tree(folder).items()}
    assert found == {"dir/": None, "dir/a": b"one", "dir/b": b"new", "c": b"same"}
    assert set(done(down(client, folder, delete=True))) == {"keep"}


def test_names_that_would_be_one_file(client, folder):
    put_tree(client, "/base/", {"a": b"1", "A": b"2", "b": b"3", "D/x": b"4", "d/y": b"5"})
    write_tree(folder, {"a": b"mine", "d/z": b"mine"})
    errors = errors_of(down(client, folder, delete=True))
    assert "nothing is deleted" in str(errors.pop("./"))
    assert set(errors) == {"a", "A", "D/", "d/"}
    assert all(isinstance(error, InputError) for error in errors.values())
    assert read_tree(folder) == {"a": b"mine", "b": b"3", "d/": None, "d/z": b"mine"}


def test_a_filter_decides_between_them(client, folder):
    put_tree(client, "/base/", {"a": b"1", "A": b"2"})
    assert not errors_of(down(client, folder, filters=[Filter.exclude("A")]))
    assert read_tree(folder) == {"a": b"1"}


def test_a_folder_where_a_file_has_to_be(client, folder):
    put_tree(client, "/base/", {"a": b"1"})
    write_tree(folder, {"A/x": b"2"})
    assert set(errors_of(down(client, folder))) == {"a"}
    assert not errors_of(down(client, folder, delete=True))
    assert read_tree(folder) == {"a": b"1"}


def test_a_file_system_that_heeds_case(client, tmp_path):
    (tmp_path / "x").touch()
    if os.path.exists(tmp_path / "X"):
        pytest.skip("the file system ignores case")
    tree = {"a": b"1", "A": b"2", "D/x": b"3", "d/x": b"4"}
    put_tree(client, "/base/", tree)
    assert not ignores_case(str(tmp_path))
    write_tree(tmp_path / "tree", {"D/X": b"5"})
    assert not errors_of(down(client, tmp_path / "tree", delete=True))
    assert read_tree(tmp_path / "tree") == {**tree, "D/": None, "d/": None}


def test_rivals():
    assert find_rivals(["a", "b", "c/"]) == {}
    assert find_rivals(["a", "A/", "b"]) == {"a": "A/", "A/": "a"}
    assert find_rivals(["é", "e\u0301"]) == {"é": "e\u0301", "e\u0301": "é"}  # on macOS
    assert find_rivals(["x", "X", "y"]) == {"x": "X", "X": "x"}


def test_spellings():
    listed = ["Dir/", "Dir/Sub/", "Dir/Sub/a", "Dir/b", "same"]
    wanted = ["dir/", "dir/sub/", "dir/sub/A", "same"]
    assert spellings(listed, wanted, lambda _path: False) == {}
    assert spellings(listed, wanted, lambda _path: True) == {
        "Dir/": "dir/",
        "Dir/Sub/": "dir/sub/",
        "Dir/Sub/a": "dir/sub/A",
        "Dir/b": "dir/b",
    }
