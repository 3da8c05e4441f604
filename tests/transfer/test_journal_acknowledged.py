"""Acknowledged parts that a server cannot list: recorded one by one, cheaply and correctly."""

from __future__ import annotations

import random
import re
import signal
import sqlite3
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journals import (
    LIFETIME,
    child_command,
    child_options,
    destination,
    ignored_once,
    on_posix,
    rows,
    upload,
)

from cosfast.transfer.journal import NO_JOURNAL, Journal, schema

PARTS = 10_240


def begin(journal, session="s", path="/f", parts=PARTS, **changes):
    """Record an upload with this number of parts; return its key."""
    key = destination(path)
    journal.remember_upload(key, upload(session, filesize=64 * parts - 63, **changes))
    return key


@given(numbers=st.lists(st.integers(0, PARTS - 1), max_size=30))
def test_parts_come_back(tmp_path_factory, numbers):
    path = tmp_path_factory.getbasetemp() / "acknowledged" / schema.FILE_NAME
    journal = Journal(path)
    key = begin(journal)
    for number in numbers:
        journal.remember_part(key, "s", number)
    assert Journal(path).parts_acknowledged(key, "s") == set(numbers)
    assert journal.upload_at(key).session == "s"


def test_parts_of_another_upload_or_session_are_not_claimed(journal):
    key, other = begin(journal), begin(journal, path="/other")
    journal.remember_part(key, "s", 1)
    journal.remember_part(key, "former", 2)
    journal.remember_part("http://h/nobody", "s", 3)
    assert journal.parts_acknowledged(key, "s") == {1}
    assert journal.parts_acknowledged(key, "former") == set()
    assert journal.parts_acknowledged(other, "s") == set()
    assert journal.parts_acknowledged("http://h/nobody", "s") == set()


def test_numbers_that_the_file_does_not_have_are_not_claimed(journal):
    key = begin(journal, parts=3)
    for number in (-1, 2, 3, 10**12):
        journal.remember_part(key, "s", number)
    assert journal.parts_acknowledged(key, "s") == {2}


@pytest.mark.parametrize("end", [lambda journal, key: journal.forget_upload(key), begin])
def test_they_are_forgotten_with_their_upload(journal, end):
    key = begin(journal)
    journal.remember_part(key, "s", 1)
    end(journal) if end is begin else end(journal, key)
    assert journal.parts_acknowledged(key, "s") == set()
    begin(journal)
    assert journal.parts_acknowledged(key, "s") == set()


def test_they_expire_with_their_upload(journal):
    key = begin(journal, started_at=int(time.time()) - LIFETIME + 60)
    journal.remember_part(key, "s", 1)
    assert journal.parts_acknowledged(key, "s") == {1}
    key = begin(journal, started_at=int(time.time()) - LIFETIME - 60)
    journal.remember_part(key, "s", 1)
    assert journal.parts_acknowledged(key, "s") == set()


def test_without_a_journal_none_are_known():
    NO_JOURNAL.remember_part(destination(), "s", 1)
    assert NO_JOURNAL.parts_acknowledged(destination(), "s") == set()


def test_a_flipped_bit_claims_no_part(path, journal):
    key = begin(journal)
    journal.remember_part(key, "s", 8 * 20 + 3)
    with closing(sqlite3.connect(path)) as connection, connection:
        (bitmap,) = connection.execute("SELECT acknowledged FROM uploads").fetchone()
    data = path.read_bytes()
    assert data.count(bitmap) == 1
    path.write_bytes(data.replace(bitmap, b"\x10" + bitmap[1:]))
    with ignored_once(journal, "does not match its checksum"):
        assert journal.parts_acknowledged(key, "s") == set()


def test_many_threads_share_transactions(path, journal, monkeypatch):
    monkeypatch.setattr("cosfast.transfer.journal.journal.PATIENCE", 60)  # the machine may be slow
    keys = [begin(journal, path=f"/{number}") for number in range(3)]
    from cosfast.transfer.journal import database

    transactions = []
    write = database.write

    def write_when_all_wait(*arguments):
        transactions.append(arguments)
        for _ in range(10_000):
            if len(transactions) > 1 or len(journal._unwritten) == 16:
                break
            time.sleep(0.001)
        return write(*arguments)

    monkeypatch.setattr(database, "write", write_when_all_wait)

    def work(number):
        journal.remember_part(keys[number % 3], "s", number)
        return number in journal.parts_acknowledged(keys[number % 3], "s")

    total = 0
    with ThreadPoolExecutor(16) as pool:
        for start in range(0, 160, 16):
            total += len(transactions)
            transactions.clear()
            assert all(pool.map(work, range(start, start + 16)))
    for remainder, key in enumerate(keys):
        assert journal.parts_acknowledged(key, "s") == set(range(remainder, 160, 3))
    assert total + len(transactions) < 100
    assert not journal._unwritten


def test_10_240_parts_take_little_room(path, journal):
    key = begin(journal)
    for number in random.Random(1).sample(range(PARTS), PARTS // 10):
        journal.remember_part(key, "s", number)
    assert len(journal.parts_acknowledged(key, "s")) == PARTS // 10
    assert path.stat().st_size < 100_000
    assert len(rows(path, "SELECT id FROM uploads")) == 1


@on_posix
@pytest.mark.slow
def test_a_kill_loses_no_part_that_was_remembered_and_claims_no_other(path):
    script = """
import threading
key, first = sys.argv[2], int(sys.argv[3])
def work(start):
    for number in range(start, 10_240, 4):
        os.write(1, f"begun {number}\\n".encode())
        journal.remember_part(key, "s", number)
        os.write(1, f"done {number}\\n".encode())
for thread in [threading.Thread(target=work, args=(first + n,)) for n in range(4)]:
    thread.start()
"""
    draw = random.Random(5)
    journal = Journal(path)
    key = begin(journal)
    known = set()
    for _ in range(10):
        command = [*child_command(path, script), key, str(len(known))]
        with subprocess.Popen(command, stdout=subprocess.PIPE, **child_options()) as child:
            told = child.stdout.readline()
            assert told
            time.sleep(draw.uniform(0, 0.1))
            child.kill()
            told += child.stdout.read()
        assert child.returncode == -signal.SIGKILL
        done = {int(number) for number in re.findall(r"done (\d+)\n", told)}
        begun = {int(number) for number in re.findall(r"begun (\d+)\n", told)}
        found = Journal(path).parts_acknowledged(key, "s")
        assert known | done <= found <= known | begun
        known = found
    assert len(known) > 20
