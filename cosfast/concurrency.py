"""Concurrent work on `concurrent.futures`; every thread of cosfast starts here.

`run_tasks` does all work or raises the first failure; `as_outcomes` yields a result or an error for
each item; `traverse` works on items that lead to further items; `gather` returns results in order;
`emit_all` merges the output of long-running workers; `read_ahead` reads a stream while the caller
uses the blocks read before.
"""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from threading import Event, Lock, Semaphore
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cosfast.errors import CosError, InputError
from cosfast.parsing import shown

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
    from concurrent.futures import Executor

Item = TypeVar("Item")
Result = TypeVar("Result")
Failure = CosError | OSError
"""Errors of one item that do not stop the other items."""

GRACE = 1.0
"""Seconds that an interrupted caller waits for its threads to stop."""

QUEUED = 2
"""Number of items queued for a free thread, so that no thread waits for the caller."""

THREADS = 8
"""Number of threads of `gather`."""

_THREAD_NAME = "cosfast"


def count_workers(max_workers: int | None) -> int:
    """Return `max_workers`; if it is None, the number of cores that this process may use.

    Raises:
        InputError: If `max_workers` is not a positive whole number.
    """
    if max_workers is None:
        affinity = getattr(os, "sched_getaffinity", None)
        return len(affinity(0)) if affinity else os.cpu_count() or 1
    return check_workers(max_workers)


def check_workers(max_workers: int) -> int:
    """Return `max_workers`.

    Raises:
        InputError: If `max_workers` is not a positive whole number.
    """
    if type(max_workers) is not int or max_workers < 1:
        raise InputError(f"max_workers must be a positive whole number, not {shown(max_workers)}")
    return max_workers


class Progress:
    """Report numbers of bytes to a callback, with one call at a time across threads.

    Args:
        callback: A function such as `update` of a progress bar; or None.
        limit: Number of bytes beyond which nothing is reported.

    Attributes:
        total: Number of bytes reported so far.
    """

    def __init__(
        self, callback: Callable[[int], object] | None = None, *, limit: int | None = None
    ) -> None:
        self._callback = callback
        self._limit = limit
        self._lock = Lock()
        self.total: int = 0

    def advance(self, count: int) -> None:
        """Add `count` bytes; negative if bytes must be transferred again."""
        with self._lock:
            if self._limit is not None:
                count = min(count, self._limit - self.total)
            self.total += count
            if self._callback is not None and count:
                self._callback(count)

    def restart(self) -> None:
        """Report the negative of all bytes reported so far."""
        self.advance(-self.total)


def run_tasks(
    work: Callable[[Item], object],
    items: Iterable[Item],
    *,
    max_workers: int,
    stop: Event,
    abort: Callable[[], object] | None = None,
) -> None:
    """Call ``work(item)`` for each item in threads; stop at the first failure and raise it.

    The calling thread takes the items, `QUEUED` ahead of the threads. A failure sets `stop`; calls
    in progress finish.

    Args:
        work: Function called from several threads; checks `stop` when it waits.
        items: Items, taken one at a time.
        max_workers: Number of threads; with one, the calling thread does the work.
        stop: Event that can also be set from outside: then no further item starts.
        abort: Function called if the caller is interrupted, to unblock the threads.

    Raises:
        Exception: The first failure of `work` or `items`.
    """
    if max_workers <= 1:
        for item in items:
            if stop.is_set():
                return
            work(item)
        return
    tasks = _Tasks(work, max_workers, stop)
    try:
        tasks.submit_all(items)
        tasks.leave(None)
    except Exception:  # raised by `items`: calls in progress finish, as after any other failure
        stop.set()
        tasks.leave(None)
        raise
    except BaseException:
        stop.set()
        if abort is not None:
            abort()
        tasks.leave(GRACE)
        raise
    if tasks.failures:
        raise tasks.failures[0]


class _Tasks(Generic[Item]):
    """The threads of `run_tasks` and their failures."""

    def __init__(self, work: Callable[[Item], object], max_workers: int, stop: Event) -> None:
        self._work = work
        self._stop = stop
        self._pool = ThreadPoolExecutor(max_workers, thread_name_prefix=_THREAD_NAME)
        self._slots = Semaphore(max_workers + QUEUED)
        self._running: set[Future[None]] = set()
        self.failures: list[BaseException] = []

    def submit_all(self, items: Iterable[Item]) -> None:
        """Submit items as slots become free, until `stop` is set."""
        for item in items:
            self._slots.acquire()
            if self._stop.is_set():
                return
            future = self._pool.submit(self._attempt, item)
            self._running.add(future)
            future.add_done_callback(self._finished)

    def leave(self, timeout: float | None) -> None:
        """Wait for calls in progress, at most `timeout` seconds if that is not None."""
        self._pool.shutdown(wait=timeout is None, cancel_futures=timeout is not None)
        wait(set(self._running), timeout=timeout)

    def _attempt(self, item: Item) -> None:
        if not self._stop.is_set():
            self._work(item)

    def _finished(self, future: Future[None]) -> None:
        self._running.discard(future)
        failure = None if future.cancelled() else future.exception()
        if failure is not None:
            self.failures.append(failure)
            self._stop.set()
        self._slots.release()


