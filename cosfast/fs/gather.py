"""The same done for many paths side by side: `gather`, `outcomes_of`."""

from __future__ import annotations

from threading import Event
from typing import TYPE_CHECKING, TypeVar

from cosfast.concurrency import run_tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_A_TIME = 8
"""Paths that are worked on at a time."""


def gather(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return ``work(item)`` of each, in their order; the first failure ends it and is raised.

    Args:
        work: is called by several threads.
        items: what for.
    """
    results: dict[int, Result] = {}

    def run(index: int) -> None:
        results[index] = work(items[index])

    run_tasks(run, range(len(items)), max_workers=min(AT_A_TIME, len(items)), stop=Event())
    return [results[index] for index in range(len(items))]


def outcomes_of(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result | Exception]:
    """Return what `gather` does, with what was raised in the place of its result."""

    def outcome(item: Item) -> Result | Exception:
        try:
            return work(item)
        except Exception as exc:  # noqa: BLE001 - it is returned
            return exc

    return gather(outcome, items)
