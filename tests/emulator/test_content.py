"""Content in memory within a budget, else on disk; locks by name."""

from __future__ import annotations

import threading

import pytest

from cosfast.emulator.store.parts import NamedLocks
from cosfast.emulator.wire.body import Content, MemoryBudget


def fill(content, *chunks):
    """Add chunks like those of a request's body; return which stayed in memory."""
    kept = []
    for chunk in chunks:
        kept.append(content.add_in_memory(chunk))
        if not kept[-1]:
            content.add(chunk)
    return kept


def test_content_stays_in_memory_within_the_budget(tmp_path):
    with Content(MemoryBudget(10), tmp_path) as content:
        assert fill(content, b"12345", b"67890") == [True, True]
        assert (b"".join(content.blocks()), content.size) == (b"1234567890", 10)


def test_content_above_the_budget_is_moved_to_disk(tmp_path):
    budget = MemoryBudget(10)
    with Content(budget, tmp_path) as content:
        assert fill(content, b"12345", b"67890", b"a", b"b") == [True, True, False, False]
        assert budget.take(10), "its memory is free again"
        for _ in range(2):
            assert b"".join(content.blocks()) == b"1234567890ab"
        assert content.size == 12


def test_closed_content_releases_its_memory(tmp_path):
    budget = MemoryBudget(10)
    with Content(budget, tmp_path) as content:
        fill(content, b"1234567890")
        assert not budget.take(1)
    assert budget.take(10)
    assert not budget.take(1)


def test_content_on_the_disk_has_no_name(tmp_path):
    with Content(MemoryBudget(0), tmp_path) as content:
        fill(content, b"12345")
        assert list(tmp_path.iterdir()) == []


def test_a_named_lock_excludes_only_holders_of_its_name():
    locks = NamedLocks()
    inside, most = [0, 0], [0, 0]

    def work(name):
        for _ in range(200):
            with locks.hold(name):
                inside[name] += 1
                most[name] = max(most[name], inside[name])
                threading.Event().wait(0)
                inside[name] -= 1

    threads = [threading.Thread(target=work, args=(index % 2,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [1, 1]
    assert locks._locks == {}


def test_an_exception_releases_a_named_lock():
    locks = NamedLocks()
    with pytest.raises(LookupError), locks.hold("a"):
        raise LookupError
    with locks.hold("a"), locks.hold("b"):
        assert set(locks._locks) == {"a", "b"}
