"""`cosfast get`."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time

import pytest
from cli.commandline import MIB, account, cosfast, environment, failed, lines, objects
from emulated import BUCKET, connect, start_emulator
from worked_values import content

from cosfast.emulator import faults

ROOT = f"cos://{BUCKET}"
LARGE = content(9 * MIB + 5)


@pytest.fixture
def filled(client, settings):
    client.upload(LARGE, BUCKET, "folder/large")
    client.upload(b"small", BUCKET, "folder/inner/small")
    client.create_folder(BUCKET, "folder/empty")
    return settings


@pytest.fixture
def here(tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def files(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([], "small"),
        (["renamed"], "renamed"),
        (["."], "small"),
        (["new/folder/"], "new/folder/small"),
        (["new/renamed"], "new/renamed"),
        (["-o", "renamed"], "renamed"),
    ],
)
def test_where_a_file_goes(filled, here, words, name):
    run = cosfast("get", f"{ROOT}/folder/inner/small", *words, folder=here, **filled)
    (line,) = lines(run)
    assert hashlib.sha1(b"small").hexdigest() in line
    assert files(here) == {name: b"small"}


def test_json(filled, here):
    run = cosfast("get", "--json", f"{ROOT}/folder/large", "x", folder=here, **filled)
    assert objects(run) == [
        {
            "address": f"{ROOT}/folder/large",
            "file": "x",
            "sha1": hashlib.sha1(LARGE).hexdigest(),
            "size": len(LARGE),
            "received_bytes": len(LARGE),
            "resumed_bytes": 0,
            "existed": False,
        }
    ]
    assert files(here) == {"x": LARGE}


def test_several_of_which_one_is_missing(filled, here):
    run = cosfast(
        *("get", f"{ROOT}/folder/large", f"{ROOT}/none", f"{ROOT}/folder/inner/small", "to/"),
        folder=here,
        **filled,
    )
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "none" in run.stderr
    assert files(here) == {"to/large": LARGE, "to/small": b"small"}


@pytest.mark.parametrize("words", [["-"], ["-o", "-"]])
def test_to_standard_output(filled, here, words):
    run = subprocess.run(
        [sys.executable, "-m", "cosfast", "get", f"{ROOT}/folder/inner/small",
         f"{ROOT}/folder/large", *words],
        capture_output=True, timeout=60, cwd=here, env=environment(**filled), check=True,
    )  # fmt: skip
    assert run.stdout == b"small" + LARGE
    assert run.stderr == b""
    assert files(here) == {}


def test_a_reader_that_leaves(filled):
    command = f"{sys.executable} -m cosfast get {ROOT}/folder/large - | head -c 10"
    run = subprocess.run(
        ["sh", "-c", command],
        capture_output=True, timeout=60, env=environment(**filled), check=False,
    )  # fmt: skip
    assert (run.stdout, run.stderr) == (LARGE[:10], b"")


def test_what_is_there(filled, here):
    (here / "small").write_bytes(b"mine")
    words = ("get", f"{ROOT}/folder/inner/small")
    for more in ([], ["--no-overwrite"]):
        run = cosfast(*words, *more, folder=here, **filled)
        assert failed(run, 1, "small", "different content", "--overwrite")
    assert files(here) == {"small": b"mine"}
    assert lines(cosfast(*words, "--overwrite", folder=here, **filled))
    assert files(here) == {"small": b"small"}
    os.utime(here / "small", (1, 1))
    for more in ([], ["--overwrite"], ["--no-overwrite"]):
        (line,) = lines(cosfast(*words, *more, folder=here, **filled))
        assert "it existed already" in line
    assert (here / "small").stat().st_mtime == 1


def test_what_is_there_of_a_folder(filled, here):
    (here / "inner").mkdir()
    (here / "inner" / "small").write_bytes(b"mine")
    words = ("get", "-r", f"{ROOT}/folder/", str(here))
    run = cosfast(*words, folder=here, **filled)
    assert (run.returncode, run.stderr.count("\n")) == (1, 1)
    assert "inner/small" in run.stderr
    assert "--overwrite" in run.stderr
    assert files(here) == {"inner/small": b"mine", "large": LARGE}
    assert lines(cosfast(*words, "--overwrite", folder=here, **filled))
    assert files(here) == {"inner/small": b"small", "large": LARGE}


def test_patterns(filled, here, client):
    client.upload(b"other", BUCKET, "folder/inner/smile")
    words = ("get", f"{ROOT}/folder/inner/sm*", f"{ROOT}/f*/l?rge")
    assert failed(cosfast(*words, "one", folder=here, **filled), 2, "folder")
    assert len(lines(cosfast(*words, "to/", folder=here, **filled))) == 3
    assert files(here) == {"to/small": b"small", "to/smile": b"other", "to/large": LARGE}
    run = cosfast("get", f"{ROOT}/folder/i*", folder=here, **filled)
    assert failed(run, 1, "only folders", "-r")
    assert failed(cosfast("get", f"{ROOT}/folder/n*", folder=here, **filled), 1, "nothing")
    assert len(lines(cosfast("get", "-r", f"{ROOT}/folder/i*", "r", folder=here, **filled))) == 2
    assert files(here / "r") == {"small": b"small", "smile": b"other"}


def test_a_pattern_asks_the_server_once_for_many(filled, here, emulator):
    emulator.faults.add("stat", faults.Refusal(-97), times=1)
    assert lines(cosfast("get", f"{ROOT}/folder/*", folder=here, **filled))
    assert files(here) == {"large": LARGE}


def test_filters(filled, here):
    words = ("get", "-r", f"{ROOT}/folder/", "to", "--exclude")
    assert len(lines(cosfast(*words, "inner/", folder=here, **filled))) == 1
    assert files(here) == {"to/large": LARGE}
    words = ("get", f"{ROOT}/folder/*", "one/", "--exclude", "l*")
    assert lines(cosfast(*words, folder=here, **filled)) == []


def test_a_warning_is_a_line_like_all_others(filled, here):
    (here / ".a\x1b[31m.cosfast-part").mkdir()
    words = ("get", f"{ROOT}/folder/inner/small", "a\x1b[31m", "--quiet", "--log-file", "log")
    run = cosfast(*words, folder=here, **filled)
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (0, "", 1)
    assert run.stderr.startswith("cosfast: warning: ")
    assert r".a\x1b[31m.cosfast-part is not a regular file" in run.stderr
    assert " WARNING cosfast.transfer: " in (here / "log").read_text("utf-8")


@pytest.mark.parametrize("scheme", ["cos", "cosv4"])
def test_the_scheme_of_fsspec_is_one_too(filled, here, scheme):
    run = cosfast("get", f"{scheme}://{BUCKET}/folder/inner/small", folder=here, **filled)
    assert lines(run)[0].startswith(f"{ROOT}/folder/inner/small -> ")


def test_what_comes_broken_gets_no_name(here, tmp_path):
    address = f"{ROOT}/small"
    with start_emulator(tmp_path / "data") as emulator:
        with connect(emulator.endpoint) as client:
            client.upload(b"small", BUCKET, "small")
        (stored,) = (name for name, held in files(tmp_path / "data").items() if held == b"small")
        (tmp_path / "data" / stored).write_bytes(b"smell")
        run = cosfast("get", address, folder=here, **account(emulator.endpoint))
        assert failed(run, 1, "SHA-1")
        assert files(here) == {}
        run = cosfast("get", "--no-verify", address, folder=here, **account(emulator.endpoint))
        assert "not checked" in lines(run)[0]
        assert files(here) == {"small": b"smell"}


def test_wrong_usage(filled, here):
    small = f"{ROOT}/folder/inner/small"
    for words, name in (
        (["local"], "cos://"),
        (["local", small], "cos://"),
        ([small, small, "file"], "folder"),
        (["-r", f"{ROOT}/folder/"], "TARGET"),
        (["-r", f"{ROOT}/folder/", "-"], "standard output"),
        (["--json", small, "-"], "standard output"),
    ):
        assert failed(cosfast("get", *words, folder=here, **filled), 2, name)
    assert failed(cosfast("get", f"{ROOT}/folder", folder=here, **filled), 1, "-r")
    assert files(here) == {}


def test_an_interrupted_download_to_standard_output_is_no_beginning(client, settings, here):
    client.upload(bytes(32 * MIB), BUCKET, "zeros")
    with subprocess.Popen(
        [sys.executable, "-m", "cosfast", "get", f"{ROOT}/zeros", "-", "--max-rate", "4M"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=here, env=environment(**settings),
    ) as slow:  # fmt: skip
        assert slow.stdout.read(1) == b"\0"
        slow.send_signal(signal.SIGINT)
        err = slow.communicate(timeout=30)[1]
    assert (slow.returncode, err) == (130, b"")


def test_an_interrupted_download_goes_on(client, settings, here):
    client.upload(bytes(32 * MIB), BUCKET, "zeros")
    words = [sys.executable, "-m", "cosfast", "get", f"{ROOT}/zeros"]
    with subprocess.Popen(
        [*words, "--max-rate", "4M"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=here,
        env=environment(**settings),
    ) as slow:  # fmt: skip
        wait_until_something_arrived(here, slow)
        slow.send_signal(signal.SIGINT)
        out, err = slow.communicate(timeout=30)
    assert (slow.returncode, out) == (130, "")
    assert err == "cosfast: interrupted; run the same command again to resume\n"
    assert "zeros" not in files(here)
    (result,) = objects(cosfast(*words[3:], "--json", folder=here, **settings))
    assert result["resumed_bytes"] > 0
    assert result["resumed_bytes"] + result["received_bytes"] == 32 * MIB
    assert files(here) == {"zeros": bytes(32 * MIB)}


def wait_until_something_arrived(folder, process):
    for _ in range(600):
        time.sleep(0.05)
        assert process.poll() is None, process.stderr.read()
        if any(os.stat(path).st_size > MIB for path in folder.iterdir()):
            return
    pytest.fail("nothing arrived within half a minute")
