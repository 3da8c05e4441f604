"""Random fault schedules, seeded: whatever happens, a success is right and a failure is typed."""

from __future__ import annotations

import hashlib
import logging
import os
import random
import threading
import traceback
from urllib.parse import quote

import pytest
from pds.servers import PART, TOKEN, connect, start_emulator
from worked_values import content

import cosfast
from cosfast import pds
from cosfast.emulator import faults

SCHEDULES = int(os.environ.get("COSFAST_SCHEDULES", "30"))  # `make check` asks for 1000
DEADLINE = 60.0  # seconds: what takes longer hangs
POLICY = cosfast.RetryPolicy(tries=4, base_delay=0.001, max_delay=0.004, budget=20)

OPERATIONS = {
    "pds.create": 3,
    "pds.put_part": 8,
    "pds.get_upload_url": 3,
    "pds.list_uploaded_parts": 2,
    "pds.complete": 4,
    "pds.get": 1,
}
API_CODES = [
    *("AccessTokenInvalid", "AccessTokenExpired", "TokenExpired", "TooManyRequests"),
    *("NotFound.UploadId", "NotFound.File", "AlreadyExist.File", "InternalError"),
    *("InvalidParameterNotSupported.ParallelUpload", "QuotaExhausted.Drive", "InvalidParameter"),
]
PART_CODES = [
    *("AccessDenied", "SignatureDoesNotMatch", "PartNotSequential", "NoSuchUpload"),
    *("InternalError", "PartHashNotMatch", "PartAlreadyExist"),
]


def random_fault(rng, operation):
    codes = PART_CODES if operation == "pds.put_part" else API_CODES
    makers = [
        lambda: faults.HttpStatus(rng.choice([403, 404, 409, 500, 502, 503])),
        lambda: faults.Refusal(rng.choice(codes)),
        lambda: faults.Refusal(rng.choice(codes)),
        lambda: faults.Refusal("AccessDenied" if operation == "pds.put_part" else "TokenExpired"),
        lambda: faults.ResetAfter(rng.choice([0, 1000, 3000])),
        lambda: faults.Stall(rng.choice([0.01, 0.5])),
        lambda: rng.choice([faults.TruncatedJson, faults.NotJson, faults.EmptyAnswer])(
            done=rng.random() < 0.5
        ),
        faults.LostAnswer,
        faults.LostAnswer,
        faults.SessionExpired,
        lambda: faults.Latency(rng.uniform(0, 0.05)),
    ]
    return rng.choice(makers)()


def shown(error):
    """Return all that an error tells to somebody who prints, logs or stores it."""
    told = [str(error), repr(error), repr(error.args), repr(vars(error))]
    return "\n".join([*told, *traceback.format_exception(type(error), error, error.__traceback__)])


class Everything(logging.Handler):
    """Keeps what any logger says."""

    def __init__(self):
        super().__init__(level=1)
        self.setFormatter(logging.Formatter("%(name)s %(message)s %(args)r"))
        self.lines = []

    def emit(self, record):
        self.lines.append(self.format(record))


@pytest.fixture
def log(monkeypatch):
    handler, root = Everything(), logging.getLogger()
    monkeypatch.setattr(root, "level", 1)
    for name in ("urllib3", "requests", "asyncio", "aiohttp", "cosfast", "cosfast.emulator"):
        monkeypatch.setattr(logging.getLogger(name), "level", 1)
    logging.getLogger().manager._clear_cache()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
    monkeypatch.undo()
    logging.getLogger().manager._clear_cache()


@pytest.fixture
def secrets(monkeypatch):
    """Collect the queries of all signed URLs that are given out, and the tokens."""
    from cosfast.emulator.services.pds.links import Signer

    made = {TOKEN, "expired-token"}
    signature = Signer._signature

    def collect(self, *fields):
        made.add(signature(self, *fields))
        return signature(self, *fields)

    monkeypatch.setattr(Signer, "_signature", collect)
    return made


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(10))
def test_random_schedules(chunk, log, secrets, tmp_path):
    met = 0
    before = {thread.name for thread in threading.enumerate()}
    for number in range(chunk, SCHEDULES, 10):
        rng = random.Random(f"pds {number}")
        with start_emulator(pds_parallel_upload=rng.random() < 0.8) as server:
            outcome, fired = run_schedule(server, rng, number, tmp_path)
        met += fired
        if isinstance(outcome, Exception):
            log.lines.append(shown(outcome))
    text = "\n".join(log.lines)
    assert len(secrets) > 3 or chunk >= SCHEDULES
    secrets |= {quote(secret, safe="") for secret in secrets}
    assert not [secret for secret in secrets if secret in text]
    assert met or chunk >= SCHEDULES
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if "emulator" not in name]


