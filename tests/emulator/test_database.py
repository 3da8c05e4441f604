"""Group commit: many writers share a flush, and a failure affects only its own job."""

from __future__ import annotations

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from cosfast.emulator.store.database import Database


@pytest.fixture
def removed():
    return []


@pytest.fixture
def database(tmp_path, removed):
    database = Database(tmp_path / "metadata.sqlite3", remove_file=removed.append)
    yield database
    database.close()


def spend(name):
    return lambda tx: tx.execute("INSERT INTO spent_signatures VALUES (?)", (name,)).rowcount


def spent(database):
    rows = database.read(lambda c: c.execute("SELECT digest FROM spent_signatures").fetchall())
    return {name for (name,) in rows}


def hold_the_writer(database):
    """Block the writer until the event is set, so that jobs queue up."""
    started, release = threading.Event(), threading.Event()

    def wait(_tx):
        started.set()
        release.wait(10)

    pool = ThreadPoolExecutor(1)
    pool.submit(database.write, wait)
    assert started.wait(10)
    return release


def test_a_write_is_read_back(database):
    assert database.write(spend(b"a")) == 1
    assert spent(database) == {b"a"}


def test_a_write_survives_a_restart(tmp_path, database):
    database.write(spend(b"a"))
    again = Database(tmp_path / "metadata.sqlite3", remove_file=lambda _name: None)
    assert spent(again) == {b"a"}
    again.close()


def test_an_exception_rolls_back_the_work_and_is_raised(database):
    def fail(tx):
        spend(b"a")(tx)
        raise LookupError("no")

    with pytest.raises(LookupError, match="no"):
        database.write(fail)
    assert spent(database) == set()


def test_queued_jobs_share_a_commit(database):
    commits = []
    database._connection.set_trace_callback(commits.append)
    release = hold_the_writer(database)
    with ThreadPoolExecutor(50) as pool:
        jobs = [pool.submit(database.write, spend(b"%d" % number)) for number in range(50)]
        while database._jobs.qsize() < 50:
            threading.Event().wait(0.001)
        release.set()
        assert [job.result(10) for job in jobs] == [1] * 50
    assert commits.count("COMMIT") == 2, "one for the job that held the writer, one for all"
    assert len(spent(database)) == 50


def test_a_failing_job_does_not_affect_others(database):
    def fail(tx):
        spend(b"failed")(tx)
        raise LookupError("no")

    def break_sqlite(tx):
        spend(b"broken")(tx)
        tx.execute("INSERT INTO no_such_table VALUES (1)")

    release = hold_the_writer(database)
    with ThreadPoolExecutor(4) as pool:
        works = [spend(b"a"), fail, break_sqlite, spend(b"b")]
        jobs = [pool.submit(database.write, work) for work in works]
        while database._jobs.qsize() < 4:
            threading.Event().wait(0.001)
        release.set()
        kinds = [type(job.exception(10)) for job in jobs]
    assert kinds == [type(None), LookupError, sqlite3.OperationalError, type(None)]
    assert spent(database) == {b"a", b"b"}


def test_files_are_removed_only_after_the_commit(database, removed):
    def discard(tx):
        tx.discard("file")
        spend(b"a")(tx)
        assert removed == []

    database.write(discard)
    assert removed == ["file"]
    with pytest.raises(sqlite3.IntegrityError):
        database.write(discard)
    assert removed == ["file"]


def test_readers_do_not_wait_for_the_writer(database):
    release = hold_the_writer(database)
    assert spent(database) == set()
    release.set()


def test_many_readers_at_once(database):
    database.write(spend(b"a"))
    with ThreadPoolExecutor(8) as pool:
        assert all(found == {b"a"} for found in pool.map(lambda _: spent(database), range(100)))
