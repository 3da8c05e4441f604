"""What holds for every command: exit codes, one line of trouble, help."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys

import pytest
from cli.commandline import cosfast, environment
from emulated import BUCKET

from cosfast import uploadparts
from cosfast.cli.commands import COMMANDS, NAMES


def test_wrong_words_leave_with_2():
    for words in (
        [],
        ["no-such-command"],
        ["parts"],
        ["upload", "x"],
        ["parts", "x", "--format", "y"],
    ):
        run = cosfast(*words)
        assert (run.returncode, run.stdout) == (2, "")
        assert "usage:" in run.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("parts", "x", "--slice-size"),
        ("put", "x", f"cos://{BUCKET}/x", "--concurrency"),
        ("put", "x", f"cos://{BUCKET}/x", "--max-workers"),
        ("sync", "x", f"cos://{BUCKET}/x", "--max-delete"),
        ("emulator", "--port"),
    ],
    ids=lambda words: words[-1],
)
def test_every_number_is_of_ascii_digits(words):
    run = cosfast(*words, "1_0")
    assert (run.returncode, run.stdout) == (2, "")
    assert "'1_0' is not a whole number" in run.stderr


def test_an_unknown_kernel_is_one_line():
    run = cosfast("parts", __file__, COSFAST_KERNEL="abacus")
    assert run.returncode == 1
    assert run.stderr.count("\n") == 1
    assert "abacus" in run.stderr


def test_an_interrupt_leaves_with_130(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "cosfast", "parts", "/dev/zero"],
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as endless:
        assert endless.poll() is None
        with pytest.raises(subprocess.TimeoutExpired):
            endless.wait(1)
        endless.send_signal(signal.SIGINT)
        assert endless.wait(30) == 130
        assert "Traceback" not in endless.stderr.read()


def test_a_reader_that_leaves_is_no_failure_worth_a_word(file):
    run = subprocess.run(
        ["sh", "-c", f"{sys.executable} -m cosfast parts {file} --slice-size 64 | head -c 10"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=False,
    )
    assert run.stderr == ""


@pytest.mark.parametrize("command", sorted(NAMES))
def test_help(command):
    run = cosfast(command, "--help", COLUMNS="80")
    assert (run.returncode, run.stderr) == (0, "")
    assert [line for line in run.stdout.splitlines() if len(line) > 80] == []
    assert "examples:\n  " in run.stdout


def test_without_words_all_commands_are_told():
    run = cosfast(COLUMNS="80")
    assert (run.returncode, run.stdout) == (2, "")
    assert [name for name in NAMES if f"    {name}" not in run.stderr] == []
    assert [line for line in run.stderr.splitlines() if len(line) > 80] == []
    told = cosfast("--help", COLUMNS="80")
    assert (told.returncode, told.stdout) == (0, run.stderr)


def test_a_command_loads_no_other_and_nothing_heavy():
    script = """if True:
        import sys
        from cosfast.cli import main
        sys.argv = ["cosfast", "stat", "no address"]
        main()
        print(*(name for name in sys.modules if name.startswith(("cosfast.cli.", "requests"))))
    """
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, timeout=60, env=environment(), check=True,
    )  # fmt: skip
    loaded = {name.rpartition(".")[2] for name in run.stdout.split()}
    assert loaded & {command.module for command in COMMANDS} == {"listing"}
    assert "requests" not in loaded


@pytest.mark.parametrize(
    "words",
    [
        ("ls", f"cos://{BUCKET}"),
        ("stat", f"cos://{BUCKET}/file"),
        ("get", f"cos://{BUCKET}/file", "here"),
        ("put", "--overwrite", "local", f"cos://{BUCKET}/file"),
        ("cp", f"cos://{BUCKET}/file", f"cos://{BUCKET}/copy"),
        ("mv", f"cos://{BUCKET}/file", f"cos://{BUCKET}/moved"),
        ("rm", f"cos://{BUCKET}/file"),
        ("mkdir", f"cos://{BUCKET}/folder"),
        ("sign", f"cos://{BUCKET}/file"),
        ("verify", "local", "other.json"),
        ("sync", "folder", f"cos://{BUCKET}/"),
    ],
    ids=lambda words: words[0],
)
def test_the_help_explains_each_key_of_the_json(words, client, settings, tmp_path):
    client.upload(b"content", BUCKET, "file")
    (tmp_path / "local").write_bytes(b"local")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "new").write_bytes(b"new")
    (tmp_path / "other.json").write_text(uploadparts(b"other").to_json())
    run = cosfast(*words, "--json", folder=tmp_path, **settings)
    (told,) = (json.loads(line) for line in run.stdout.splitlines())
    explained = cosfast(words[0], "--help").stdout.partition("keys with --json:\n")[2]
    names = {
        name.strip()
        for line in explained.splitlines()
        for name in re.split(r"\s{3,}", line.strip())[0].split(",")
    }
    assert names == set(told)
