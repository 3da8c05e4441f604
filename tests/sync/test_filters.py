"""Filters: the last that matches decides; whole names; case counts."""

from __future__ import annotations

import os

import pytest
from emulated import BUCKET
from hypothesis import given
from hypothesis import strategies as st

import cosfast
from cosfast import Filter
from cosfast.sync.filters import Selection

EXCLUDE, INCLUDE = Filter.exclude, Filter.include


@pytest.mark.parametrize(
    ("filters", "taken", "left"),
    [
        ([], ["a", "a/"], []),
        ([EXCLUDE("*.tmp")], ["a", "a.tmp/b", "a.TMP"], ["a.tmp", "x/y/a.tmp"]),
        ([EXCLUDE("*"), INCLUDE("*.py")], ["a.py", "b/a.py"], ["a", "b/"]),
        ([INCLUDE("*.py"), EXCLUDE("*")], [], ["a.py"]),
        ([EXCLUDE("a/*")], ["a", "ba/c"], ["a/", "a/b", "a/b/c"]),
        ([EXCLUDE("[ab]?")], ["a", "c1", "a1x"], ["a1", "b2"]),
        ([EXCLUDE("a\nb")], ["a"], ["a\nb"]),
        ([EXCLUDE("a/")], ["a", "b/a/c", "ab/"], ["a/", "a/b", "a/b/c"]),
        ([EXCLUDE("*/a/")], ["a/b"], ["b/a/", "b/a/c", "x/y/a/z"]),
        ([EXCLUDE("a/"), INCLUDE("*.py")], ["b.py"], ["a/b.py", "a/b/c.py"]),
        ([EXCLUDE("a/"), INCLUDE("a/")], ["a/", "a/b"], []),
        ([INCLUDE("a/"), EXCLUDE("a/")], [], ["a/", "a/b"]),
        ([EXCLUDE("*/"), INCLUDE("a/*")], ["b", "a/", "a/c", "a/b/", "a/b/c"], ["b/", "b/c"]),
        ([EXCLUDE("*"), INCLUDE("*/"), INCLUDE("a/*")], ["a/b", "b/"], ["b/c", "c"]),
    ],
)
def test_which_names_are_included(filters, taken, left):
    selection = Selection(filters)
    assert all(map(selection.includes, taken))
    assert not any(map(selection.includes, left))


PATTERNS = st.lists(st.sampled_from("ab/*?."), max_size=4).map("".join)
FILTERS = st.lists(st.builds(Filter, PATTERNS, st.booleans()), max_size=4)
SEGMENTS = st.text("ab.", min_size=1, max_size=2)


@given(FILTERS, st.lists(SEGMENTS, min_size=2, max_size=4))
def test_a_folder_that_is_not_looked_into_has_nothing_that_takes_part(filters, segments):
    selection = Selection(filters)
    name = "/".join(segments)
    for depth in range(1, len(segments)):
        if not selection.may_include_below("/".join(segments[:depth]) + "/"):
            assert not selection.includes(name)
            assert not selection.includes(name + "/")


def test_the_case_that_matters_is_not_looked_into():
    assert not Selection([EXCLUDE("a/*")]).may_include_below("a/")
    assert Selection([EXCLUDE("a/*")]).may_include_below("b/")
    assert Selection([EXCLUDE("a/*"), INCLUDE("*.py")]).may_include_below("a/")
    assert not Selection([EXCLUDE("a/")]).may_include_below("a/")
    assert not Selection([EXCLUDE("a/"), INCLUDE("*.py")]).may_include_below("a/")
    assert Selection([EXCLUDE("a/"), INCLUDE("*/")]).may_include_below("a/")


@pytest.fixture
def listed(client, monkeypatch):
    """Collect the folders of the bucket, and of the disk, that are listed."""
    found = []
    real, scan = client.list, os.scandir

    def list_folder(bucket, path="/", **keywords):
        found.append(path)
        return real(bucket, path, **keywords)

    def scandir(path):
        if not isinstance(path, int):
            found.append(os.fspath(path))
        return scan(path)

    monkeypatch.setattr(client, "list", list_folder)
    monkeypatch.setattr(os, "scandir", scandir)
    return found


def test_an_excluded_folder_is_not_listed_on_either_side(client, listed, tmp_path):
    for name in ("a", "skip/b", "skip/deeper/c", "skip.txt", "keep/skip/d"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    client.upload(b"extra", BUCKET, "skip/there/e")
    client.upload(b"extra", BUCKET, "extra")
    steps = list(cosfast.sync_up(client, tmp_path, BUCKET, delete=True, filters=[EXCLUDE("skip/")]))
    assert {(str(step.action), step.name) for step in steps} == {
        ("create folder", "keep/"),
        ("create folder", "keep/skip/"),
        ("upload", "a"),
        ("upload", "skip.txt"),
        ("upload", "keep/skip/d"),
        ("delete", "extra"),
    }
    top = str(tmp_path)
    assert sorted(listed) == sorted(["/", top, f"{top}/keep", f"{top}/keep/skip"])
    assert client.read(BUCKET, "skip/there/e") == b"extra"


def test_a_folder_that_cannot_be_listed_counts_if_it_may_hold_what_takes_part(
    client, tmp_path, monkeypatch
):
    """Otherwise what it holds would be deleted at the target."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.csv").write_bytes(b"1")
    (tmp_path / "b.csv").write_bytes(b"2")
    assert all(step.error is None for step in cosfast.sync_up(client, tmp_path, BUCKET))
    scan = os.scandir

    def scandir(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    filters = [EXCLUDE("*"), INCLUDE("*.csv")]
    steps = list(cosfast.sync_up(client, tmp_path, BUCKET, delete=True, filters=filters))
    assert [step.name for step in steps if step.error] == ["sub/", "./"]
    assert client.read(BUCKET, "sub/a.csv") == b"1"
    filters = [EXCLUDE("sub/")]
    steps = list(cosfast.sync_up(client, tmp_path, BUCKET, delete=True, filters=filters))
    assert not [step.name for step in steps if step.error]


@pytest.mark.parametrize("wrong", [(b"a", True), (None, True), ("a", 1)])
def test_invalid_filters(wrong):
    with pytest.raises(cosfast.InputError, match="filter"):
        Filter(*wrong)
