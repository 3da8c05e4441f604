"""Uploads that are killed, and run again: the file is right, and what arrived is not sent again."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from wedrive.emulated_drive import CORPID, SECRET, SPACE, connect, start_drive
from worked_values import content

import cosfast
from cosfast.emulator import faults

MIB = 1024 * 1024
BLOCK = cosfast.WEDRIVE_BLOCK_SIZE
SIZE = 24 * MIB + 4321
CONCURRENCY = 4
KILLS = int(os.environ.get("COSFAST_KILLS", "6"))  # `make check` asks for more


@pytest.fixture
def server():
    with start_drive() as running:
        yield running


@pytest.fixture
def settings(server, tmp_path):
    return {
        **os.environ,
        "COSFAST_WEDRIVE_ENDPOINT": server.endpoint,
        "COSFAST_WEDRIVE_CORPID": CORPID,
        "COSFAST_WEDRIVE_SECRET": SECRET,
        "COSFAST_JOURNAL": str(tmp_path / "journal"),
    }


def command(path, name, *words):
    return [
        *(sys.executable, "-m", "cosfast", "wedrive", "put", str(path), "--space", SPACE),
        *("--name", name, "--concurrency", str(CONCURRENCY), "--json", *words),
    ]


def wait_for_blocks(server):
    """Return when two more blocks have begun than are in flight: so many have arrived."""
    begun = len(server.faults.fired)
    server.faults.add("wedrive.file_upload_part", faults.Latency(0), times=CONCURRENCY + 2)
    give_up = time.monotonic() + 60
    while len(server.faults.fired) < begun + CONCURRENCY + 2:
        assert time.monotonic() < give_up
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_at_any_instant_and_run_again(server, settings, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(content(SIZE))
    rng = random.Random(20260101)
    resumed = 0
    with connect(server.endpoint) as client:
        for number in range(KILLS):
            name = f"killed-{number}"
            with source.open("r+b") as file:  # content of its own: else it would be instant
                file.write(number.to_bytes(8, "big"))
            expected = hashlib.sha1(source.read_bytes()).hexdigest()
            with subprocess.Popen(
                command(source, name, "--max-rate", str(40 * MIB)),
                env=settings,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as first:
                if number:
                    time.sleep(rng.uniform(0.3, 1.8))
                else:  # so that something can be resumed
                    wait_for_blocks(server)
                first.send_signal(signal.SIGKILL)
            again = subprocess.run(
                command(source, name), env=settings, capture_output=True, text=True, check=False
            )
            assert again.returncode == 0, again.stderr
            result = json.loads(again.stdout)
            found = client.info(result["fileid"])
            assert found.sha1 == result["sha1"] == expected
            if result["instant"] or not result["sent_bytes"]:
                continue
            assert result["sent_bytes"] + result["resumed_bytes"] == SIZE
            sent = -(-result["sent_bytes"] // BLOCK)
            # A token, the blocks and the finish; without a journal entry also the init.
            assert result["calls"] <= sent + (2 if result["resumed_bytes"] else 3)
            resumed += bool(result["resumed_bytes"])
    assert resumed


@pytest.mark.slow
def test_a_resumed_upload_takes_a_call_for_each_missing_block_and_one(server, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(content(SIZE))
    os.utime(source, ns=(1, 1))
    journal = cosfast.Journal(tmp_path / "journal")
    token = cosfast.CancelToken()
    done = []

    def stop(count):
        done.append(count)
        if len(done) == 5:
            token.cancel()

    with connect(server.endpoint, journal=journal) as client:
        with pytest.raises(cosfast.Cancelled):
            client.upload(source, spaceid=SPACE, progress=stop, cancel=token, concurrency=1)
        result = client.upload(source, spaceid=SPACE)
    missing = 13 - 5
    assert (result.resumed_bytes, result.calls) == (5 * BLOCK, missing + 1)
