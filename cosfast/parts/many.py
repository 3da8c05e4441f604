"""`uploadparts_many`: the parts lists of many files at once.

One file is one chain, and one chain is bound by latency; many files are many chains. Each worker
keeps a lane busy for each large file, a piece at a time, and gathers small files whole.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from queue import Empty, Queue
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from cosfast.concurrency import count_workers
from cosfast.parts.build import PartsBuilder
from cosfast.parts.lanes import FileLanes
from cosfast.parts.model import SLICE_SIZE, UploadParts, check_slice_size
from cosfast.parts.small import SmallFiles
from cosfast.parts.sources import PlainFile

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    Path = str | os.PathLike[str]
    Result = tuple[Path, UploadParts | OSError]

PATHS_AT_A_TIME = 64
"""Paths that a worker takes in one go: enough small files to keep every lane busy."""

_POLL = 0.01  # seconds between two looks at workers that are to end


def uploadparts_many(
    paths: Iterable[Path], *, slice_size: int = SLICE_SIZE, workers: int | None = None
) -> Iterator[Result]:
    """Hash many files at once and yield each path with its parts, as they are done.

    Args:
        paths: plain files; up to 64 for each worker are taken ahead of the results.
        slice_size: bytes in a slice, a positive multiple of 64.
        workers: threads; by default one a core.

    Yields:
        The path as it was given, with its `UploadParts`, or with the OSError that stands in
        their place: a file that cannot be opened or read stops no other, nor does one that
        changed while it was read (`SourceChanged`, which is an OSError too).

    Raises:
        InputError: for a bad slice size or number of workers, at once.
    """
    check_slice_size(slice_size)
    threads = count_workers(workers)
    return _results(_Shared(iter(paths), slice_size, threads), threads)


def _results(shared: _Shared, threads: int) -> Iterator[Result]:
    workers = [
        Thread(target=_work, args=(shared,), name=f"cosfast-many-{number}", daemon=True)
        for number in range(threads)
    ]
    try:
        for worker in workers:
            worker.start()
        running = threads
        while running:
            batch = shared.done.get()
            if isinstance(batch, BaseException):
                raise batch
            if batch is None:
                running -= 1
            else:
                yield from batch
    finally:
        shared.stop.set()
        for worker in workers:
            _let_end(worker, shared)


def _let_end(worker: Thread, shared: _Shared) -> None:
    """Wait for a worker that may itself be waiting for room in the queue."""
    while worker.is_alive():
        try:
            shared.done.get_nowait()
        except Empty:
            worker.join(_POLL)


class _Shared:
    """Where the workers take paths from and put results into."""

    def __init__(self, paths: Iterator[Path], slice_size: int, threads: int) -> None:
        self._paths = paths
        self._lock = Lock()
        self.slice_size = slice_size
        self.large: deque[Path] = deque()  # waiting for a lane, whichever worker has one
        self.stop = Event()
        # Bounded, so that all results do not pile up before somebody who reads them slowly.
        self.done: Queue[list[Result] | BaseException | None] = Queue(4 * threads)

    def next_paths(self) -> list[Path]:
        """Return the next paths; none where there are none left."""
        with self._lock:
            return list(islice(self._paths, PATHS_AT_A_TIME))

    def hand_over(self, results: list[Result]) -> None:
        """Put a batch of results where they are yielded from."""
        if results:
            self.done.put(results)


def _work(shared: _Shared) -> None:
    try:
        with FileLanes(shared.slice_size) as lanes:
            _hash_files(shared, lanes, SmallFiles(shared.slice_size))
    except BaseException as exc:  # noqa: BLE001 - raised again where the results are read
        shared.done.put(exc)
    else:
        shared.done.put(None)


def _hash_files(shared: _Shared, lanes: FileLanes, small: SmallFiles) -> None:
    while not shared.stop.is_set():
        _fill_lanes(shared, lanes)
        if not lanes.full:
            paths = shared.next_paths()
            if paths:
                results, others = small.hash(paths)
                shared.large.extend(others)
                shared.hand_over(results)
                continue
            if not lanes.busy:
                return
        shared.hand_over(lanes.step())


def _fill_lanes(shared: _Shared, lanes: FileLanes) -> None:
    while shared.large and not lanes.full:
        try:
            path = shared.large.popleft()
        except IndexError:  # another worker was faster
            return
        try:
            file = PlainFile(path)
            if file.size is None:
                shared.hand_over(_hash_alone(file, shared))
            else:
                lanes.add(file, file.size)
        except OSError as exc:
            shared.hand_over([(path, exc)])


def _hash_alone(file: PlainFile, shared: _Shared) -> list[Result]:
    """Hash a file whose length only reading to its end tells; nothing if the results are left."""
    builder = PartsBuilder(shared.slice_size)
    with file:
        for block in file.blocks():
            if shared.stop.is_set():
                return []
            builder.update(block)
    return [(file.path, builder.finish())]
