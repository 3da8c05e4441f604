"""`uploadparts_many`: the parts lists of many files at once.

One file is one chain, and one chain is bound by latency; many files are many chains. Each thread
keeps a lane busy for each large file, a piece at a time, and hashes small files whole, side by
side.
"""

from __future__ import annotations

from collections import deque
from contextlib import closing
from functools import partial
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from cosfast.concurrency import as_outcomes, check_workers, count_workers, emit_all
from cosfast.deprecation import renamed_keywords
from cosfast.hashing.state import Algorithm, algorithm_named
from cosfast.parts.build import PartsBuilder
from cosfast.parts.formats import SLICE_SIZE, check_slice_size
from cosfast.parts.lanes import FileLanes, SmallFiles
from cosfast.parts.sources import PlainFile

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor
    from threading import Event

    from cosfast.parts.model import UploadParts

    Path = str | os.PathLike[str]
    Result = tuple[Path, UploadParts | OSError]
    Emit = Callable[[list[Result]], None]

PATHS_AT_A_TIME = 64
"""Paths that a thread takes in one go: enough small files to keep every lane busy."""

GROUP = 32
"""Paths that one task of an executor has: twice as many as there are lanes."""


class _Options(NamedTuple):
    """What all lists have in common."""

    slice_size: int
    algorithm: str


@renamed_keywords(workers="max_workers")
def uploadparts_many(
    paths: Iterable[Path],
    *,
    slice_size: int = SLICE_SIZE,
    algorithm: str = "sha1",
    max_workers: int | None = None,
    executor: Executor | None = None,
) -> Iterator[Result]:
    """Hash many files at once and yield each path with its parts, as they are done.

    Args:
        paths: Plain files; up to 64 for each thread are taken ahead of the results.
        slice_size: Bytes in a slice, a positive multiple of 64.
        algorithm: ``"sha1"`` or ``"sha256"``.
        max_workers: Threads; by default one a core. With an executor: tasks that are under way
            at a time, half of them waiting; by default all paths are submitted at once.
        executor: A `concurrent.futures` executor that hashes the files instead, 32 a task, in
            processes or on machines that see the same paths. It is not shut down.

    Yields:
        The path as it was given, with its `UploadParts`, or with an OSError if the file cannot be
        opened or read, or changed while it was read (`SourceChanged`, which is an OSError too).
        The other files are hashed nevertheless.

    Raises:
        InputError: If the slice size, the algorithm or the number of threads is not one of these;
            at once.
    """
    check_slice_size(slice_size)
    options = _Options(slice_size, algorithm_named(algorithm).name)
    if executor is not None:
        limit = 0 if max_workers is None else check_workers(max_workers)
        return _results_of_executor(iter(paths), options, executor, limit)
    return _results(iter(paths), options, count_workers(max_workers))


def _results(paths: Iterator[Path], options: _Options, threads: int) -> Iterator[Result]:
    batches = emit_all(_FileHashing(paths, options).work, max_workers=threads)
    with closing(batches):
        for batch in batches:
            yield from batch


def _results_of_executor(
    paths: Iterator[Path], options: _Options, executor: Executor, limit: int
) -> Iterator[Result]:
    groups = iter(lambda: list(islice(paths, GROUP)), [])
    hash_group = partial(_hash_group, options=options)
    outcomes = as_outcomes(hash_group, groups, max_workers=limit, executor=executor)
    with closing(outcomes):
        for _, results in outcomes:
            if isinstance(results, Exception):  # of the group as a whole, not of a file
                raise results
            yield from results


def _hash_group(paths: list[Path], options: _Options) -> list[Result]:
    """Hash these files in one thread: an executor's task."""
    return list(_results(iter(paths), options, 1))


class _FileHashing:
    """The files to be hashed, shared by the threads that hash them."""

    def __init__(self, paths: Iterator[Path], options: _Options) -> None:
        self._paths = paths
        self._slice_size = options.slice_size
        self._algorithm: Algorithm = algorithm_named(options.algorithm)
        self._lock = Lock()
        self._large: deque[Path] = deque()  # waiting for a lane, whichever thread has one

    def work(self, emit: Emit, stop: Event) -> None:
        """Hash files until there are none left; emit the results in batches."""
        small = SmallFiles(self._slice_size, self._algorithm)
        with FileLanes(self._slice_size, self._algorithm) as lanes:
            while not stop.is_set():
                self._fill_lanes(lanes, emit, stop)
                results: list[Result] = []
                paths = [] if lanes.full else self._next_paths()
                if paths:
                    results, others = small.hash(paths)
                    self._large.extend(others)
                elif lanes.busy:
                    results = lanes.step()
                elif not self._large:
                    return
                if results:
                    emit(results)

    def _next_paths(self) -> list[Path]:
        with self._lock:
            return list(islice(self._paths, PATHS_AT_A_TIME))

    def _fill_lanes(self, lanes: FileLanes, emit: Emit, stop: Event) -> None:
        while self._large and not lanes.full:
            try:
                path = self._large.popleft()
            except IndexError:  # another thread was faster
                return
            try:
                file = PlainFile(path)
                if file.size is None:
                    self._hash_alone(file, emit, stop)
                else:
                    lanes.add(file, file.size)
            except OSError as exc:
                emit([(path, exc)])

    def _hash_alone(self, file: PlainFile, emit: Emit, stop: Event) -> None:
        """Hash a file whose length only reading to its end tells; nothing after `stop` is set."""
        builder = PartsBuilder(self._slice_size, algorithm=self._algorithm.name)
        with file:
            for block in file.blocks():
                if stop.is_set():
                    return
                builder.update(block)
        emit([(file.path, builder.finish())])
