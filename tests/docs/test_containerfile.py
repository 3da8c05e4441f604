"""The container file copies what is there, installs it with pip alone, and starts the emulator."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest
from docs.documents import IN_REPOSITORY, ROOT, text_of

PATH = "docs/Containerfile"


def instructions():
    """Return the file's instructions, each as its name and its arguments."""
    lines = text_of(PATH).splitlines()
    return [tuple(line.split(maxsplit=1)) for line in lines if line and not line.startswith("#")]


def argument(name):
    (found,) = [text for instruction, text in instructions() if instruction == name]
    return found


def test_what_it_copies_is_what_a_build_needs():
    if not IN_REPOSITORY:
        pytest.skip("the tests do not stand in the repository")
    copied = [word for name, text in instructions() if name == "COPY" for word in text.split()[:-1]]
    assert [source for source in copied if not (ROOT / source).exists()] == []
    assert {"pyproject.toml", "setup.py", "src", "csrc", "cosfast"} <= set(copied)
    named = re.findall(
        r'^(?:readme|license-files) = .*"(.+)"', text_of("pyproject.toml"), re.MULTILINE
    )
    assert set(named) <= set(copied)


def test_it_needs_nothing_but_pip():
    commands = [text for name, text in instructions() if name == "RUN"]
    assert [command.split()[:2] for command in commands] == [["pip", "install"]]
    minor = re.search(r"python:3\.(\d+)$", argument("FROM")).group(1)
    assert f"Python :: 3.{minor}" in text_of("pyproject.toml")


@pytest.mark.skipif(os.name == "nt", reason="a container has POSIX signals")
def test_its_command_starts_the_emulator():
    pytest.importorskip("aiohttp", reason="the emulator's extra is not installed")
    program, *words = json.loads(argument("CMD"))
    assert (program, argument("EXPOSE")) == ("cosfast", words[words.index("--port") + 1])
    words[words.index("--port") + 1] = "0"
    words[words.index("--host") + 1] = "127.0.0.1"
    command = [sys.executable, "-m", "cosfast", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("listening on http://127.0.0.1:")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
