"""Work that leads to further work."""

from __future__ import annotations

import threading
from threading import Event

import pytest

from cosfast.concurrency import traverse


def test_every_item_is_worked_on_and_visited_once_in_the_calling_thread():
    visited = {}

    def visit(number, outcome):
        assert threading.current_thread() is caller
        assert number not in visited
        visited[number] = outcome
        return [child for child in (2 * number, 2 * number + 1) if child < 1000]

    caller, stop = threading.current_thread(), Event()
    traverse(lambda number: -number, 1, visit, max_workers=3, stop=stop)
    assert visited == {number: -number for number in range(1, 1000)}
    assert not stop.is_set()


def test_items_run_beside_deeper_ones():
    """A slow item does not keep what other items of its level lead to from being worked on."""
    deep = Event()

    def work(name):
        if name == "slow":
            assert deep.wait(30)
        elif name == "deep":
            deep.set()

    children = {"root": ["slow", "quick"], "quick": ["deep"]}
    visited = []

    def visit(name, _outcome):
        visited.append(name)
        return children.get(name, [])

    traverse(work, "root", visit, max_workers=2, stop=Event())
    assert sorted(visited) == ["deep", "quick", "root", "slow"]


def test_an_expected_error_is_an_outcome():
    outcomes = {}

    def work(_item):
        raise FileNotFoundError("gone")

    def visit(item, outcome):
        outcomes[item] = type(outcome)
        return []

    traverse(work, "a", visit, max_workers=1, stop=Event())
    assert outcomes == {"a": FileNotFoundError}


@pytest.mark.parametrize("where", ["work", "visit"])
def test_any_other_failure_stops_the_rest(where):
    stop, begun = Event(), []

    def work(number):
        begun.append(number)
        if where == "work" and number == 1:
            raise RuntimeError("broken")
        if number > 1:
            assert stop.wait(30)

    def visit(number, _outcome):
        if where == "visit" and number == 1:
            raise RuntimeError("broken")
        return [2, 1, *range(3, 100)] if number == 0 else []

    with pytest.raises(RuntimeError, match="broken"):
        traverse(work, 0, visit, max_workers=2, stop=stop)
    assert stop.is_set()
    assert len(begun) < 10
