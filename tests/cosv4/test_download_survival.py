"""Downloads that are killed: nothing but the whole file ever has its name; the next goes on."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time

import pytest
from emulated import BUCKET, CREDENTIALS
from worked_values import content

from cosfast.transfer.partial_file import partial_paths

MIB = 1024 * 1024
KILLS = int(os.environ.get("COSFAST_DOWNLOAD_KILLS", "5"))  # `make check` asks for 100
DATA = content(24 * MIB + 4321)

CHILD = """
import sys
import cosfast

endpoint, bucket, path, target, rate = sys.argv[1:]
with cosfast.Client(cosfast.Credentials.from_env(), endpoint=endpoint, journal=None) as client:
    print("begun", flush=True)
    result = client.download(bucket, path, target, max_rate=float(rate))
    print(result.resumed_bytes)
"""


@pytest.mark.slow
def test_killed_at_any_instant_and_run_again(emulator, client, tmp_path):
    rng = random.Random(20260201)
    client.upload(DATA, BUCKET, "file")
    settings = {
        **os.environ,
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": CREDENTIALS.secret_key,
    }

    def start(target, rate):
        words = (emulator.endpoint, BUCKET, "file", str(target), str(rate))
        return subprocess.Popen(
            [sys.executable, "-c", CHILD, *words],
            env=settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    resumed = 0
    for number in range(KILLS):
        target = tmp_path / f"{number}" / "file"
        target.parent.mkdir()
        with start(target, 40 * MIB) as first:
            assert first.stdout.readline() == "begun\n", first.stderr.read()
            time.sleep(rng.uniform(0, 0.8))
            first.send_signal(signal.SIGKILL)
        part, identity = partial_paths(str(target))
        held = os.path.getsize(part) if os.path.exists(identity) and os.path.exists(part) else 0
        if target.exists():
            assert target.read_bytes() == DATA
            held = 0
        out, err = start(target, 1e9).communicate(timeout=120)
        assert out == f"begun\n{held}\n", err
        assert target.read_bytes() == DATA
        assert os.listdir(target.parent) == ["file"]
        resumed += held
    assert resumed > 0
