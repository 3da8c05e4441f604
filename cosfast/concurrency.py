"""Threads that do the same work on many items: `run_workers`, and how many are worth having."""

from __future__ import annotations

import os
import time
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

from cosfast.errors import InputError
from cosfast.parsing import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")

GRACE = 1.0
"""Seconds that an interrupted caller waits for its threads to notice."""


def run_workers(
    work: Callable[[Item], object],
    items: Iterable[Item],
    *,
    threads: int,
    stop: Event,
    abort: Callable[[], object] | None = None,
) -> None:
    """Call ``work(item)`` for each item, as many at a time as there are threads.

    Each thread takes the next item when it is done with its own, so a slow one holds back no
    other. The first failure sets `stop`, lets the others end what they are at, and is raised.

    Args:
        work: is called from several threads; should look at `stop` where it waits.
        items: are taken one at a time, under a lock.
        threads: how many; with one, the calling thread does all the work.
        stop: is set where something failed, and may be set from outside: then no item is taken.
        abort: is called where the caller is interrupted, to end what the threads are waiting for.
    """
    run = _Run(work, iter(items), stop)
    if threads <= 1:
        run.take_items()
    else:
        _run_threads(run, threads, abort or stop.set)
    if run.failure is not None:
        raise run.failure


def count_workers(workers: int | None) -> int:
    """Return `workers`, or the number of cores that this process may use.

    Raises:
        InputError: where it is not a positive number.
    """
    if workers is None:
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1
    if type(workers) is not int or workers < 1:
        raise InputError(f"workers must be a number from 1, not {shown(workers)}")
    return workers


class Progress:
    """Tells a callback of numbers of bytes, one call at a time whatever the thread.

    Args:
        callback: such as a progress bar's `update`, or None.
    """

    def __init__(self, callback: Callable[[int], object] | None) -> None:
        self._callback = callback
        self._lock = Lock()
        self.total: int = 0

    def advance(self, count: int) -> None:
        """Add `count`, which is negative where bytes have to be done again."""
        with self._lock:
            self.total += count
            if self._callback is not None and count:
                self._callback(count)


def _run_threads(run: _Run[Item], threads: int, abort: Callable[[], object]) -> None:
    # Daemons: an interpreter that is told to end does not wait for a server that does not answer.
    workers = [
        Thread(target=run.take_items, name=f"cosfast-worker-{number}", daemon=True)
        for number in range(threads)
    ]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    except BaseException:
        run.stop.set()
        abort()
        ends = time.monotonic() + GRACE
        for worker in workers:
            if worker.is_alive():
                worker.join(max(0.0, ends - time.monotonic()))
        raise


class _Run(Generic[Item]):
    """The items that are left, and the first failure."""

    def __init__(self, work: Callable[[Item], object], items: Iterator[Item], stop: Event) -> None:
        self._work = work
        self._items = items
        self._lock = Lock()
        self.stop = stop
        self.failure: BaseException | None = None

    def take_items(self) -> None:
        """Work until nothing is left or somebody says stop; what is raised is kept."""
        try:
            for item in self._taken():
                self._work(item)
        except BaseException as exc:  # noqa: BLE001 - raised again in the calling thread
            with self._lock:
                self.failure = self.failure or exc
            self.stop.set()

    def _taken(self) -> Iterator[Item]:
        while not self.stop.is_set():
            with self._lock:
                item = next(self._items, _NOTHING)
            if isinstance(item, _Nothing):
                return
            yield item


class _Nothing:
    """What stands for the end of the items, which may themselves be anything."""


_NOTHING = _Nothing()
