"""A journal that cannot be used warns once, and never fails its caller."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import time
import warnings
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from journals import (
    alter,
    child_command,
    child_options,
    destination,
    identity,
    ignored_once,
    make_text,
    on_posix,
    run_child,
    upload,
    use,
    works,
)

from cosfast.transfer.journal import Journal, JournalWarning, schema


def make_later_version(path):
    use(Journal(path))
    alter(path, f"PRAGMA user_version = {schema.VERSION + 1}")


def make_other_program(path):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE bookmarks (url)")


def make_pipe(path):
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "make", "match"),
    [
        (schema.FILE_NAME, Path.mkdir, "not a regular file"),
        (schema.FILE_NAME, make_later_version, "a later version"),
        ("mine.sqlite3", make_other_program, "another program"),
        ("mine.sqlite3", make_text, "not a database"),
        pytest.param("pipe", make_pipe, "not a regular file", marks=on_posix),
    ],
)
def test_a_path_that_is_not_a_journal_is_not_changed(tmp_path, name, make, match):
    path = tmp_path / name
    make(path)
    before = path.read_bytes() if path.is_file() else None
    for first in (use, lambda journal: journal.upload_at(destination())):
        journal = Journal(path)
        with ignored_once(journal, match):
            first(journal)
    assert before is None or path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    journal = Journal(tmp_path / "file" / "folder" / schema.FILE_NAME)
    with ignored_once(journal):
        use(journal)


@pytest.mark.parametrize(
    "path", ["nul\0byte", pytest.param("/proc/nowhere/journal", marks=on_posix), "x" * 5000]
)
def test_a_path_that_cannot_be(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    journal = Journal(path)
    with ignored_once(journal):
        use(journal)


def test_a_user_without_a_home(monkeypatch):
    for name in ("COSFAST_JOURNAL", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("os.path.expanduser", lambda path: path)
    with pytest.warns(JournalWarning, match="no home folder"):
        journal = Journal()
    use(journal)


def test_values_that_cannot_be_kept(journal):
    with ignored_once(journal):
        journal.remember_upload(destination(), upload("\ud800"))


def test_a_python_without_sqlite(journal, monkeypatch):
    monkeypatch.delitem(sys.modules, "cosfast.transfer.journal.database", raising=False)
    monkeypatch.delattr("cosfast.transfer.journal.database", raising=False)
    monkeypatch.setitem(sys.modules, "sqlite3", None)
    with ignored_once(journal, "sqlite3"):
        use(journal)


def test_locked_by_another_process(path, journal):
    assert works(journal)
    script = """
import sqlite3
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.read()
"""
    with subprocess.Popen(
        child_command(path, script),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **child_options(),
    ) as child:
        assert child.stdout.readline() == "locked\n"
        for call in (use, lambda journal: journal.parts_of(identity(), 64)):
            waiting = Journal(path)
            began = time.monotonic()
            with ignored_once(waiting, "locked"):
                call(waiting)
            assert 0.9 < time.monotonic() - began < 3
        patient = Journal(path)
        with ThreadPoolExecutor(1) as pool:
            outcome = pool.submit(works, patient)
            time.sleep(0.3)
            child.stdin.close()  # it lets go in time
            assert outcome.result()


@on_posix
def test_threads_that_wait_for_a_lock_wait_at_the_same_time(path, journal):
    assert works(journal)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        began = time.monotonic()
        with pytest.warns(JournalWarning) as caught, ThreadPoolExecutor(32) as pool:
            list(pool.map(lambda _: use(journal), range(32)))
        assert time.monotonic() - began < 4
        assert len(caught) == 1


@on_posix
def test_a_full_disk(path):
    # SQLite is told "no room" by a limit on the size of files as by a disk without any.
    script = """
import resource, warnings
journal.remember_upload(destination(1), upload("s"))
resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024,) * 2)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for number in range(1, 50):
        journal.remember_parts(identity(number, 64 * 500), parts(number, 500))
assert [warning.category for warning in caught] == [JournalWarning], caught
again = Journal(sys.argv[1])
kept = [again.parts_of(identity(number, 64 * 500), 64) for number in range(1, 50)]
count = sum(found is not None for found in kept)
assert kept[:count] == [parts(number, 500) for number in range(1, count + 1)]
assert kept[count:] == [None] * (49 - count)
assert again.upload_at(destination(1)).session == "s"
print(count)
"""
    assert 0 < int(run_child(path, script)) < 7
    assert works(Journal(path))


def test_warnings_and_log_records(path, caplog):
    path.parent.mkdir()
    make_text(path)
    with caplog.at_level(logging.INFO, "cosfast"), pytest.warns(JournalWarning) as caught:
        Journal(path).parts_of(identity(), 64)
    assert caught[0].filename == __file__
    assert [record.getMessage() for record in caplog.records] == [str(caught[0].message)]
    assert caplog.records[0].exc_info


def test_warnings_as_errors_still_turn_it_off(path):
    path.parent.mkdir()
    make_text(path)
    journal = Journal(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(JournalWarning):
            journal.parts_of(identity(), 64)
        use(journal)
