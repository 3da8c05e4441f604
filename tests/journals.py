"""What the tests of the journal share: values to remember, and child processes that do it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import time
import warnings
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import cosfast
from cosfast.transfer.journal import FileIdentity, JournalWarning, RememberedUpload

SLICE_SIZE = cosfast.SLICE_SIZE
LIFETIME = 7 * 24 * 3600
SECOND = 1_000_000_000
NOW = 1_750_000_000 * SECOND + 123_456_789
on_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX has it, this system has not")

# What the child processes have in common.
PREAMBLE = """
import os, sys
from cosfast.parts.model import UploadParts
from cosfast.transfer.journal import *

def identity(number, size):
    return FileIdentity(1, number, size, 5, 5)

def parts(number, count=1):
    return UploadParts.from_raw(number.to_bytes(20, "big") * count, count * 64, 64)

def destination(number):
    return f"http://h/1/b/{number}"

def upload(session):
    return RememberedUpload(session=session, filesize=1, digest=None, part_size=1, lifetime=9999)

journal = Journal(sys.argv[1])
"""


def identity(number=1, size=64, **changes):
    return FileIdentity(**{"device": 1, "inode": number, "size": size, **STAMPS, **changes})


STAMPS = {"mtime_ns": 5, "ctime_ns": 5}


def parts_like(number=1, count=1, slice_size=64):
    return cosfast.UploadParts.from_raw(
        number.to_bytes(20, "big") * count, count * slice_size, slice_size
    )


def destination(path="/f", endpoint="http://h"):
    return f"{endpoint}/1/b{path}"


def upload(session="s", **changes):
    values = {"filesize": 64, "digest": "a" * 40, "part_size": 64, "lifetime": LIFETIME, **changes}
    return RememberedUpload(session=session, **values)


def child_command(path, script):
    return [sys.executable, "-W", "error", "-c", PREAMBLE + script, os.fspath(path)]


def child_options():
    root = Path(cosfast.__file__).parents[1]
    return {"env": {**os.environ, "PYTHONPATH": str(root)}, "text": True}


def run_child(path, script):
    done = subprocess.run(
        child_command(path, script),
        capture_output=True,
        check=False,
        timeout=60,
        **child_options(),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def ignored_once(journal, match=""):
    """Expect exactly one warning, from the block, and that the journal does nothing thereafter."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield
        began = time.perf_counter()
        for _ in range(100):
            use(journal)
        assert time.perf_counter() - began < 0.5
    assert [warning.category for warning in caught] == [JournalWarning], caught
    message = str(caught[0].message)
    assert match in message
    assert str(journal._path) in message
    assert "ignored" in repr(journal)
    assert journal.parts_of(identity(), 64) is None


def use(journal):
    journal.remember_parts(identity(), parts_like())
    journal.parts_of(identity(), 64)
    journal.remember_upload(destination(), upload())
    journal.upload_at(destination())
    journal.remember_part(destination(), "s", 0)
    journal.parts_acknowledged(destination(), "s")
    journal.forget_upload(destination())


def works(journal):
    """Whether it remembers, without any warning."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        journal.remember_parts(identity(7), parts_like(7))
        return journal.parts_of(identity(7), 64) == parts_like(7)


def rows(path, query):
    with closing(sqlite3.connect(path)) as connection:
        return [row[0] for row in connection.execute(query)]


def alter(path, statement, *values):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement, values)


def make_text(path):
    path.write_text("This is not a database.\n" * 100)
