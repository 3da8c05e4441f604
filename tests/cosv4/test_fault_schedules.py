"""Random fault schedules, seeded: whatever happens, a success is right and a failure is typed."""

from __future__ import annotations

import contextlib
import hashlib
import io
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
MALFORMED = [
    kind(done=done)
    for kind in (faults.TruncatedJson, faults.NotJson, faults.EmptyAnswer)
    for done in (True, False)
]
RETRYABLE_CODES = [-71, -66, -152, -196, -300, -4017, -4024, -4025, -5989, -5997]
SURVIVED = [
    "upload_slice_init",
    "upload_slice_list",
    "upload_slice_data",
    "upload_slice_finish",
    "upload",
    "create",
    "stat",
    "list",
    "update",
    "copy",
    "move",
    "delete",
    "download",
]
POLICY = cosfast.RetryPolicy(tries=4, base_delay=0.001, max_delay=0.004, budget=20)


def random_fault(rng):
    makers = [
        lambda: faults.HttpStatus(rng.choice([500, 502, 503, 504])),
        lambda: faults.Refusal(rng.choice([-71, -66, -4024, -4025, -5997, -97, -177, -290, -4016])),
        lambda: faults.ResetAfter(rng.choice([0, 1000, 300_000, 900_000])),
        lambda: faults.Stall(rng.choice([0.01, 0.7])),
        lambda: rng.choice(MALFORMED),
        lambda: rng.choice(MALFORMED),
        faults.LostAnswer,
        lambda: faults.WrongSliceSize(rng.choice([524288, 2097152, 64, 7, 0])),
        faults.SessionExpired,
        lambda: faults.Latency(rng.uniform(0, 0.05)),
        lambda: faults.Bandwidth(rng.choice([20, 60]) * MIB),
    ]
    return rng.choice(makers)()


def survivable_fault(rng):
    """Return what another try gets over."""
    makers = [
        lambda: faults.HttpStatus(rng.choice([500, 502, 503, 504])),
        lambda: faults.Refusal(rng.choice(RETRYABLE_CODES)),
        lambda: faults.ResetAfter(rng.choice([0, 1000, 300_000, 900_000])),
        lambda: faults.Stall(rng.choice([0.01, 0.05])),
        lambda: rng.choice(MALFORMED),
        lambda: rng.choice(MALFORMED),
        lambda: rng.choice(MALFORMED),
        faults.LostAnswer,
        lambda: faults.Latency(rng.uniform(0, 0.05)),
        lambda: faults.Bandwidth(rng.choice([20, 60]) * MIB),
    ]
    return rng.choice(makers)()


def random_jobs(rng, number, base):
    """Make one to three uploads: small and in slices, in folders and not, of every integrity."""
    jobs = {}
    for index in range(rng.randint(1, 3)):
        data = bytearray(base[: rng.choice([0, 100, 3 * MIB, 9 * MIB, 10 * MIB + 4321])])
        header = f"{number}-{index}".encode()
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


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_fewer_faults_than_tries_are_survived(emulator, base, chunk):
    """Whatever request meets them, and whether or not its work was done: nothing is lost."""
    fired = 0
    for number in range(chunk, SCHEDULES, 10):
        rng = random.Random(f"survived {number}")
        for operation in rng.sample(SURVIVED, rng.randint(1, 6)):
            for _ in range(rng.randint(1, POLICY.tries - 1)):
                emulator.faults.add(operation, survivable_fault(rng))
        if rng.random() < 0.2:  # an upload is started over once
            operation = rng.choice(["upload_slice_list", "upload_slice_data"])
            emulator.faults.add(operation, faults.SessionExpired())
        jobs = random_jobs(rng, f"survived-{number}", base)
        with connect(emulator.endpoint, retry=POLICY, timeout=10) as client:
            outcomes = dict(client.upload_many(jobs, max_workers=2))
            for job in jobs:
                where = f"schedule {number}, {job.path}"
                assert isinstance(outcomes[job], cosfast.UploadResult), (where, outcomes[job])
                check_outcome(client, job, outcomes[job], where)
            work_on(client, jobs[0], f"folder of {number}")
        fired += len(emulator.faults.fired)
        emulator.faults.clear()
    assert fired or chunk >= SCHEDULES


def work_on(client, job, folder):
    """Do all that can be done with a file; each step is done once, whatever its tries met."""
    size = len(job.source)
    client.create_folder(BUCKET, folder, biz_attr="of the test")
    client.copy(BUCKET, job.path, f"{folder}/copied")
    client.move(BUCKET, f"{folder}/copied", f"{folder}/moved")
    client.update(BUCKET, f"{folder}/moved", biz_attr="changed")
    client.copy(BUCKET, f"{folder}/moved", f"{folder}/other")
    assert {(entry.name, entry.filesize) for entry in client.list(BUCKET, folder)} == {
        ("moved", size),
        ("other", size),
    }, folder
    assert client.stat(BUCKET, f"{folder}/moved").biz_attr == "changed", folder
    received = io.BytesIO()
    client.download(BUCKET, f"{folder}/moved", received)
    assert received.getvalue() == job.source, folder
    client.delete(BUCKET, f"{folder}/other")
    assert not client.exists(BUCKET, f"{folder}/other"), folder
    client.delete(BUCKET, folder, recursive=True)
    assert not client.exists(BUCKET, f"{folder}/"), folder


def run_schedule(emulator, jobs, number):
    sockets = open_sockets()
    with connect(emulator.endpoint, retry=POLICY, timeout=(2, 0.5)) as client:
        outcomes = dict(client.upload_many(jobs, max_workers=2))
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
    assert found.sha1 == hashlib.sha1(job.source).hexdigest(), where
    assert found.filesize == len(job.source), where
