"""Names with the characters of patterns: a path that exists is that path."""

from __future__ import annotations

import os

import pytest
from emulated import BUCKET
from fsspec.implementations.local import LocalFileSystem
from trees import remote_tree

import cosfast

TREE = ("d/[x]", "d/x", "d/[y]/1", "d/[y]/[2]", "d/[y]/2", "d/y/1", "d/y/3", "d/[!z]", "d/a")
LITERAL, OTHER = "bucket/d/[x]", "bucket/d/x"
on_posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such names")


@pytest.fixture
def tree(fs):
    for path in TREE:
        fs.client.upload(path.encode(), BUCKET, path)
    return fs


def files(fs):
    """Return the text of each file by its path, past every cache."""
    tree = remote_tree(fs.client, "/")
    return {path: data.decode() for path, data in tree.items() if data is not None}


UNCHANGED = {path: path for path in TREE}


def without(*paths):
    return {path: data for path, data in UNCHANGED.items() if path not in paths}


def local_files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


# What is looked at


def test_reading(tree):
    assert tree.cat(LITERAL) == b"d/[x]"
    assert tree.cat([LITERAL, "bucket/d/a"]) == {LITERAL: b"d/[x]", "bucket/d/a": b"d/a"}
    assert tree.cat("bucket/d/[y]", recursive=True) == {
        f"bucket/d/[y]/{name}": f"d/[y]/{name}".encode() for name in ("1", "2", "[2]")
    }
    assert tree.cat("bucket/d/[y]/[2]") == b"d/[y]/[2]"
    assert tree.cat("bucket/d/[!z]") == b"d/[!z]"
    assert tree.cat_ranges([LITERAL], 0, 4) == [b"d/[x"]
    with tree.open(LITERAL) as file:
        assert file.read() == b"d/[x]"


def test_looking(tree):
    assert tree.exists(LITERAL)
    assert tree.info("bucket/d/[y]")["type"] == "directory"
    assert tree.du("bucket/d/[y]") == sum(map(len, ("d/[y]/1", "d/[y]/2", "d/[y]/[2]")))
    assert tree.find("bucket/d/[y]") == [f"bucket/d/[y]/{name}" for name in ("1", "2", "[2]")]
    assert tree.find(LITERAL) == [LITERAL]
    assert tree.ls("bucket/d/[y]", detail=False) == tree.find("bucket/d/[y]")
    assert tree.expand_path(LITERAL) == [LITERAL]
    assert tree.expand_path("bucket/d/[y]", recursive=True, maxdepth=1) == [
        "bucket/d/[y]",
        *tree.find("bucket/d/[y]"),
    ]


def test_glob_takes_what_exists_literally(tree):
    assert tree.glob(LITERAL) == [LITERAL]
    assert tree.glob(LITERAL, detail=True)[LITERAL]["size"] == 5
    assert tree.glob("bucket/d/[y]/*") == tree.find("bucket/d/[y]")
    assert tree.glob("bucket/d/[y]/**") == ["bucket/d/[y]", *tree.find("bucket/d/[y]")]
    assert tree.glob("bucket/d/[y]/[12]") == ["bucket/d/[y]/1", "bucket/d/[y]/2"]
    assert tree.glob("bucket/d/[y]/") == ["bucket/d/[y]"]


def test_glob_is_fsspecs_where_nothing_of_that_name_exists(tree):
    assert tree.glob("bucket/d/[xa]") == ["bucket/d/a", OTHER]
    assert tree.glob("bucket/d/[[]*") == ["bucket/d/[!z]", LITERAL, "bucket/d/[y]"]
    assert tree.glob("bucket/*/[x]") == [OTHER]
    assert tree.glob("bucket/d/[y]/3") == []
    assert tree.glob("bucket/none/[x]") == []
    assert tree.glob("bucket/**", maxdepth=1) == ["bucket", "bucket/d"]
    with pytest.raises(ValueError):
        tree.glob("bucket/**", maxdepth=0)


# What is changed


@pytest.mark.parametrize("recursive", [False, True])
def test_rm(tree, recursive):
    tree.rm(LITERAL, recursive=recursive)
    assert files(tree) == without("d/[x]")


def test_rm_of_a_folder(tree):
    tree.rm("bucket/d/[y]", recursive=True)
    assert files(tree) == without("d/[y]/1", "d/[y]/2", "d/[y]/[2]")


def test_rm_down_to_some_depth(tree):
    tree.client.upload(b"deeper", BUCKET, "d/[y]/4/5")
    tree.rm("bucket/d/[y]", recursive=True, maxdepth=1)
    assert files(tree) == {**without("d/[y]/1", "d/[y]/2", "d/[y]/[2]"), "d/[y]/4/5": "deeper"}


