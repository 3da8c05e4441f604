"""`run_window`: the same work for many items in a few threads, stopped by the first failure."""

from __future__ import annotations

from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")


def run_window(
    work: Callable[[Item], object], items: Iterable[Item], *, threads: int, stop: Event
) -> None:
    """Call ``work(item)`` for each item, as many at a time as there are threads.

    Each thread takes the next item when it is done with its own, so a slow one holds back no
    other. The first failure sets `stop`, lets the others end what they are at, and is raised.

    Args:
        work: is called from several threads; should look at `stop` where it waits.
        items: are taken one at a time, under a lock.
        threads: how many; with one, the calling thread does all the work.
        stop: is set where something failed, and may be set from outside: then no item is taken.
    """
    window = _Window(work, iter(items), stop)
    if threads <= 1:
        window.run()
    else:
        _run_threads(window, threads)
    if window.failure is not None:
        raise window.failure


def _run_threads(window: _Window[Item], threads: int) -> None:
    # Daemons: an interpreter that is told to end does not wait for a server that does not answer.
    workers = [
        Thread(target=window.run, name=f"cosfast-slice-{number}", daemon=True)
        for number in range(threads)
    ]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    except BaseException:
        window.stop.set()
        raise


class _Window(Generic[Item]):
    """The items that are left, and the first failure."""

    def __init__(self, work: Callable[[Item], object], items: Iterator[Item], stop: Event) -> None:
        self._work = work
        self._items = items
        self._lock = Lock()
        self.stop = stop
        self.failure: BaseException | None = None

    def run(self) -> None:
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
                remaining = next(self._items, _NOTHING)
            if isinstance(remaining, _Nothing):
                return
            yield remaining


class _Nothing:
    """What stands for the end of the items, which may themselves be anything."""


_NOTHING = _Nothing()
