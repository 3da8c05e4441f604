"""Filters: the last that matches decides; whole names; case counts."""

from __future__ import annotations

import pytest
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


@pytest.mark.parametrize("wrong", [(b"a", True), (None, True), ("a", 1)])
def test_invalid_filters(wrong):
    with pytest.raises(cosfast.InputError, match="filter"):
        Filter(*wrong)
