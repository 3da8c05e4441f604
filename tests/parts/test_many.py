"""`uploadparts_many`: every file as if it were alone, in whatever company it comes."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_values import content, upload_vectors

import cosfast

KIB = 1024


def written(folder, sizes):
    paths = []
    for number, size in enumerate(sizes):
        path = folder / f"{number}-{size}"
        path.write_bytes(content(size))
        paths.append(path)
    return paths


def many_workers():
    return [thread for thread in threading.enumerate() if "cosfast" in thread.name]


def test_the_worked_values(tmp_path):
    for slice_size in (524288, 1048576, 3145728):
        cases = [case for case in upload_vectors() if case["slice_size"] == slice_size]
        paths = written(tmp_path, [case["size"] for case in cases])
        results = dict(cosfast.uploadparts_many(paths, slice_size=slice_size))
        for path, case in zip(paths, cases, strict=True):
            assert [part._asdict() for part in results[path]] == case["uploadparts"]
            assert results[path].sha1 == case["sha1"]


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 400 * KIB), max_size=40),
    st.sampled_from([64, 4096, 128 * KIB, 256 * KIB, cosfast.SLICE_SIZE]),
    st.integers(1, 4),
)
def test_any_sizes_any_slices_any_workers(tmp_path_factory, sizes, slice_size, workers):
    slice_size = slice_size if sum(sizes) < 4096 * slice_size else 4096
    paths = written(tmp_path_factory.mktemp("many"), sizes)
    results = dict(cosfast.uploadparts_many(paths, slice_size=slice_size, max_workers=workers))
    assert set(results) == set(paths)
    for path in paths:
        assert results[path] == cosfast.uploadparts(path, slice_size=slice_size)
        path.unlink()


def test_more_large_files_than_lanes(tmp_path):
    paths = written(tmp_path, [200 * KIB + number * 4099 for number in range(70)])
    results = dict(cosfast.uploadparts_many(paths, max_workers=2))
    assert all(results[path] == cosfast.uploadparts(path) for path in paths)


def test_paths_come_back_as_they_were_given(tmp_path):
    (path,) = written(tmp_path, [10])
    given_paths = [path, str(path), str(path)]
    back = [path for path, _ in cosfast.uploadparts_many(given_paths, max_workers=1)]
    assert back == given_paths


def test_what_cannot_be_read_is_its_own_result(tmp_path):
    good = written(tmp_path, [5, 300 * KIB])
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    bad = [tmp_path / "nowhere", tmp_path, pipe, "nul\0byte"]
    results = dict(cosfast.uploadparts_many([*bad, *good, *bad]))
    assert isinstance(results[bad[0]], FileNotFoundError)
    assert isinstance(results[bad[1]], IsADirectoryError)
    for path in bad:
        assert isinstance(results[path], OSError)
        assert str(path).partition("\0")[0] in str(results[path])
    assert [results[path].filesize for path in good] == [5, 300 * KIB]


@pytest.mark.parametrize("change", ["truncated", "grown", "rewritten"])
def test_a_file_that_changes_under_way_is_its_own_result(tmp_path, monkeypatch, change):
    size = 2_000_000
    steady, changing = written(tmp_path, [size, size + 1])
    real = cosfast.parts.sources.read_at
    pending = [change]

    def read_at(descriptor, view, offset):
        if pending and len(view) > 1 and os.fstat(descriptor).st_size == size + 1:
            pending.pop()
            if change == "truncated":
                os.truncate(changing, size // 2)
            elif change == "grown":
                with changing.open("ab") as file:
                    file.write(b"x")
            else:
                time.sleep(0.02)
                changing.write_bytes(content(size + 1)[::-1])
        return real(descriptor, view, offset)

    monkeypatch.setattr(cosfast.parts.sources, "read_at", read_at)
    results = dict(cosfast.uploadparts_many([steady, changing]))
    assert isinstance(results[changing], cosfast.SourceChanged)
    assert isinstance(results[changing], OSError)
    assert results[changing].path == str(changing)
    assert results[steady] == cosfast.uploadparts(steady)


def test_results_come_before_all_paths_are_known(tmp_path):
    paths = written(tmp_path, [150 * KIB] * 200)
    released = threading.Event()

    def slow():
        yield from paths
        assert released.wait(30)

    results = cosfast.uploadparts_many(slow(), max_workers=2)
    next(results)
    released.set()
    assert len(list(results)) == len(paths) - 1


def test_leaving_early_ends_the_workers_and_closes_the_files(tmp_path):
    paths = written(tmp_path, [10, 200 * KIB] * 500)
    results = cosfast.uploadparts_many(paths, max_workers=3)
    next(results)
    results.close()
    assert many_workers() == []
    if os.path.isdir("/proc/self/fd"):
        links = [f"/proc/self/fd/{name}" for name in os.listdir("/proc/self/fd")]
        opened = [os.readlink(link) for link in links if os.path.lexists(link)]
        assert [path for path in opened if str(tmp_path) in path] == []


def test_an_error_of_the_paths_themselves_is_raised(tmp_path):
    def broken():
        yield from written(tmp_path, [10])
        raise LookupError("no more paths")

    with pytest.raises(LookupError, match="no more paths"):
        list(cosfast.uploadparts_many(broken()))
    with pytest.raises(TypeError):
        list(cosfast.uploadparts_many([7.5]))
    assert many_workers() == []


def test_bad_arguments_are_named_at_once():
    with pytest.raises(cosfast.InputError, match="slice_size"):
        cosfast.uploadparts_many([], slice_size=100)
    for workers in (0, -1, 1.5, True):
        with pytest.raises(cosfast.InputError, match="workers"):
            cosfast.uploadparts_many([], max_workers=workers)
    assert list(cosfast.uploadparts_many([])) == []


# -- SHA-256


@pytest.mark.parametrize("slice_size", [4096, 128 * KIB, cosfast.SLICE_SIZE])
def test_sha256_of_small_large_and_odd_files(tmp_path, slice_size):
    paths = written(tmp_path, [0, 1, 4096, 70_000, 128 * KIB, 300 * KIB + 1, 2_500_000] * 3)
    found = dict(
        cosfast.uploadparts_many(
            [*paths, "/proc/version"], slice_size=slice_size, algorithm="sha256", max_workers=2
        )
    )
    for path, parts in found.items():
        assert parts == cosfast.uploadparts(path, slice_size=slice_size, algorithm="sha256")
        with open(path, "rb") as file:
            assert parts.digest == hashlib.file_digest(file, "sha256").hexdigest()
    assert set(found) == {*paths, "/proc/version"}


# -- executors


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
@pytest.mark.parametrize("max_workers", [None, 1])
def test_an_executor_hashes_every_file(tmp_path, kind, max_workers):
    paths = written(tmp_path, [10, 200 * KIB] * 50)
    given_paths = [*paths, tmp_path / "nowhere", str(paths[0])]
    with kind(2) as executor:
        results = cosfast.uploadparts_many(
            iter(given_paths), algorithm="sha256", max_workers=max_workers, executor=executor
        )
        found = list(results)
        assert executor.submit(int).result() == 0  # it was not shut down
    assert sorted(str(path) for path, _ in found) == sorted(map(str, given_paths))
    for path, parts in found:
        if str(path).endswith("nowhere"):
            assert isinstance(parts, FileNotFoundError)
        else:
            assert parts == cosfast.uploadparts(path, algorithm="sha256")


class Delayed(Executor):
    """Runs nothing until it is asked to."""

    def __init__(self):
        self.tasks = []

    def submit(self, function, /, *args, **kwargs):
        future = Future()
        self.tasks.append((future, function, args, kwargs))
        return future

    def run_all(self):
        for future, function, args, kwargs in list(self.tasks):
            if not future.done() and future.set_running_or_notify_cancel():
                future.set_result(function(*args, **kwargs))


def test_an_executors_tasks_are_limited_and_cancelled(tmp_path):
    paths = written(tmp_path, [10]) * 10_000
    executor, taken = Delayed(), []
    results = cosfast.uploadparts_many(
        (taken.append(path) or path for path in paths), max_workers=2, executor=executor
    )
    reader = threading.Thread(target=lambda: next(results))
    reader.start()
    while len(executor.tasks) < 4:
        time.sleep(0.001)
    time.sleep(0.02)
    assert len(executor.tasks) == 4  # two for each worker
    assert len(taken) < 200
    executor.run_all()
    reader.join()
    results.close()
    assert all(future.done() for future, *_ in executor.tasks)


class Broken(Executor):
    def submit(self, function, /, *args, **kwargs):
        future = Future()
        future.set_exception(OSError("the cluster is gone"))
        return future


def test_an_error_of_the_executor_is_raised(tmp_path):
    with pytest.raises(OSError, match="cluster"):
        list(cosfast.uploadparts_many(written(tmp_path, [1]), executor=Broken()))


def test_bad_arguments_with_an_executor():
    with pytest.raises(cosfast.InputError, match="max_workers"):
        cosfast.uploadparts_many([], max_workers=0, executor=Broken())
    with pytest.raises(cosfast.InputError, match="algorithm"):
        cosfast.uploadparts_many([], algorithm="md5", executor=Broken())


# -- keywords that were renamed


def test_the_old_keyword_for_threads_still_works(tmp_path):
    (path,) = written(tmp_path, [300])
    parts = cosfast.uploadparts(path)
    with pytest.warns(DeprecationWarning, match="max_workers") as found:
        assert dict(cosfast.uploadparts_many([path], workers=1)) == {path: parts}
    assert found[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="max_workers"):
        assert cosfast.verify(path, parts, workers=1) == []
    with pytest.raises(TypeError, match="max_workers"):
        cosfast.verify(path, parts, workers=1, max_workers=1)