def as_outcomes(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    *,
    max_workers: int,
    executor: Executor | None = None,
    abort: Callable[[], object] | None = None,
) -> Generator[tuple[Item, Result | Failure], None, None]:
    """Yield each item with its result or its error, in order of completion.

    Args:
        work: Function whose `CosError` or `OSError` becomes the item's outcome; other exceptions
            are raised.
        items: Items, taken as they are needed.
        max_workers: Number of threads; with an executor, number of its concurrent tasks, or 0 for
            as many as there are items.
        executor: Executor that runs the work, by default a thread pool. An executor of processes
            pickles `work` and the items.
        abort: Function called if the caller stops early or `items` fails, to end the work in
            progress.
    """
    pool = executor or ThreadPoolExecutor(max_workers, thread_name_prefix=_THREAD_NAME)
    running: _Running[Item, Result] = _Running(pool, work)
    is_done = False
    try:
        for item in items:
            running.submit(item)
            if max_workers and len(running) >= 2 * max_workers:
                yield running.next_outcome()
        while running:
            yield running.next_outcome()
        is_done = True
    finally:
        running.cancel()
        if not is_done and abort is not None:
            abort()
        if executor is None:
            pool.shutdown()


def traverse(
    work: Callable[[Item], Result],
    root: Item,
    visit: Callable[[Item, Result | Failure], Iterable[Item]],
    *,
    max_workers: int,
    stop: Event,
) -> None:
    """Call ``work(item)`` in threads for `root` and for every item that a visit returns.

    Args:
        work: Its `CosError` or `OSError` is given to `visit`; anything else is raised.
        root: The first item.
        visit: Called in the calling thread with each item and its outcome; returns further items.
        max_workers: Threads.
        stop: Set by a failure, so that calls of `work` under way end soon.
    """
    with ThreadPoolExecutor(max_workers, thread_name_prefix=_THREAD_NAME) as pool:
        running: _Running[Item, Result] = _Running(pool, work)
        running.submit(root)
        try:
            while running:
                for item in visit(*running.next_outcome()):
                    running.submit(item)
        except BaseException:
            stop.set()
            running.cancel()
            raise


class _Running(Generic[Item, Result]):
    """The calls of `work` that an executor has not finished, or whose outcome was not taken."""

    def __init__(self, executor: Executor, work: Callable[[Item], Result]) -> None:
        self._executor = executor
        self._work = work
        self._items: dict[Future[Result | Failure], Item] = {}
        self._done: SimpleQueue[Future[Result | Failure]] = SimpleQueue()

    def __len__(self) -> int:
        return len(self._items)

    def submit(self, item: Item) -> None:
        """Have ``work(item)`` called."""
        # By default, Dask reuses the result of an earlier call with equal arguments.
        future = self._executor.submit(_attempt, self._work, item, os.urandom(16))
        self._items[future] = item
        future.add_done_callback(self._done.put)

    def next_outcome(self) -> tuple[Item, Result | Failure]:
        """Wait for a call to end; return its item with its result, or its error."""
        future = self._done.get()
        return self._items.pop(future), future.result()

    def cancel(self) -> None:
        """Cancel the calls that have not begun."""
        for future in self._items:
            future.cancel()


def gather(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return ``work(item)`` for each item, in the order of the items; raise the first failure."""
    if len(items) <= 1:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(THREADS, len(items)), thread_name_prefix=_THREAD_NAME) as pool:
        return list(pool.map(work, items))


def emit_all(
    work: Callable[[Callable[[Result], None], Event], None], *, max_workers: int
) -> Generator[Result, None, None]:
    """Run ``work(emit, stop)`` once in each of several threads and yield what they emit.

    Args:
        work: Function that calls `emit`, which blocks while the queue is full, and that returns
            soon after `stop` is set. The first failure is raised in the caller.
        max_workers: Number of threads.
    """
    stop = Event()
    emitted: SimpleQueue[Any] = SimpleQueue()
    room = Semaphore(4 * max_workers)  # results do not pile up

    def emit(value: Result) -> None:
        room.acquire()
        if stop.is_set():
            room.release()  # to the next thread that waits for room
        else:
            emitted.put(value)

    with ThreadPoolExecutor(max_workers, thread_name_prefix=_THREAD_NAME) as pool:
        try:
            running = {pool.submit(work, emit, stop) for _ in range(max_workers)}
            for future in running:
                future.add_done_callback(emitted.put)
            while running:
                value = emitted.get()
                if isinstance(value, Future):
                    running.discard(value)
                    value.result()
                else:
                    room.release()
                    yield value
        finally:
            stop.set()
            room.release()


def read_ahead(
    readinto: Callable[[memoryview], int | None], *, buffers: int, buffer_size: int
) -> Iterator[memoryview]:
    """Yield the blocks of a stream, read ahead in another thread.

    A block is valid until the next one is requested.

    Args:
        readinto: Function that fills a buffer and returns the number of bytes, 0 at the end.
        buffers: Number of buffers to read ahead.
        buffer_size: Bytes in each buffer.
    """
    at_end = False  # or after a failure; a terminal could be read on after its end

    def read(buffer: memoryview) -> memoryview:
        nonlocal at_end
        if at_end:
            return buffer[:0]
        at_end = True
        count = readinto(buffer) or 0
        at_end = not count
        return buffer[:count]

    with ThreadPoolExecutor(1, thread_name_prefix=_THREAD_NAME) as pool:
        rooms = [memoryview(bytearray(buffer_size)) for _ in range(buffers)]
        pending = deque((room, pool.submit(read, room)) for room in rooms)
        try:
            while pending:
                room, future = pending.popleft()
                block = future.result()
                if not block:
                    return
                yield block
                pending.append((room, pool.submit(read, room)))
        finally:
            for _, future in pending:
                future.cancel()


def _attempt(work: Callable[[Item], Result], item: Item, unique: bytes) -> Result | Failure:
    del unique
    try:
        return work(item)
    except (CosError, OSError) as exc:
        return exc
