"""Many processes and threads use one journal at the same time, and some of them die."""

from __future__ import annotations

import os
import random
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from journals import (
    child_command,
    child_options,
    destination,
    identity,
    make_text,
    on_posix,
    parts_like,
    rows,
    run_child,
    upload,
    use,
    works,
)

from cosfast.transfer.journal import Journal, JournalWarning


@pytest.mark.slow
def test_many_processes(path):
    script = """
start = int(sys.stdin.readline())
for number in range(start, start + 60):
    journal.remember_parts(identity(number, 64 * 50), parts(number, 50))
    assert journal.parts_of(identity(number, 64 * 50), 64) == parts(number, 50)
    journal.remember_upload(destination(number), upload(str(number)))
    journal.remember_upload(destination("all"), upload(str(number)))
    assert journal.upload_at(destination("all")) is not None
    assert journal.upload_at(destination(number)).session == str(number)
    if number % 2:
        journal.forget_upload(destination(number))
"""
    children = [
        subprocess.Popen(
            child_command(path, script),
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            **child_options(),
        )
        for _ in range(8)
    ]
    for index, child in enumerate(children):  # all are up before the first begins
        child.stdin.write(f"{index * 60 + 1}\n")
    for child in children:
        _, errors = child.communicate(timeout=120)
        assert child.returncode == 0, errors
    journal = Journal(path)
    for number in range(1, 8 * 60 + 1):
        assert journal.parts_of(identity(number, 64 * 50), 64) == parts_like(number, 50)
        kept = journal.upload_at(destination(f"/{number}"))
        assert (kept is None) is bool(number % 2)


@on_posix
@pytest.mark.slow
def test_killed_at_any_instant(path):
    script = """
start = int(sys.argv[2])
for number in range(start, start + 100_000):
    journal.remember_parts(identity(number, 64 * 1000), parts(number, 1000))
    print(number, flush=True)
"""
    draw = random.Random(9)
    start = 1
    for _ in range(15):
        command = [*child_command(path, script), str(start)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, **child_options()) as child:
            assert child.stdout.readline()
            time.sleep(draw.uniform(0, 0.05))
            child.kill()
            told = [start, *map(int, child.stdout.read().split("\n")[:-1])]
        journal = Journal(path)
        for number in told[-3:]:
            assert journal.parts_of(identity(number, 64 * 1000), 64) == parts_like(number, 1000)
        assert works(journal)
        assert rows(path, "PRAGMA integrity_check") == ["ok"]
        start = told[-1] + 1


def test_many_threads(journal, monkeypatch):
    monkeypatch.setattr("cosfast.transfer.journal.journal.PATIENCE", 60)  # the machine may be slow

    def work(number):
        who = identity(number, 64 * 50)
        journal.remember_parts(who, parts_like(number, 50))
        journal.remember_upload(destination(f"/{number}"), upload(str(number)))
        return journal.parts_of(who, 64) == parts_like(number, 50) and journal.upload_at(
            destination(f"/{number}")
        ).session == str(number)

    with ThreadPoolExecutor(16) as pool:
        assert all(pool.map(work, range(1, 200)))


def test_many_threads_and_one_warning(path):
    path.parent.mkdir()
    make_text(path)
    journal = Journal(path)
    with pytest.warns(JournalWarning) as caught, ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: use(journal), range(100)))
    assert len(caught) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.slow
def test_a_fork_while_threads_use_the_journal(path):
    script = """
import threading, warnings
warnings.simplefilter("ignore", DeprecationWarning)  # that a process of threads forks: on purpose
stop = threading.Event()

def work(number):
    while not stop.is_set():
        journal.remember_parts(identity(number, 64), parts(number))
        assert journal.parts_of(identity(number, 64), 64) == parts(number)

threads = [threading.Thread(target=work, args=(n,), daemon=True) for n in range(1, 5)]
for thread in threads:
    thread.start()
for number in range(100, 160):
    child = os.fork()
    if not child:
        journal.remember_parts(identity(number, 64), parts(number))
        right = journal.parts_of(identity(number, 64), 64) == parts(number)
        os._exit(0 if right else 1)
    assert os.waitpid(child, 0)[1] == 0, number
stop.set()
for thread in threads:
    thread.join()
"""
    run_child(path, script)
    journal = Journal(path)
    for number in (*range(1, 5), *range(100, 160)):
        assert journal.parts_of(identity(number), 64) == parts_like(number)
