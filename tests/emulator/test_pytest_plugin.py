"""The fixtures that pytest finds wherever cosfast is installed."""

from __future__ import annotations

import subprocess
import sys

TESTS = """
from cosfast.emulator import faults

def test_a_server_with_one_argument(cos_emulator):
    assert cos_emulator.endpoint.startswith("http://127.0.0.1:")

def test_a_client(cos_client):
    assert cos_client.upload(b"data", "bucket", "file").filesize == 4

def test_a_fault_that_never_fires(cos_emulator):
    cos_emulator.faults.add("stat", faults.NotJson())
"""


def test_the_fixtures_in_a_project_of_its_own(tmp_path):
    (tmp_path / "test_theirs.py").write_text(TESTS)
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert "3 passed, 1 error" in run.stdout
    assert "1 faults never fired" in run.stdout
