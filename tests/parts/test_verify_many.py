"""`verify_many`: for each file what `verify` finds."""

from __future__ import annotations

import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_values import content

import cosfast
from cosfast.errors import CosError

KIB = 1024
CHANGES = st.sampled_from(["none", "none", "byte", "longer", "shorter", "empty", "missing"])
CASE = st.tuples(
    st.integers(0, 300 * KIB),
    st.sampled_from([4096, 64 * KIB, cosfast.SLICE_SIZE]),
    st.sampled_from(["sha1", "sha256"]),
    CHANGES,
    st.booleans(),
)


def write_case(path, case):
    size, slice_size, algorithm, change, has_digest = case
    data = content(size)
    parts = cosfast.uploadparts(data, slice_size=slice_size, algorithm=algorithm)
    if not has_digest:
        states = [parts.state_before(index) for index in range(1, len(parts))]
        parts = cosfast.UploadParts.from_states(states, size, slice_size, algorithm=algorithm)
    if change == "byte" and size:
        middle = size // 2
        data = data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]
    elif change == "longer":
        data += bytes(5000)
    elif change == "shorter":
        data = data[: size // 2]
    elif change == "empty":
        data = b""
    if change != "missing":
        path.write_bytes(data)
    return parts


def alone(path, parts):
    try:
        return cosfast.verify(path, parts)
    except (CosError, OSError) as exc:
        return type(exc), str(exc)


def comparable(outcome):
    return (type(outcome), str(outcome)) if isinstance(outcome, Exception) else outcome


@settings(max_examples=60)
@given(st.lists(CASE, max_size=80), st.integers(1, 3))
def test_each_file_is_verified_as_if_it_were_alone(tmp_path_factory, cases, max_workers):
    folder = tmp_path_factory.mktemp("many")
    files = {}
    for number, case in enumerate(cases):
        path = folder / str(number)
        files[path] = write_case(path, case)
    found = dict(cosfast.verify_many(files.items(), max_workers=max_workers))
    assert {path: comparable(outcome) for path, outcome in found.items()} == {
        path: alone(path, parts) for path, parts in files.items()
    }


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_an_executor_finds_the_same(tmp_path, kind):
    files = []
    for number in range(100):
        path = tmp_path / str(number)
        change = ["none", "byte", "longer", "missing"][number % 4]
        files.append((path, write_case(path, (number * KIB, 4096, "sha256", change, True))))
    with kind(2) as executor:
        found = dict(cosfast.verify_many(iter(files), executor=executor, max_workers=2))
        assert executor.submit(int).result() == 0  # it was not shut down
    assert {path: comparable(outcome) for path, outcome in found.items()} == {
        path: alone(path, parts) for path, parts in files
    }


def test_one_file_with_several_lists(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content(10 * KIB))
    right, wrong = cosfast.uploadparts(path), cosfast.uploadparts(bytes(10 * KIB))
    with ThreadPoolExecutor(1) as executor:
        for given_executor in (None, executor):
            files = [(str(path), right), (path, wrong), (str(path), right)]
            found = cosfast.verify_many(files, executor=given_executor)
            assert [outcome for _, outcome in found] == [[], [0], []]


@pytest.mark.skipif(not os.path.exists("/proc/version"), reason="there is no /proc")
def test_a_file_whose_size_the_system_does_not_tell():
    parts = cosfast.uploadparts("/proc/version")
    files = [("/proc/version", parts), ("/proc/version", parts)]
    assert [outcome for _, outcome in cosfast.verify_many(files)] == [[], []]


def test_files_are_taken_as_they_are_needed(tmp_path):
    path, taken = tmp_path / "file", []
    path.write_bytes(b"content")
    parts = cosfast.uploadparts(path)
    results = cosfast.verify_many(
        ((taken.append(1) or path, parts) for _ in range(10_000)), max_workers=1
    )
    assert next(results) == (path, [])
    assert len(taken) < 200
    results.close()
    assert not [thread for thread in threading.enumerate() if "cosfast" in thread.name]


@pytest.mark.slow
def test_a_caller_who_leaves_does_not_wait_for_a_large_file(tmp_path):
    small, large = tmp_path / "small", tmp_path / "large"
    small.write_bytes(b"content")
    with large.open("wb") as file:
        file.truncate(64 * 1024**3)  # sparse: half a minute at least
    states = [cosfast.uploadparts(bytes(64)).state_before(0)] * (64 * 1024 - 1)
    raw = b"".join(bytes.fromhex(state.datasha) for state in states)
    parts = cosfast.UploadParts.from_raw(raw + bytes(20), 64 * 1024**3, cosfast.SLICE_SIZE)
    files = [(large, parts), *[(small, cosfast.uploadparts(small))] * 32]
    results = cosfast.verify_many(files, max_workers=2)
    assert next(results) == (small, [])
    began = time.monotonic()
    results.close()
    assert time.monotonic() - began < 5


def test_bad_arguments_are_named_at_once():
    for max_workers in (0, -1, 1.5, True):
        with pytest.raises(cosfast.InputError, match="max_workers"):
            cosfast.verify_many([], max_workers=max_workers)
        with (
            ThreadPoolExecutor(1) as executor,
            pytest.raises(cosfast.InputError, match="max_workers"),
        ):
            cosfast.verify_many([], max_workers=max_workers, executor=executor)
    assert list(cosfast.verify_many([])) == []
