"""Progress bars, which only a terminal gets to see."""

from __future__ import annotations

import os
import struct
import subprocess
import sys

import pytest
from cli.commandline import environment
from emulated import BUCKET

pty = pytest.importorskip("pty", reason="no terminals to make here")


def on_a_terminal(*words, folder, **extra):
    """Return all that the command wrote to a terminal of 80 columns."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        [sys.executable, "-m", "cosfast", *words],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=environment(**extra),
    ) as process:  # fmt: skip
        os.close(theirs)
        written = b"".join(iter(lambda: read(ours), b""))
        assert process.wait(30) == 0, written
    os.close(ours)
    return written.decode()


def read(terminal):
    try:
        return os.read(terminal, 65536)
    except OSError:  # how Linux tells that nobody has it open any more
        return b""


@pytest.fixture
def local(tmp_path):
    folder = tmp_path / "local"
    folder.mkdir()
    (folder / "colour\x1b[31m").write_bytes(bytes(100000))
    (folder / "large").write_bytes(bytes(100000))
    return folder


GET = ("get", f"cos://{BUCKET}/large", "here")
TRANSFERS = {
    "put": (
        ("put", "colour\x1b[31m", f"cos://{BUCKET}/there/colour"),
        "all files:",
        r"colour\x1b[31m -> ",
    ),
    "get": (GET, "all files:", f"cos://{BUCKET}/large -> here "),
    "get -r": (
        ("get", "-r", f"cos://{BUCKET}/", "here"),
        f"cos://{BUCKET}/:",
        f"cos://{BUCKET}/large -> here/large ",
    ),
    "sync": (
        ("sync", f"cos://{BUCKET}/", "here"),
        "bytes:",
        "download large (new, 100000 bytes)",
    ),
}


@pytest.mark.parametrize("shown", TRANSFERS.values(), ids=TRANSFERS)
def test_bars_beside_lines(local, client, settings, shown):
    pytest.importorskip("tqdm", reason="the cli extra is not installed")
    words, title, line = shown
    client.upload(bytes(100000), BUCKET, "large")
    written = on_a_terminal(*words, folder=local, **settings)
    assert f"\r{title}" in written
    assert "\x1b[31m" not in written
    # A line begins where the bars were wiped away.
    (before,) = (part.partition(line)[0] for part in written.split("\n") if line in part)
    assert before.rpartition("\r")[2] == ""


def test_without_tqdm_there_are_none(local, client, settings, tmp_path):
    (tmp_path / "tqdm.py").write_text("raise ImportError('not here')")
    client.upload(bytes(100000), BUCKET, "large")
    written = on_a_terminal(*GET, folder=local, PYTHONPATH=str(tmp_path), **settings)
    assert written.startswith(f"cos://{BUCKET}/large -> here ")
    assert written.count("\r\n") == 1
