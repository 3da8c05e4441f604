"""Shell completion: argcomplete's questions answered, and a real bash."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from cli.commandline import cosfast, environment, failed
from emulated import BUCKET

pytest.importorskip("argcomplete", reason="the cli extra is not installed")


@pytest.fixture
def filled(client, settings):
    for path in ("film.mp4", "films/a", "films/with space", "other"):
        client.upload(path.encode(), BUCKET, path)
    return settings


def completed(line, tmp_path, **settings):
    """Return what the last word of `line` may become, as argcomplete's protocol asks."""
    answer = tmp_path / "answer"
    answer.unlink(missing_ok=True)
    run = cosfast(
        folder=tmp_path,
        _ARGCOMPLETE="1",
        _ARGCOMPLETE_STDOUT_FILENAME=str(answer),
        _ARGCOMPLETE_SUPPRESS_SPACE="1",
        COMP_LINE=line,
        COMP_POINT=str(len(line)),
        **settings,
    )
    assert (run.stdout, run.stderr) == ("", "")
    return sorted(answer.read_text().split("\013")) if answer.read_text() else []


def test_commands_and_flags(tmp_path):
    assert completed("cosfast s", tmp_path) == ["sign", "stat", "sync"]
    assert completed("cosfast ls --r", tmp_path) == ["--recursive", "--region"]
    assert completed("cosfast completion z", tmp_path) == ["zsh"]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (f"cosfast ls cos://{BUCKET}/f", ["film.mp4", "films/"]),
        (f"cosfast ls cos://{BUCKET}/", ["film.mp4", "films/", "other"]),
        (f"cosfast rm -r cos://{BUCKET}/films/a", ["films/a"]),
        (f"cosfast get cos://{BUCKET}/o", ["other"]),
        (f"cosfast mv cos://{BUCKET}/other cos://{BUCKET}/fi", ["film.mp4", "films/"]),
        (f"cosfast put local cos://{BUCKET}/o", ["other"]),
        (f"cosfast sync folder cos://{BUCKET}/films", ["films/"]),
        (f"cosfast sign cos://{BUCKET}/none", []),
        ("cosfast stat cos://bucket-without-a-slash", []),
    ],
)
def test_what_is_in_a_bucket(filled, tmp_path, line, expected):
    assert completed(line, tmp_path, **filled) == [f"cos://{BUCKET}/{name}" for name in expected]


def test_the_flags_of_the_server_count(filled, tmp_path):
    endpoint = filled.pop("COSFAST_ENDPOINT")
    line = f"cosfast ls --endpoint {endpoint} cos://{BUCKET}/oth"
    assert completed(line, tmp_path, **filled) == [f"cos://{BUCKET}/other"]


def test_files_and_the_scheme(filled, tmp_path):
    (tmp_path / "code.c").write_text("")
    assert completed("cosfast put co", tmp_path, **filled) == ["code.c", "cos://"]
    assert completed("cosfast ls co", tmp_path, **filled) == ["cos://"]


def test_trouble_is_silent(filled, tmp_path):
    line = f"cosfast ls cos://{BUCKET}/f"
    assert completed(line, tmp_path) == []
    assert completed(line, tmp_path, **{**filled, "COSFAST_SECRET_KEY": "wrong"}) == []
    assert completed(line, tmp_path, **{**filled, "COSFAST_ENDPOINT": "http://127.0.0.1:1"}) == []


@pytest.fixture
def path_with_cosfast(tmp_path):
    command = tmp_path / "bin" / "cosfast"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m cosfast "$@"\n')
    command.chmod(0o755)
    return f"{command.parent}{os.pathsep}{os.environ['PATH']}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        (f"cosfast ls cos://{BUCKET}/fi", [f"//{BUCKET}/film.mp4", f"//{BUCKET}/films/"]),
        (f"cosfast ls cos://{BUCKET}/films/w", [f"//{BUCKET}/films/with\\ space "]),
        ("cosfast mkd", ["mkdir "]),
    ],
)
def test_a_real_bash(filled, path_with_cosfast, typed, expected):
    """Of a word bash replaces what is behind the last ``:``, which divides words for it."""
    script = r"""
        eval "$(cosfast completion bash)"
        COMP_WORDBREAKS=$' \t\n"\'><=;|&(:'
        COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9
        _python_argcomplete cosfast
        printf '%s\n' "${COMPREPLY[@]}"
    """
    run = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", typed],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(**{**filled, "PATH": path_with_cosfast}),
        check=False,
    )
    assert run.stderr == ""
    assert sorted(run.stdout.splitlines()) == expected


@pytest.mark.parametrize(
    ("shell", "setup"), [("bash", "complete "), ("zsh", "compdef "), ("fish", "complete --command")]
)
def test_each_shell_gets_its_own_words(shell, setup):
    run = cosfast("completion", shell)
    assert (run.returncode, run.stderr) == (0, "")
    assert setup in run.stdout


def test_without_argcomplete(tmp_path):
    (tmp_path / "argcomplete.py").write_text("raise ModuleNotFoundError('no', name='argcomplete')")
    without = {"PYTHONPATH": str(tmp_path)}
    assert failed(cosfast("completion", "bash", **without), 1, "cosfast[cli]")
    run = cosfast(_ARGCOMPLETE="1", COMP_LINE="cosfast ", COMP_POINT="8", **without)
    assert (run.returncode, run.stdout, run.stderr) == (1, "", "")