def test_rm_in_a_literal_folder_stays_in_it(tree):
    tree.rm("bucket/d/[y]/*")
    assert files(tree) == without("d/[y]/1", "d/[y]/2", "d/[y]/[2]")
    with pytest.raises(FileNotFoundError):
        tree.rm("bucket/d/[y]/1")
    assert files(tree) == without("d/[y]/1", "d/[y]/2", "d/[y]/[2]")


def test_rm_goes_by_the_server_and_not_by_a_listing_that_is_kept(tree):
    tree.client.delete(BUCKET, "d/[x]")
    tree.ls("bucket/d")
    tree.client.upload(b"new", BUCKET, "d/[x]")
    tree.rm(LITERAL)
    assert files(tree) == without("d/[x]")


@pytest.mark.parametrize("operation", ["cp", "mv"])
@pytest.mark.parametrize(
    ("target", "becomes"),
    [
        ("bucket/e", "e"),
        ("bucket/e/", "e/[x]"),
        ("bucket/d/y", "d/y/[x]"),
        ("bucket/d/[y]", "d/[y]/[x]"),
        ("bucket/[new]", "[new]"),
        ("bucket/d/[!z]", "d/[!z]"),
    ],
)
def test_cp_and_mv_of_a_file(tree, operation, target, becomes):
    getattr(tree, operation)(LITERAL, target)
    kept = UNCHANGED if operation == "cp" else without("d/[x]")
    assert files(tree) == {**kept, becomes: "d/[x]"}


@pytest.mark.parametrize("operation", ["cp", "mv"])
@pytest.mark.parametrize(
    ("source", "target", "becomes"),
    [
        ("bucket/d/[y]", "bucket/e", "e"),
        ("bucket/d/[y]", "bucket/e/", "e/[y]"),
        ("bucket/d/[y]/", "bucket/d/y", "d/y"),
        ("bucket/d/[y]", "bucket/d/y", "d/y/[y]"),
    ],
)
def test_cp_and_mv_of_a_folder(tree, operation, source, target, becomes):
    getattr(tree, operation)(source, target, recursive=True)
    names = ("1", "2", "[2]")
    kept = UNCHANGED if operation == "cp" else without(*(f"d/[y]/{name}" for name in names))
    assert files(tree) == {**kept, **{f"{becomes}/{name}": f"d/[y]/{name}" for name in names}}


def test_mv_of_several(tree):
    tree.mv([LITERAL, "bucket/d/[y]/[2]"], "bucket/e")
    assert files(tree) == {
        **without("d/[x]", "d/[y]/[2]"),
        "e/[x]": "d/[x]",
        "e/[2]": "d/[y]/[2]",
    }


def test_mv_down_to_some_depth_loses_nothing(tree):
    tree.client.upload(b"deeper", BUCKET, "d/[y]/4/5")
    tree.mv("bucket/d/[y]", "bucket/e", recursive=True, maxdepth=1)
    names = ("1", "2", "[2]")
    assert files(tree) == {
        **without(*(f"d/[y]/{name}" for name in names)),
        **{f"e/{name}": f"d/[y]/{name}" for name in names},
        "d/[y]/4/5": "deeper",
    }
    tree.mv("bucket/d/[y]", "bucket/e", recursive=True, maxdepth=2)
    assert files(tree)["e/[y]/4/5"] == "deeper"
    assert not tree.exists("bucket/d/[y]")
    before = files(tree)
    tree.mv("bucket/d/y/", "bucket/d/y", recursive=True, maxdepth=1)
    assert files(tree) == before


def test_lists_of_sources_and_targets_are_of_one_length(tree, tmp_path):
    with pytest.raises(cosfast.InputError, match="2 sources have 1 targets"):
        tree.mv([LITERAL, OTHER], ["bucket/e"])
    with pytest.raises(cosfast.InputError, match="1 sources have 2 targets"):
        tree.cp([LITERAL], ["bucket/e", "bucket/f"])
    with pytest.raises(cosfast.InputError):
        tree.get([LITERAL, OTHER], [str(tmp_path / "e")])
    assert files(tree) == UNCHANGED


# To this machine


@pytest.mark.parametrize("target", ["e", "[e]", pytest.param("*?[e]", marks=on_posix)])
def test_get_of_a_file(tree, tmp_path, target):
    tree.get(LITERAL, str(tmp_path / target))
    assert local_files(tmp_path) == {target: "d/[x]"}
    (tmp_path / "into" / target).mkdir(parents=True)
    tree.get(LITERAL, tmp_path / "into" / target)
    assert local_files(tmp_path / "into") == {f"{target}/[x]": "d/[x]"}
    tree.get(LITERAL, str(tmp_path / "new" / target) + "/")
    assert local_files(tmp_path / "new") == {f"{target}/[x]": "d/[x]"}


