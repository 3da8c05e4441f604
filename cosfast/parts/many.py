"""Many files at once: `uploadparts_many` hashes them, `verify_many` compares them with their lists.

One file is one chain, and one chain is bound by latency; many files are many chains. Each thread
keeps a lane busy for each large file, a piece at a time, and hashes small files whole, side by
side.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import closing
from functools import partial
from itertools import count, islice
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from cosfast.concurrency import as_outcomes, check_workers, count_workers, emit_all
from cosfast.deprecation import renamed_keywords
from cosfast.errors import CosError
from cosfast.hashing.state import Algorithm, algorithm_named
from cosfast.parts.build import PartsBuilder
from cosfast.parts.formats import SLICE_SIZE, check_slice_size
from cosfast.parts.lanes import LANES, FileLanes, SmallFiles
from cosfast.parts.sources import PlainFile, open_source
from cosfast.parts.spool import measured
from cosfast.parts.verify import verify_source

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from concurrent.futures import Executor

    from cosfast.parts.model import UploadParts

    Path = str | os.PathLike[str]
    Result = tuple[Path, UploadParts | OSError]
    Emit = Callable[[list[Result]], None]
    Comparison = list[int] | CosError | OSError

T = TypeVar("T")
Task = TypeVar("Task")

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
            processes or on machines that see the same files at the same absolute paths. It is not
            shut down.

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
    if executor is None:
        return _results(iter(paths), options, count_workers(max_workers))
    sent = _SentPaths()
    numbered = map(sent.number, paths)
    groups = iter(lambda: list(islice(numbered, GROUP)), [])
    hash_group = partial(_hash_group, options=options)
    return sent.restore(_run_elsewhere(hash_group, groups, executor, max_workers))


def verify_many(
    files: Iterable[tuple[Path, UploadParts]],
    *,
    max_workers: int | None = None,
    executor: Executor | None = None,
) -> Iterator[tuple[Path, Comparison]]:
    """Compare many files with their lists and yield each path with the result, as they are done.

    Files of less than 16 slices are hashed together, up to 32 in a thread; a larger one takes one
    thread, so for a few large files `verify` is the better choice.

    Args:
        files: Each path with its list; they are taken as threads get to them.
        max_workers: Threads; by default one a core. With an executor: as in `uploadparts_many`.
        executor: A `concurrent.futures` executor that reads the files instead, as in
            `uploadparts_many`.

    Yields:
        The path as it was given, with the indices of the slices that differ, as `verify` returns
        them, or with the error that it raises. The other files are verified nevertheless.

    Raises:
        InputError: If `max_workers` is no positive number; at once.
    """
    if executor is None:
        threads, stop = count_workers(max_workers), Event()
        entries = (_Entry(path, path, parts) for path, parts in files)
        work = partial(_verify_group, stop=stop)
        return _flatten(
            as_outcomes(work, _lane_groups(entries), max_workers=threads, abort=stop.set)
        )
    sent = _SentPaths()
    entries = (_Entry(*sent.number(path), parts) for path, parts in files)
    return sent.restore(_run_elsewhere(_verify_group, _lane_groups(entries), executor, max_workers))


class _SentPaths:
    """Paths that go to other processes: absolute ones, since folders and classes may differ there.

    Each has a number, by which the path as it was given is found again.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._given: dict[int, Path] = {}

    def number(self, path: Path) -> tuple[int, str]:
        """Return the number of a path, and what to send."""
        number = next(self._numbers)
        self._given[number] = path
        return number, os.path.abspath(path)  # noqa: PTH100 - resolves no links

    def restore(self, results: Generator[tuple[int, T], None, None]) -> Iterator[tuple[Path, T]]:
        """Yield each result with the path of its number."""
        with closing(results):
            for number, result in results:
                yield self._given.pop(number), result


def _run_elsewhere(
    work: Callable[[Task], list[T]],
    groups: Iterator[Task],
    executor: Executor,
    max_workers: int | None,
) -> Generator[T, None, None]:
    """Yield what ``work(group)`` returns for each group, as they are done."""
    limit = 0 if max_workers is None else check_workers(max_workers)
    return _flatten(as_outcomes(work, groups, max_workers=limit, executor=executor))


def _flatten(outcomes: Generator[tuple[Any, Any], None, None]) -> Generator[Any, None, None]:
    with closing(outcomes):
        for _, results in outcomes:
            if isinstance(results, Exception):  # of the group as a whole, not of a file
                raise results
            yield from results


def _hash_group(
    paths: list[tuple[int, str]], options: _Options
) -> list[tuple[int, UploadParts | OSError]]:
    """Hash these files in this thread: an executor's task."""
    found = _hash_here((path for _, path in paths), options, Event())
    return [(number, found[path]) for number, path in paths]


def _hash_here(
    paths: Iterator[Path], options: _Options, stop: Event
) -> dict[Path, UploadParts | OSError]:
    results: list[Result] = []
    _FileHashing(paths, options).work(results.extend, stop)
    return dict(results)


class _Entry(NamedTuple):
    """A file to verify, with the key that tells its result from others."""

    key: Any
    path: Path
    parts: UploadParts


def _lane_groups(entries: Iterator[_Entry]) -> Iterator[list[_Entry]]:
    """Put together files that need one another to fill the lanes."""
    groups: dict[_Options, list[_Entry]] = {}
    for entry in entries:
        parts = entry.parts
        if len(parts) >= LANES or not parts.has_digest:
            yield [entry]
            continue
        options = _Options(parts.slice_size, parts.algorithm)
        group = groups.setdefault(options, [])
        group.append(entry)
        if len(group) == GROUP:
            yield groups.pop(options)
    yield from groups.values()


def _verify_group(entries: list[_Entry], stop: Event | None = None) -> list[tuple[Any, Comparison]]:
    """Verify these files, a group of `_lane_groups`, in this thread.

    Args:
        entries: Several are hashed together, since most of them match; the others are then
            verified slice by slice.
        stop: May be set by another thread; then the results are worthless.
    """
    stop = stop or Event()
    hashed: dict[Path, UploadParts | OSError] = {}
    if len(entries) > 1:
        first = entries[0].parts
        paths = (path for _, path, parts in entries if _size_of(path) == parts.filesize)
        hashed = _hash_here(paths, _Options(first.slice_size, first.algorithm), stop)
    return [
        (key, [] if hashed.get(path) == parts else _verify_alone(path, parts, stop))
        for key, path, parts in entries
    ]


def _size_of(path: Path) -> int | None:
    try:
        return os.stat(path).st_size  # noqa: PTH116 - either kind of path
    except (OSError, ValueError):
        return None  # `verify` tells what is wrong with it


def _verify_alone(path: Path, parts: UploadParts, stop: Event) -> Comparison:
    try:
        with open_source(path) as opened, measured(opened, "verified") as whole:
            return verify_source(whole, parts, max_workers=1, stop=stop)
    except (CosError, OSError) as exc:
        return exc


def _results(paths: Iterator[Path], options: _Options, threads: int) -> Iterator[Result]:
    batches = emit_all(_FileHashing(paths, options).work, max_workers=threads)
    with closing(batches):
        for batch in batches:
            yield from batch


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
