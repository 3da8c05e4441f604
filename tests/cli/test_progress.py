"""Progress bars, which only a terminal gets to see."""

from __future__ import annotations

import os
import re
import struct
import subprocess
import sys

import pytest
from cli.commandline import MIB, environment
from emulated import BUCKET

pty = pytest.importorskip("pty", reason="no terminals to make here")


def on_a_terminal(*words, folder, shell=None, **extra):
    """Return all that the command, or a shell's, wrote to a terminal of 80 columns."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    with subprocess.Popen(
        ["sh", "-c", shell] if shell else [sys.executable, "-m", "cosfast", *words],
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


@pytest.fixture
def plain(local):
    """Return a folder whose files all have names that the service allows."""
    (local / "colour\x1b[31m").rename(local / "colour")
    return local


GET = ("get", f"cos://{BUCKET}/large", "here")
TRANSFERS = {
    "put": (
        ("put", "colour\x1b[31m", f"cos://{BUCKET}/there/colour"),
        r"colour\x1b[31m:",
        r"colour\x1b[31m -> ",
    ),
    "get": (GET, "large:", f"cos://{BUCKET}/large -> here "),
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


def bars(written):
    """Return the titles of all bars that were drawn."""
    drawn = re.findall(r"[\r\n](?:\x1b\[A)*([^\r\n]*?):\s+\d+%\|", written)
    return {title.strip() for title in drawn}


@pytest.mark.parametrize("size", [100000, 9 * MIB])
def test_one_file_has_one_bar(local, settings, size):
    pytest.importorskip("tqdm", reason="the cli extra is not installed")
    (local / "one").write_bytes(bytes(size))
    written = on_a_terminal("put", "one", f"cos://{BUCKET}/one", folder=local, **settings)
    assert bars(written) - {"hashing one"} == {"one"}
    assert "\x1b[A" not in written  # nothing is drawn above or below
    written = on_a_terminal("get", f"cos://{BUCKET}/one", "back", folder=local, **settings)
    assert bars(written) == {"one"}
    assert "\x1b[A" not in written


def test_several_files_have_a_total_with_a_rate_and_the_time_left(plain, settings):
    pytest.importorskip("tqdm", reason="the cli extra is not installed")
    words = ("put", "-r", ".", f"cos://{BUCKET}/", "--max-rate", "300K")
    written = on_a_terminal(*words, folder=plain, **settings)
    assert {"all files", "large"} <= bars(written)
    assert re.search(
        r"all files: +\d+%\|[^|]*\| [\d.k]+/(195k|200k) \[\d\d:\d\d<\d\d:\d\d, ", written
    )


@pytest.mark.parametrize("up", [True, False], ids=["up", "down"])
def test_a_sync_has_a_total_with_a_rate_and_the_time_left(plain, client, settings, up):
    pytest.importorskip("tqdm", reason="the cli extra is not installed")
    client.upload(bytes(100000), BUCKET, "large")  # which stays
    if up:  # 50000 that differ, and 100000 that are new
        (plain / "changed").write_bytes(bytes(50000))
        client.upload(b"before", BUCKET, "changed")
    else:
        for number in range(3):
            client.upload(bytes([number]) * 50000, BUCKET, f"new/{number}")
    there = (".", f"cos://{BUCKET}/")
    words = ("sync", *(there if up else there[::-1]), "--max-rate", "150K")
    written = on_a_terminal(*words, folder=plain, **settings)
    assert bars(written) == {"bytes"}
    assert re.search(r"bytes: +\d+%\|[^|]*\| [\d.k]+/150k \[\d\d:\d\d<\d\d:\d\d, ", written)
    assert "100%" in written


@pytest.mark.parametrize(
    "words", [GET, ("put", "large", f"cos://{BUCKET}/x"), ("sync", ".", f"cos://{BUCKET}/x/")]
)
def test_quiet_draws_nothing(plain, client, settings, words):
    client.upload(bytes(100000), BUCKET, "large")
    assert on_a_terminal(*words, "--quiet", folder=plain, **settings) == ""


def test_an_unchanged_sync_tells_so_on_a_terminal(plain, settings):
    words = ("sync", ".", f"cos://{BUCKET}/")
    on_a_terminal(*words, folder=plain, **settings)
    assert "2 kept; 0 bytes" in on_a_terminal(*words, folder=plain, **settings)


def test_standard_input_has_a_bar_without_a_total(local, client, settings):
    pytest.importorskip("tqdm", reason="the cli extra is not installed")
    command = f"cat large | {sys.executable} -m cosfast put - cos://{BUCKET}/sent"
    written = on_a_terminal(shell=command, folder=local, **settings)
    assert re.search(r"\r-: [\d.]+k?B \[", written)
    assert client.read(BUCKET, "sent") == (local / "large").read_bytes()
