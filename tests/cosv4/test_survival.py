"""Clients that are killed, and clients that meet one another: the server's file is right anyway."""

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
from emulated import BUCKET, CREDENTIALS
from worked_values import content

import cosfast

MIB = 1024 * 1024
SIZE = 24 * MIB + 4321
CONCURRENCY = 4
KILLS = int(os.environ.get("COSFAST_KILLS", "6"))  # `make check` asks for 100


def command(path, name, *words):
    return [
        sys.executable,
        *("-m", "cosfast", "upload", str(path), f"cos://{BUCKET}/{name}"),
        *("--concurrency", str(CONCURRENCY), "--json", *words),
    ]


@pytest.fixture
def settings(emulator, tmp_path):
    return {
        **os.environ,
        "COSFAST_ENDPOINT": emulator.endpoint,
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": CREDENTIALS.secret_key,
        "COSFAST_JOURNAL": str(tmp_path / "journal"),
    }


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(content(SIZE))
    return path


def held(client, name):
    """Return the bytes that the server has of an unfinished upload."""
    try:
        listed = client.slice_list(BUCKET, name)
    except cosfast.NotFoundError:
        return 0
    return sum(length for _, length in getattr(listed, "parts", ()))


@pytest.mark.slow
def test_killed_at_any_instant_and_run_again(client, source, settings):
    """What the server has acknowledged is not sent again; only what was on its way may be."""
    rng = random.Random(20260101)
    expected = hashlib.sha1(source.read_bytes()).hexdigest()
    for number in range(KILLS):
        name = f"killed-{number}"
        # Content of its own for each round, or the server would have it already.
        with source.open("r+b") as file:
            file.write(number.to_bytes(8, "big"))
        expected = hashlib.sha1(source.read_bytes()).hexdigest()
        words = command(source, name, "--max-rate", str(40 * MIB))
        with subprocess.Popen(
            words, env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as first:
            time.sleep(rng.uniform(0.1, 1.1))
            first.send_signal(signal.SIGKILL)
        before = held(client, name)
        again = subprocess.run(
            command(source, name), env=settings, capture_output=True, text=True, check=False
        )
        assert again.returncode == 0, again.stderr
        result = json.loads(again.stdout)
        assert client.stat(BUCKET, name).sha1 == result["sha1"] == expected
        if result["instant"]:  # what the killed one sent last was done after its death
            continue
        assert result["sent_bytes"] + result["resumed_bytes"] == SIZE
        assert result["sent_bytes"] <= SIZE - before


@pytest.mark.slow
def test_two_processes_at_the_same_place(client, source, settings):
    """Both end well, or one is told clearly; the file is right."""
    pair = [
        subprocess.Popen(
            command(source, "same"),
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    outcomes = [(process.communicate(timeout=120), process.returncode) for process in pair]
    assert client.stat(BUCKET, "same").sha1 == hashlib.sha1(source.read_bytes()).hexdigest()
    assert 0 in [code for _, code in outcomes]
    for (_, error), code in outcomes:
        assert code == 0 or (code == 1 and error.count("\n") == 1), error
        assert "Traceback" not in error