def test_get_of_a_folder(tree, tmp_path):
    content = {name: f"d/[y]/{name}" for name in ("1", "2", "[2]")}
    tree.get("bucket/d/[y]", str(tmp_path / "new"), recursive=True)
    assert local_files(tmp_path / "new") == content
    (tmp_path / "into").mkdir()
    tree.get("bucket/d/[y]", str(tmp_path / "into"), recursive=True)
    assert local_files(tmp_path / "into" / "[y]") == content
    tree.get("bucket/d/[y]/", str(tmp_path / "as"), recursive=True, maxdepth=1)
    assert local_files(tmp_path / "as") == content


def test_get_of_patterns_and_lists(tree, tmp_path):
    tree.get("bucket/d/[y]/*", str(tmp_path / "pattern") + "/")
    assert set(local_files(tmp_path / "pattern")) == {"1", "2", "[2]"}
    tree.get([LITERAL, "bucket/d/a"], str(tmp_path / "list"))
    assert local_files(tmp_path / "list") == {"[x]": "d/[x]", "a": "d/a"}
    tree.get([LITERAL], [str(tmp_path / "[one]")])
    assert (tmp_path / "[one]").read_text() == "d/[x]"
    with pytest.raises(FileNotFoundError):
        tree.get("bucket/d/[none]", str(tmp_path / "none"))


# From this machine

LOCAL = ("[x]", "x", "[y]/1", "[y]/[2]", "y/1", "y/2")
WILD = ("a*", "ab", "a?", "w*/1", "wx/1", "wx/2")


@pytest.fixture
def here(tmp_path):
    folder = tmp_path / "[here]"  # beside which there is what it is as a pattern
    for path in (*LOCAL, *(WILD if os.name == "posix" else ())):
        for top in (folder, tmp_path / "h"):
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text(path if top is folder else "wrong")
    return folder


@pytest.mark.parametrize("name", ["[x]", *(pytest.param(w, marks=on_posix) for w in WILD[:3])])
@pytest.mark.parametrize("recursive", [False, True])
@pytest.mark.parametrize("kind", [str, lambda path: path], ids=["str", "Path"])
def test_put_of_a_file(fs, here, name, recursive, kind):
    fs.put(kind(here / name), "bucket/e", recursive=recursive)
    assert files(fs) == {"e": name}


def test_put_into_a_folder(fs, here):
    fs.makedirs("bucket/[into]")
    fs.put(str(here / "[x]"), "bucket/[into]")
    fs.put(str(here / "[x]"), "bucket/[new]/")
    fs.put(str(here / "[x]"), "bucket/[file]")
    assert files(fs) == {"[into]/[x]": "[x]", "[new]/[x]": "[x]", "[file]": "[x]"}


def test_put_of_a_folder(fs, here):
    content = {"1": "[y]/1", "[2]": "[y]/[2]"}
    fs.put(str(here / "[y]"), "bucket/new", recursive=True)
    assert files(fs) == {f"new/{name}": data for name, data in content.items()}
    fs.put(str(here / "[y]"), "bucket/new", recursive=True)
    assert {name for name in files(fs) if "[y]" in name} == {f"new/[y]/{name}" for name in content}
    fs.rm("bucket/new", recursive=True)
    fs.put(str(here / "[y]") + "/", "bucket/new/", recursive=True, maxdepth=1)
    assert files(fs) == {f"new/{name}": data for name, data in content.items()}


@on_posix
def test_put_of_a_folder_with_a_wild_name(fs, here):
    fs.put(str(here / "w*"), "bucket/new", recursive=True)
    assert files(fs) == {"new/1": "w*/1"}
    with pytest.raises(cosfast.InputError, match=r"a\*"):
        fs.put(str(here / "a*"), "bucket/new/")
    assert files(fs) == {"new/1": "w*/1"}


def test_put_of_patterns_and_lists(fs, here):
    fs.put(str(here / "[y]" / "*"), "bucket/pattern/")
    assert files(fs) == {"pattern/1": "[y]/1", "pattern/[2]": "[y]/[2]"}
    fs.put([str(here / "[x]"), str(here / "[y]" / "1")], "bucket/list")
    assert files(fs)["list/[x]"] == "[x]"
    assert files(fs)["list/1"] == "[y]/1"
    with pytest.raises(FileNotFoundError):
        fs.put(str(here / "[none]"), "bucket/none")


@on_posix
def test_put_of_a_link_that_leads_nowhere_is_no_pattern(fs, here):
    (here / "[x]").unlink()
    (here / "[x]").symlink_to("nowhere")
    with pytest.raises(FileNotFoundError):
        fs.put(str(here / "[x]"), "bucket/e")
    assert not files(fs)


def test_patterns_for_local_files_are_fsspecs(fs, here):
    pattern = str(here.parent / "h" / "[xy]*")
    fs.put(pattern, "bucket/mine", recursive=True)
    expected = LocalFileSystem().expand_path(pattern, recursive=True)
    names = {os.path.relpath(path, here.parent / "h") for path in expected if os.path.isfile(path)}
    assert {name.removeprefix("mine/") for name in files(fs)} == {
        name.replace(os.sep, "/") for name in names
    }
