"""Clients that are killed: the same call again makes the right file, of what was there."""

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
from pds.servers import DRIVE, TOKEN, connect, start_emulator
from worked_values import content

from cosfast.emulator import faults

MIB = 1024 * 1024
SIZE = 24 * MIB + 4321
KILLS = int(os.environ.get("COSFAST_KILLS", "6"))  # `make check` asks for 100


@pytest.fixture
def server():
    with start_emulator(part_size=102400) as running:
        yield running


def wait_for_parts(server):
    """Return when seven parts have been begun: as five are in flight, two have arrived."""
    before = len(server.faults.fired)
    server.faults.add("pds.put_part", faults.Latency(0), times=7)
    give_up = time.monotonic() + 60
    while len(server.faults.fired) < before + 7:
        assert time.monotonic() < give_up
        time.sleep(0.005)


@pytest.mark.slow
def test_killed_at_any_instant_and_run_again(server, tmp_path):
    rng = random.Random(20260102)
    settings = {
        **os.environ,
        "COSFAST_PDS_ENDPOINT": server.endpoint,
        "COSFAST_PDS_TOKEN": TOKEN,
        "COSFAST_PDS_DRIVE": DRIVE,
        "COSFAST_JOURNAL": str(tmp_path / "journal"),
    }
    resumed = {"sha1": 0, "sha256": 0}
    source = tmp_path / "source"
    source.write_bytes(content(SIZE))
    with connect(server) as client:
        for number in range(KILLS):
            # Content of its own for each round, or the server would have it already.
            with source.open("r+b") as file:
                file.write(number.to_bytes(8, "big"))
            algorithm = ("sha1", "sha256")[number % 2]
            expected = hashlib.new(algorithm, source.read_bytes()).hexdigest()
            command = [sys.executable, "-m", "cosfast", "pds", "put", str(source), "--json"]
            command += ["--part-size", "1M", "--name", f"killed-{number}"]
            command += ["--check-name", "refuse", "--algorithm", algorithm]
            with subprocess.Popen(
                [*command, "--max-rate", str(40 * MIB)],
                env=settings,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as first:
                if number < len(resumed):  # once for each hash, so that something can be resumed
                    wait_for_parts(server)
                else:
                    time.sleep(rng.uniform(0.1, 0.9))
                first.send_signal(signal.SIGKILL)
            again = subprocess.run(
                command, env=settings, capture_output=True, text=True, check=False
            )
            listed = [entry for entry in client.list() if entry.name == f"killed-{number}"]
            told = [(entry.content_hash_name, entry.content_hash) for entry in listed]
            assert told == [(algorithm, expected)]
            if again.returncode:  # the killed one had completed it, and forgotten it
                assert "AlreadyExist.File" in again.stderr
                continue
            result = json.loads(again.stdout)
            found = client.get(result["file_id"])
            assert (found.content_hash, found.size, result["digest"]) == (expected, SIZE, expected)
            if not result["instant"]:  # else the killed one had completed it
                assert result["sent_bytes"] + result["resumed_bytes"] == SIZE
            resumed[algorithm] += result["resumed_bytes"] > 0
    assert all(resumed.values()), resumed
