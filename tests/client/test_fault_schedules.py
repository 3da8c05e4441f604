"""Random fault schedules, seeded: whatever happens, a success is right and a failure is typed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import random
import threading
import time
from pathlib import Path

import pytest
from emulated import BUCKET, connect, start_emulator
from worked_values import content

import cosfast
from cosfast.emulator import faults

MIB = 1024 * 1024
SCHEDULES = int(os.environ.get("COSFAST_SCHEDULES", "30"))  # `make check` asks for 1000
DEADLINE = 60.0  # seconds: what takes longer hangs

OPERATIONS = {
    "upload_slice_init": 3,
    "upload_slice_list": 2,
    "upload_slice_data": 8,
    "upload_slice_finish": 4,
    "upload": 3,
    "create": 2,
    "stat": 1,
    "delete": 1,
}
POLICY = cosfast.RetryPolicy(tries=4, base_delay=0.001, max_delay=0.004, budget=20)


def random_fault(rng):
    makers = [
        lambda: faults.HttpStatus(rng.choice([500, 502, 503, 504])),
        lambda: faults.Refusal(rng.choice([-71, -66, -4024, -4025, -5997, -97, -177, -290, -4016])),
        lambda: faults.ResetAfter(rng.choice([0, 1000, 300_000, 900_000])),
        lambda: faults.Stall(rng.choice([0.01, 0.7])),
        faults.TruncatedJson,
        faults.NotJson,
        faults.LostAnswer,
        lambda: faults.WrongSliceSize(rng.choice([524288, 2097152, 64, 7, 0])),
        faults.SessionExpired,
        lambda: faults.Latency(rng.uniform(0, 0.05)),
        lambda: faults.Bandwidth(rng.choice([20, 60]) * MIB),
    ]
    return rng.choice(makers)()


def random_jobs(rng, number, base):
    """Make one to three uploads: small and in slices, in folders and not, of every integrity."""
    jobs = {}
    for index in range(rng.randint(1, 3)):
        data = bytearray(base[: rng.choice([0, 100, 3 * MIB, 9 * MIB, 10 * MIB + 4321])])
        header = b"%d-%d" % (number, index)
        data[: len(header)] = header
        options = cosfast.UploadOptions(
            overwrite=rng.random() < 0.3,
            integrity=rng.choice(["parts", "parts", "stream", "none"]),
            concurrency=rng.randint(1, 16),
            deadline=DEADLINE,
        )
        folder = rng.choice(["", f"folder-{number}/", f"deep-{number}/er/"])
        path = f"{folder}file-{number}-{index}"
        jobs[path] = cosfast.UploadJob(bytes(data), BUCKET, path, options)
    return list(jobs.values())


def open_sockets():
    """Count this process's sockets; the server's files, in this process too, are its own affair."""
    folder = Path("/proc/self/fd")
    count = 0
    for name in os.listdir(folder) if folder.is_dir() else []:
        with contextlib.suppress(FileNotFoundError):  # it was closed in between
            count += os.readlink(folder / name).startswith("socket:")
    return count


def check_sockets_close(before, where):
    """Both ends of each connection are here; the server sees a moment later that ours closed."""
    for _ in range(200):
        left = open_sockets()
        if left <= before:
            return
        time.sleep(0.05)
    pytest.fail(f"{where} leaks {left - before} sockets")


@pytest.fixture(scope="module")
def emulator():
    with start_emulator() as server:
        yield server


@pytest.fixture(scope="module")
def base():
    return content(11 * MIB)


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_random_schedules(emulator, base, chunk):
    fired = 0
    before = {thread.name for thread in threading.enumerate()}
    for number in range(chunk, SCHEDULES, 10):
        rng = random.Random(number)
        for _ in range(rng.randint(1, 7)):
            (operation,) = rng.choices(list(OPERATIONS), list(OPERATIONS.values()))
            emulator.faults.add(operation, random_fault(rng), times=rng.choice([1, 1, 2, 5]))
        jobs = random_jobs(rng, number, base)
        fired += run_schedule(emulator, jobs, number)
    assert fired or chunk >= SCHEDULES
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if "emulator" not in name]


def run_schedule(emulator, jobs, number):
    sockets = open_sockets()
    with connect(emulator.endpoint, retry=POLICY, timeout=(2, 0.5)) as client:
        outcomes = dict(client.upload_many(jobs, files=2))
        fired = len(emulator.faults.fired)
        emulator.faults.clear()
        for job in jobs:
            check_outcome(client, job, outcomes[job], f"schedule {number}, {job.path}")
    check_sockets_close(sockets, f"schedule {number}")
    return fired


def check_outcome(client, job, outcome, where):
    if isinstance(outcome, Exception):
        assert isinstance(outcome, cosfast.CosError), f"{where}: {outcome!r}"
        assert not isinstance(outcome, cosfast.DeadlineExceeded), f"{where} hangs"
        assert str(outcome), where
        return
    found = client.stat(BUCKET, job.path)
    assert found.sha == hashlib.sha1(job.source).hexdigest(), where
    assert found.filesize == len(job.source), where
