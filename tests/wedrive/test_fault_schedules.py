"""Random fault schedules, seeded: whatever happens, a success is right and a failure is typed."""

from __future__ import annotations

import hashlib
import io
import os
import random
import threading

import pytest
from emulated import QUICK
from wedrive.emulated_drive import SPACE, connect, start_drive
from worked_values import content

import cosfast
from cosfast import wedrive
from cosfast.emulator import faults

BLOCK = cosfast.WEDRIVE_BLOCK_SIZE
SCHEDULES = int(os.environ.get("COSFAST_SCHEDULES", "30"))  # `make check` asks for more
DEADLINE = 60.0  # seconds: what takes longer hangs
POLICY = cosfast.RetryPolicy(tries=5, base_delay=0.001, max_delay=0.004, budget=20)

OPERATIONS = {
    "wedrive.gettoken": 2,
    "wedrive.file_upload_init": 3,
    "wedrive.file_upload_part": 8,
    "wedrive.file_upload_finish": 4,
    "wedrive.file_upload": 4,
    "wedrive.file_list": 2,
    "wedrive.file_info": 1,
    "wedrive.file_download": 1,
    "wedrive.download": 2,
}
MALFORMED = [
    kind(done=done)
    for kind in (faults.TruncatedJson, faults.NotJson, faults.EmptyAnswer)
    for done in (True, False)
]
PASSING = [-1, 45009, 45033]


def passing_fault(rng):
    """Return what another try gets over."""
    makers = [
        lambda: faults.HttpStatus(rng.choice([500, 502, 503, 504])),
        lambda: faults.Refusal(rng.choice(PASSING)),
        lambda: faults.ResetAfter(rng.choice([0, 1000, 300_000, 2_000_000])),
        lambda: faults.Stall(rng.choice([0.01, 0.05])),
        lambda: rng.choice(MALFORMED),
        lambda: rng.choice(MALFORMED),
        faults.LostAnswer,
        lambda: faults.Latency(rng.uniform(0, 0.05)),
    ]
    return rng.choice(makers)()


def random_fault(rng):
    makers = [
        lambda: passing_fault(rng),
        lambda: passing_fault(rng),
        lambda: faults.Refusal(
            rng.choice([40014, 42001, 41001, 40001, 640019, 640027, 640002, 640004, 640006, 48002])
        ),
        faults.SessionExpired,
        lambda: faults.Stall(0.7),
    ]
    return rng.choice(makers)()


def random_job(rng, number, base):
    """Return content that the server does not know, and how it is uploaded."""
    size = rng.choice([1, 5000, BLOCK, 3 * BLOCK + 5, 4 * BLOCK, 5 * BLOCK + 640])
    data = bytearray(base[:size])
    header = f"schedule {number}".encode()[:size]
    data[: len(header)] = header
    target = {"spaceid": SPACE} if rng.random() < 0.7 else {"selected_ticket": f"ticket {number}"}
    return bytes(data), {
        **target,
        "name": f"file {number}.bin",
        "skip_push_card": rng.random() < 0.3,
        "concurrency": rng.randint(1, 10),
        "deadline": DEADLINE,
    }


@pytest.fixture(scope="module")
def server():
    with start_drive() as running:
        yield running


@pytest.fixture(scope="module")
def base():
    return content(6 * BLOCK)


def check(client, data, result, where):
    """Compare what the server has with what was uploaded."""
    found = client.info(result.fileid)
    assert found.sha1 == result.sha1 == hashlib.sha1(data).hexdigest(), where
    assert (found.size, result.size) == (len(data), len(data)), where
    if result.instant:
        assert result.sent_bytes == 0, where


def attempt(where, call, *arguments, **options):
    """Return what the call returns, or None after a typed error that is no hanging."""
    try:
        return call(*arguments, **options)
    except cosfast.CosError as exc:
        failure = exc
    assert str(failure), where
    assert not isinstance(failure, cosfast.DeadlineExceeded), f"{where} hangs"
    return None


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_random_schedules(server, base, chunk, tmp_path):
    fired = 0
    before = {thread.name for thread in threading.enumerate()}
    for number in range(chunk, SCHEDULES, 10):
        rng = random.Random(f"wedrive {number}")
        for _ in range(rng.randint(1, 7)):
            (operation,) = rng.choices(list(OPERATIONS), list(OPERATIONS.values()))
            server.faults.add(operation, random_fault(rng), times=rng.choice([1, 1, 2, 5]))
        data, options = random_job(rng, number, base)
        journal = cosfast.Journal(tmp_path / "journal") if rng.random() < 0.5 else None
        where = f"schedule {number}"
        with connect(server.endpoint, retry=POLICY, timeout=(2, 0.5), journal=journal) as client:
            result = attempt(where, client.upload, data, **options)
            if result is not None:
                received = io.BytesIO()
                down = attempt(where, client.download, result.fileid, received, deadline=DEADLINE)
                assert down is None or received.getvalue() == data, where
        fired += len(server.faults.fired)
        server.faults.clear()
        with connect(server.endpoint, retry=QUICK, journal=journal) as client:
            if result is None:  # what failed succeeds once the faults are over, if it may be tried
                try:
                    result = client.upload(data, **options)
                except wedrive.UnconfirmedError:
                    continue
            check(client, data, result, where)
    assert fired or chunk >= SCHEDULES
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if "emulator" not in name]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_fewer_faults_than_tries_are_survived(server, base, chunk, tmp_path):
    """Whatever call meets them, and whether or not its work was done: one file comes of it."""
    fired = 0
    for number in range(chunk, SCHEDULES, 10):
        rng = random.Random(f"survived {number}")
        for operation in rng.sample(list(OPERATIONS), rng.randint(1, 6)):
            for _ in range(rng.randint(1, 3)):
                server.faults.add(operation, passing_fault(rng))
        if rng.random() < 0.3:  # an upload is started over once, and a token renewed
            server.faults.add(
                rng.choice(["wedrive.file_upload_init", "wedrive.file_upload_part"]),
                faults.SessionExpired(),
            )
        data, options = random_job(rng, f"survived {number}", base)
        options.pop("selected_ticket", None)
        options["spaceid"] = f"s.survived{number}"
        where = f"schedule {number}"
        with connect(server.endpoint, retry=POLICY, timeout=10) as client:
            result = client.upload(data, **options)
            check(client, data, result, where)
            fired += len(server.faults.fired)
            server.faults.clear()
            assert [entry.fileid for entry in client.list(options["spaceid"])] == [result.fileid]
    assert fired or chunk >= SCHEDULES
