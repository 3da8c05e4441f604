"""`cosfast emulator` and `cosfast demo`."""

from __future__ import annotations

import signal
import subprocess
import sys

from cli.commandline import cosfast, environment


def test_the_emulator_says_where_it_is_and_stops_on_a_signal(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "cosfast", "emulator", "--root", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as server:
        line = server.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:")
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0


def test_the_demo_compares_equal(file):
    run = cosfast("demo", file)
    assert (run.returncode, run.stderr) == (0, "")
    for word in ("interrupted when", "were there already", "instant", "came back equal"):
        assert word in run.stdout


def test_the_demo_of_a_small_file(tmp_path):
    small = tmp_path / "small"
    small.write_bytes(b"small")
    run = cosfast("demo", small)
    assert run.returncode == 0
    assert "nothing to interrupt" in run.stdout