def run_schedule(server, rng, number, folder):
    for _ in range(rng.randint(1, 6)):
        (operation,) = rng.choices(list(OPERATIONS), list(OPERATIONS.values()))
        server.faults.add(operation, random_fault(rng, operation), times=rng.choice([1, 1, 2, 5]))
    header = f"{number:08}".encode()
    data = header + content(rng.choice([0, 100, 9 * PART, 20 * PART + 5, 70 * PART + 321]))
    path = folder / f"file-{number}"
    path.write_bytes(data)
    tokens = iter(["expired-token"] if rng.random() < 0.3 else [])
    options = {
        "retry": POLICY,
        "timeout": (2, 0.3),
        "token": lambda: next(tokens, TOKEN),
        "journal": cosfast.Journal(folder / "journal") if rng.random() < 0.5 else None,
    }
    wanted = {
        "part_size": PART,
        "concurrency": rng.randint(1, 8),
        "check_name_mode": rng.choice(["ignore", "auto_rename", "refuse"]),
        "deadline": DEADLINE,
        "pre_hash": rng.random() < 0.2,
        "algorithm": rng.choice(["sha1", "sha256"]),
    }
    where = f"schedule {number}"
    with connect(server, **options) as client:
        try:
            outcome = client.upload(path, **wanted)
        except Exception as error:  # noqa: BLE001 - any other than a CosError fails the test
            outcome = error
        fired = len(server.faults.fired)
        server.faults.clear()
        check_outcome(client, data, outcome, where)
        if isinstance(outcome, Exception):  # the same call again, with nothing in the way
            try:
                check_outcome(client, data, client.upload(path, **wanted), where)
            except pds.ExistsError:  # the first one had completed it all the same
                told = [(entry.content_hash_name, entry.content_hash) for entry in client.list()]
                digest = hashlib.new(wanted["algorithm"], data).hexdigest()
                assert told == [(wanted["algorithm"], digest)], where
    return outcome, fired


def check_outcome(client, data, outcome, where):
    if isinstance(outcome, Exception):
        assert isinstance(outcome, cosfast.CosError), f"{where}: {outcome!r}"
        assert not isinstance(outcome, cosfast.DeadlineExceeded), f"{where} hangs"
        assert str(outcome), where
        return
    found, algorithm = client.get(outcome.file_id), outcome.algorithm
    digest = hashlib.new(algorithm, data).hexdigest()
    assert (found.content_hash_name, found.content_hash) == (algorithm, digest), where
    assert (found.size, outcome.size, outcome.digest) == (len(data), len(data), digest), where


def survivable_fault(rng, operation):
    """Return what another try gets over."""
    expired = "AccessDenied" if operation == "pds.put_part" else "ServiceUnavailable"
    makers = [
        lambda: faults.HttpStatus(rng.choice([500, 502, 503, 504])),
        lambda: faults.Refusal("InternalError"),
        lambda: faults.Refusal("TooManyRequests"),
        lambda: faults.Refusal(expired),
        lambda: faults.ResetAfter(rng.choice([0, 1000, 3000])),
        lambda: faults.Stall(rng.choice([0.01, 0.05])),
        faults.LostAnswer,
        lambda: faults.Latency(rng.uniform(0, 0.05)),
    ]
    return rng.choice(makers)()


@pytest.mark.slow
@pytest.mark.parametrize("chunk", range(5))
def test_fewer_faults_than_tries_are_survived(chunk, tmp_path):
    """Whatever request meets them, and whether or not its work was done: nothing is lost."""
    fired = 0
    for number in range(chunk, SCHEDULES, 5):
        rng = random.Random(f"pds survived {number}")
        with start_emulator(pds_parallel_upload=rng.random() < 0.8) as server:
            for operation in rng.sample(list(OPERATIONS), rng.randint(1, 5)):
                for _ in range(rng.randint(1, POLICY.tries - 1)):
                    server.faults.add(operation, survivable_fault(rng, operation))
            if rng.random() < 0.2:  # an upload is started over once
                server.faults.add("pds.put_part", faults.SessionExpired())
            data = f"{number:08}".encode() + content(20 * PART + 5)
            with connect(server, retry=POLICY, timeout=10) as client:
                result = client.upload(
                    data,
                    name="file",
                    part_size=PART,
                    concurrency=rng.randint(1, 8),
                    check_name_mode=rng.choice(["ignore", "refuse"]),
                    algorithm=rng.choice(["sha1", "sha256"]),
                )
                fired += len(server.faults.fired)
                server.faults.clear()
                check_outcome(client, data, result, f"schedule {number}")
                assert len(list(client.list())) == 1, f"schedule {number}"
    assert fired or chunk >= SCHEDULES
