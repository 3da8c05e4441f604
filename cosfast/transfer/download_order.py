"""`InOrder`: what threads finish in any order, passed on in the order of the file."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Item = TypeVar("Item")


class InOrder(Generic[Item]):
    """Calls `take` with items 0, 1, 2 and so on, one call at a time.

    A thread that brings the next one also passes on those that were waiting for it; one that
    comes too early, or while another thread is at it, leaves its item here and goes.

    Args:
        take: is called by any thread. What it raises reaches that thread, and nothing more is
            passed on.
    """

    def __init__(self, take: Callable[[Item], object]) -> None:
        self._take = take
        self._lock = Lock()
        self._waiting: dict[int, Item] = {}
        self._next = 0
        self._busy = False

    def put(self, index: int, item: Item) -> None:
        """Bring the item of that index."""
        with self._lock:
            self._waiting[index] = item
            if self._busy or index != self._next:
                return
            self._busy = True
        ready: Item | None = item
        while (ready := self._pop_next()) is not None:
            self._take(ready)

    def _pop_next(self) -> Item | None:
        with self._lock:
            item = self._waiting.pop(self._next, None)
            if item is None:
                self._busy = False
            else:
                self._next += 1
            return item
