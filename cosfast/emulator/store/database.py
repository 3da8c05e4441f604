"""SQLite with group commit by a single writer thread.

Each commit flushes to disk, and with many parts in flight the flush takes most of a request's time.
So callers queue their work; one thread runs all queued work in one transaction, with one flush.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeVar

from cosfast.emulator.store import schema

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")

_MAX_BATCH = 256


class Transaction:
    """The connection of a job, and the files to remove after the commit."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self.discarded: list[str] = []

    def execute(self, sql: str, parameters: tuple[object, ...] = ()) -> sqlite3.Cursor:
        """Execute one SQL statement."""
        return self._connection.execute(sql, parameters)

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for queries."""
        return self._connection

    def discard(self, file: str) -> None:
        """Remove this content file after the commit."""
        self.discarded.append(file)


class _Job:
    """The work of one caller, and the future of its result."""

    def __init__(self, work: Callable[[Transaction], Any]) -> None:
        self.work = work
        self.done: Future[tuple[Any, list[str]]] = Future()


class Database:
    """The open database. `write` and `read` are thread-safe."""

    def __init__(self, path: Path, *, remove_file: Callable[[str], None]) -> None:
        self._path = path
        self._remove_file = remove_file
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._readers: queue.LifoQueue[sqlite3.Connection] = queue.LifoQueue()
        self._connection = self._connect()
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            schema.prepare(self._connection, path)
        except BaseException:
            self._connection.close()
            raise
        self._thread = threading.Thread(
            target=self._commit_loop, name="cosfast-emulator-commit", daemon=True
        )
        self._thread.start()

    def write(self, work: Callable[[Transaction], T]) -> T:
        """Run `work` in a transaction and return its result when the commit is on disk.

        `work` may run more than once, so it must have no side effects except on the database. If
        it raises, its changes are rolled back and the exception is raised here.
        """
        job = _Job(work)
        self._jobs.put(job)
        result, discarded = job.done.result()
        for file in discarded:
            self._remove_file(file)
        return result  # type: ignore[no-any-return]  # the job has what `work` returned

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run queries on one snapshot of the last committed state."""
        try:
            reader = self._readers.get_nowait()
        except queue.Empty:
            reader = self._connect()
        reader.execute("BEGIN")
        try:
            return query(reader)
        finally:
            reader.execute("ROLLBACK")
            self._readers.put(reader)

    def close(self) -> None:
        """Commit queued writes, then stop. No other call may be active or follow."""
        self._jobs.put(None)
        self._thread.join()
        while not self._readers.empty():
            self._readers.get().close()
        self._connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
        except BaseException:  # if it is no database, for example
            connection.close()
            raise
        return connection

    def _commit_loop(self) -> None:
        while True:
            batch = self._next_batch()
            if not batch:
                return
            self._commit(batch)

    def _next_batch(self) -> list[_Job]:
        """Wait for a job and take the other queued ones; empty after `close`."""
        batch: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            batch.append(job)
            if len(batch) == _MAX_BATCH or self._jobs.empty():
                return batch
            job = self._jobs.get()
        if batch:
            self._jobs.put(None)
        return batch

    def _commit(self, batch: list[_Job]) -> None:
        try:
            outcomes = self._run_together(batch)
        except sqlite3.Error as error:
            if len(batch) == 1:
                batch[0].done.set_exception(error)
                return
            # The failure of one job, for example on a full disk, must not fail the others.
            for job in batch:
                self._commit([job])
            return
        for publish in outcomes:
            publish()

    def _run_together(self, batch: list[_Job]) -> list[Callable[[], None]]:
        """Run the jobs in one transaction; return callbacks that set the results after it."""
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._run(job) for job in batch]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return outcomes

    def _run(self, job: _Job) -> Callable[[], None]:
        transaction = Transaction(self._connection)
        self._connection.execute("SAVEPOINT job")
        try:
            result = job.work(transaction)
        except sqlite3.Error:
            raise
        except BaseException as error:  # noqa: BLE001 - raised in the waiting caller
            failure = error
            self._connection.execute("ROLLBACK TO job")
            self._connection.execute("RELEASE job")
            return lambda: job.done.set_exception(failure)
        self._connection.execute("RELEASE job")
        return lambda: job.done.set_result((result, transaction.discarded))
