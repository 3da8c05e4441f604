"""Files that a Dask cluster of several processes hashes and verifies."""

from __future__ import annotations

import os

import pytest
from worked_values import content

import cosfast

KIB = 1024


@pytest.fixture
def files(tmp_path):
    """Return files of a few and of many slices, whose number is no multiple of a task's."""
    paths = []
    for number in range(150):
        path = tmp_path / f"{number}"
        path.write_bytes(content(KIB * number * (20 if number % 10 == 0 else 1)))
        paths.append(path)
    return paths


def processes_used(cluster):
    """Return how many tasks each worker has run so far."""
    return cluster.run(lambda dask_worker: dask_worker.state.executed_count)


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_cluster_hashes_and_verifies(files, cluster, algorithm):
    executor, before = cluster.get_executor(), processes_used(cluster)
    options = {"slice_size": 64 * KIB, "algorithm": algorithm}
    lists = dict(cosfast.uploadparts_many(files, executor=executor, **options))
    assert lists == {path: cosfast.uploadparts(path, **options) for path in files}
    assert dict(cosfast.verify_many(lists.items(), executor=executor)) == {
        path: [] for path in files
    }
    for path in files[-10:]:
        with path.open("r+b") as file:
            file.seek(70 * KIB)
            file.write(b"damaged")
    found = dict(cosfast.verify_many(lists.items(), executor=executor))
    assert found == {path: [1] if path in files[-10:] else [] for path in files}
    after = processes_used(cluster)
    assert sum(after[worker] > before[worker] for worker in after) > 1


def test_failures_come_back_from_a_cluster(files, cluster):
    executor = cluster.get_executor()
    lists = dict(cosfast.uploadparts_many([*files, "/nowhere"], executor=executor))
    assert isinstance(lists.pop("/nowhere"), FileNotFoundError)
    files[7].unlink()
    lists[files[0]] = cosfast.uploadparts(b"")
    files[0].write_bytes(b"not empty")
    found = dict(cosfast.verify_many(lists.items(), executor=executor))
    assert isinstance(found.pop(files[7]), FileNotFoundError)
    refused = found.pop(files[0])
    assert isinstance(refused, cosfast.InputError)
    assert str(files[0]) in str(refused)
    assert set(map(str, found.values())) == {"[]"}


def test_relative_paths_are_those_of_the_caller(tmp_path, cluster, monkeypatch):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").write_bytes(b"content")
    monkeypatch.chdir(tmp_path / "here")
    assert os.getcwd() not in cluster.run(os.getcwd).values()
    executor = cluster.get_executor()
    with os.scandir(".") as scanned:  # its entries cannot be pickled
        paths = [*scanned, "file", "../here/file"]
    lists = list(cosfast.uploadparts_many(paths, executor=executor))
    assert {path for path, _ in lists} == set(paths)
    assert {parts for _, parts in lists} == {cosfast.uploadparts(b"content")}
    assert dict(cosfast.verify_many(lists, executor=executor)) == {path: [] for path in paths}
