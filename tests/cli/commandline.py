"""The `cosfast` command, run as a user runs it: words in, text, files and an exit code out."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest
from emulated import BUCKET, CREDENTIALS, connect

from cosfast.errors import NotFoundError

MIB = 1024 * 1024


def account(endpoint=None):
    """Return the variables of the tests' account, at that server."""
    given = {
        "COSFAST_APPID": CREDENTIALS.appid,
        "COSFAST_SECRET_ID": CREDENTIALS.secret_id,
        "COSFAST_SECRET_KEY": CREDENTIALS.secret_key,
    }
    return given if endpoint is None else {**given, "COSFAST_ENDPOINT": endpoint}


def environment(**extra):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("COSFAST_")}
    return {**kept, **extra}


def cosfast(*words, folder=None, stdin=None, **extra):
    return subprocess.run(
        [sys.executable, "-m", "cosfast", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=120,
        cwd=folder,
        stdin=stdin,
        env=environment(**extra),
        check=False,
    )


def failed(run, code, *names):
    """Check for one clear line on stderr and nothing else."""
    assert run.returncode == code, run.stderr
    assert run.stdout == ""
    assert run.stderr.count("\n") == 1
    for name in names:
        assert name in run.stderr
    return True


def lines(run):
    """Return what was printed where all went well."""
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    return run.stdout.splitlines()


def objects(run):
    """Return the JSON that was printed, an object a line, where all went well."""
    return [json.loads(line) for line in lines(run)]


def wait_until_something_arrived(name, settings):
    """Wait for the first slice of an upload."""
    with connect(settings["COSFAST_ENDPOINT"]) as client:
        for _ in range(600):
            time.sleep(0.1)
            with contextlib.suppress(NotFoundError):
                if client.slice_list(BUCKET, name).parts:
                    return
    pytest.fail("nothing arrived within a minute")
