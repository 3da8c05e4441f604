"""What the tests of the command line share."""

from __future__ import annotations

import pytest
from cli.commandline import MIB, account
from worked_values import content


@pytest.fixture
def settings(emulator):
    """Return the variables that lead the command to the test's own server."""
    return account(emulator.endpoint)


@pytest.fixture
def file(tmp_path):
    """Return a file of more than one slice."""
    path = tmp_path / "file"
    path.write_bytes(content(9 * MIB + 5))
    return path


@pytest.fixture
def tree(tmp_path):
    """Return a folder with files and folders in it."""
    folder = tmp_path / "tree"
    for name, size in {"a": 10, "sub/b": 0, "sub/deeper/c": 9 * MIB}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content(size))
    return folder
