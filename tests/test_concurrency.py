"""The ways of running threads: what is raised, and that no thread is left behind."""

from __future__ import annotations

import os
import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

import cosfast
from cosfast import concurrency
from cosfast.concurrency import (
    QUEUED,
    Progress,
    as_outcomes,
    check_workers,
    count_workers,
    emit_all,
    gather,
    read_ahead,
    run_tasks,
    traverse,
)

on_posix = pytest.mark.skipif(os.name != "posix", reason="POSIX has it, this system has not")


class Odd(Exception):
    """An error that no outcome is."""


@pytest.fixture(autouse=True)
def _nothing_left_behind():
    """Check that the threads of a test end with it."""
    yield
    deadline = time.monotonic() + 5
    while [thread for thread in threading.enumerate() if thread.name.startswith("cosfast")]:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def interrupt():
    """Do what Ctrl-C does: interrupt the main thread, whatever it waits for."""
    signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)


def failing_after(count, error):
    """Yield that many numbers and then raise."""
    yield from range(count)
    raise error


# Numbers of threads


def test_the_number_of_threads():
    assert count_workers(3) == check_workers(3) == 3
    assert count_workers(None) >= 1


@pytest.mark.parametrize("wrong", [0, -1, True, 1.5, "2"])
def test_a_number_of_threads_that_makes_no_sense(wrong):
    with pytest.raises(cosfast.InputError, match="max_workers"):
        count_workers(wrong)


# Progress


def test_progress_adds_up_and_is_taken_back():
    told = []
    progress = Progress(told.append)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(progress.advance, [3] * 200))
    progress.advance(0)
    assert (progress.total, told) == (600, [3] * 200)
    progress.restart()
    assert (progress.total, told[200:]) == (0, [-600])
    assert Progress().advance(1) is None


# run_tasks


@pytest.mark.parametrize("max_workers", [1, 2, 8])
def test_all_items_are_worked_on(max_workers):
    done = []
    run_tasks(done.append, range(100), max_workers=max_workers, stop=Event())
    assert sorted(done) == list(range(100))


def test_items_are_taken_only_as_threads_get_to_them():
    release, taken = Event(), []

    def items():
        for number in range(20):
            taken.append(number)
            yield number

    def work(number):
        assert release.wait(10)

    runner = threading.Thread(
        target=run_tasks, args=(work, items()), kwargs={"max_workers": 3, "stop": Event()}
    )
    runner.start()
    time.sleep(0.2)
    assert len(taken) <= 3 + QUEUED + 1
    release.set()
    runner.join()
    assert len(taken) == 20


@pytest.mark.parametrize("max_workers", [1, 4])
@pytest.mark.parametrize("error", [Odd("of one"), cosfast.CosError("of one"), OSError("of one")])
def test_the_first_failure_is_raised_and_nothing_more_begins(max_workers, error):
    begun, stop = [], Event()

    def work(number):
        begun.append(number)
        if number == 5:
            raise error
        if number > 5:
            stop.wait(10)  # as a task's own waits do

    with pytest.raises(type(error), match="of one") as caught:
        run_tasks(work, range(1000), max_workers=max_workers, stop=stop)
    assert caught.value is error
    assert len(begun) < 30


def test_what_is_under_way_has_ended_when_a_failure_is_raised():
    running = []

    def work(number):
        running.append(number)
        try:
            if number == 1:
                raise Odd
            time.sleep(0.1)
        finally:
            running.remove(number)

    with pytest.raises(Odd):
        run_tasks(work, range(100), max_workers=4, stop=Event())
    assert not running


@pytest.mark.parametrize("max_workers", [1, 4])
def test_a_failure_of_the_items_is_raised_after_those_under_way(max_workers):
    done, stop = [], Event()

    def work(number):
        time.sleep(0.02)
        done.append(number)

    items = failing_after(3, Odd())
    with pytest.raises(Odd):
        run_tasks(work, items, max_workers=max_workers, stop=stop)
    assert sorted(done)[:1] == [0]
    before = list(done)
    time.sleep(0.1)
    assert done == before
    assert stop.is_set() or max_workers == 1


@pytest.mark.parametrize("max_workers", [1, 4])
def test_a_stop_from_outside_begins_nothing_more(max_workers):
    stop, begun = Event(), []

    def work(number):
        begun.append(number)
        if number == 3:
            stop.set()
        elif number > 3:
            assert stop.wait(10)

    run_tasks(work, range(1000), max_workers=max_workers, stop=stop)
    assert 3 in begun  # other threads may see the stop before they begin what they took earlier
    assert max_workers > 1 or begun == [0, 1, 2, 3]
    assert len(begun) <= 4 + (max_workers - 1)


def test_an_interrupted_iterator_aborts_what_the_threads_wait_for():
    aborted, ended = Event(), []

    def work(number):
        assert aborted.wait(10)
        ended.append(number)

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        run_tasks(
            work,
            failing_after(3, KeyboardInterrupt()),
            max_workers=2,
            stop=Event(),
            abort=aborted.set,
        )
    assert time.monotonic() - began < 5
    assert aborted.is_set()


@on_posix
@pytest.mark.parametrize("count", [2, 100])
def test_an_interrupted_caller_aborts_them_and_does_not_wait_for_the_deaf(count):
    aborted, end = Event(), Event()

    def work(number):
        if number == 1:
            interrupt()
        end.wait(10)  # hears nothing of `abort`

    began = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            run_tasks(work, range(count), max_workers=2, stop=Event(), abort=aborted.set)
        assert time.monotonic() - began < concurrency.GRACE + 2
    finally:
        end.set()
    assert aborted.is_set()


# as_outcomes


def square_or_fail(number):
    if number % 3 == 1:
        raise cosfast.CosError(str(number))
    if number % 3 == 2:
        raise FileNotFoundError(str(number))
    return number * number


@pytest.mark.parametrize("executor", [False, True])
@pytest.mark.parametrize("max_workers", [1, 4])
def test_each_item_has_its_own_outcome(executor, max_workers):
    with ThreadPoolExecutor(2) as pool:
        outcomes = dict(
            as_outcomes(
                square_or_fail,
                range(50),
                max_workers=max_workers,
                executor=pool if executor else None,
            )
        )
        assert pool.submit(int).result() == 0  # it stays its owner's
    assert sorted(outcomes) == list(range(50))
    for number, outcome in outcomes.items():
        expected = [int, cosfast.CosError, FileNotFoundError][number % 3]
        assert type(outcome) is expected
        assert outcome == number * number if expected is int else str(outcome) == str(number)


class Memoizing(ThreadPoolExecutor):
    """An executor that takes calls with equal arguments for one, as Dask does by default."""

    def __init__(self):
        super().__init__(2)
        self.known = {}

    def submit(self, *call):
        if call not in self.known:
            self.known[call] = super().submit(*call)
        return self.known[call]


def test_a_call_with_the_same_arguments_is_made_again():
    made = []
    with Memoizing() as executor:
        for _ in range(2):
            work = made.append
            assert dict(as_outcomes(work, "aab", max_workers=2, executor=executor)) == {
                "a": None,
                "b": None,
            }
    assert sorted(made) == list("aaaabb")


def test_outcomes_come_as_they_are_done_and_items_go_as_they_are_needed():
    first, taken = Event(), []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    def work(number):
        if number == 0:
            assert first.wait(10)
        return number

    with closing(as_outcomes(work, items(), max_workers=2)) as outcomes:
        assert next(outcomes)[0] != 0
        assert len(taken) <= 5
        first.set()
        assert len(list(outcomes)) == 99


def test_another_error_is_raised():
    def work(number):
        if number == 3:
            raise Odd
        return number

    with pytest.raises(Odd):
        list(as_outcomes(work, range(1000), max_workers=2))


@pytest.mark.parametrize("error", [Odd(), KeyboardInterrupt()])
def test_a_failing_iterator_ends_what_is_under_way(error):
    aborted, begun = Event(), []

    def work(number):
        begun.append(number)
        aborted.wait(10)

    items = failing_after(3, error)
    with pytest.raises(type(error)):
        list(as_outcomes(work, items, max_workers=2, abort=aborted.set))
    assert aborted.is_set()
    assert len(begun) <= 3


def test_a_caller_who_leaves_ends_what_is_under_way():
    aborted, begun = Event(), []

    def work(number):
        begun.append(number)
        if number:
            assert aborted.wait(10)

    outcomes = as_outcomes(work, range(1000), max_workers=2, abort=aborted.set)
    assert next(outcomes) == (0, None)
    outcomes.close()
    assert aborted.is_set()
    assert len(begun) < 8


@on_posix
def test_an_interrupted_caller_of_outcomes_ends_what_is_under_way():
    aborted = Event()

    def work(number):
        if number == 1:
            interrupt()
        assert aborted.wait(10)

    with pytest.raises(KeyboardInterrupt):
        list(as_outcomes(work, range(1000), max_workers=2, abort=aborted.set))
    assert aborted.is_set()


def test_nothing_is_aborted_if_all_is_done():
    aborted = Event()
    assert list(as_outcomes(str, [], max_workers=2, abort=aborted.set)) == []
    assert dict(as_outcomes(str, [1, 2], max_workers=2, abort=aborted.set)) == {1: "1", 2: "2"}
    assert not aborted.is_set()


# traverse


def test_every_item_is_worked_on_and_visited_once_in_the_calling_thread():
    visited = {}

    def visit(number, outcome):
        assert threading.current_thread() is caller
        assert number not in visited
        visited[number] = outcome
        return [child for child in (2 * number, 2 * number + 1) if child < 1000]

    caller, stop = threading.current_thread(), Event()
    traverse(lambda number: -number, 1, visit, max_workers=3, stop=stop)
    assert visited == {number: -number for number in range(1, 1000)}
    assert not stop.is_set()


def test_items_run_beside_deeper_ones():
    """A slow item does not keep what other items of its level lead to from being worked on."""
    deep = Event()

    def work(name):
        if name == "slow":
            assert deep.wait(30)
        elif name == "deep":
            deep.set()

    children = {"root": ["slow", "quick"], "quick": ["deep"]}
    visited = []

    def visit(name, _outcome):
        visited.append(name)
        return children.get(name, [])

    traverse(work, "root", visit, max_workers=2, stop=Event())
    assert sorted(visited) == ["deep", "quick", "root", "slow"]


def test_an_expected_error_is_an_outcome():
    outcomes = {}

    def work(_item):
        raise FileNotFoundError("gone")

    def visit(item, outcome):
        outcomes[item] = type(outcome)
        return []

    traverse(work, "a", visit, max_workers=1, stop=Event())
    assert outcomes == {"a": FileNotFoundError}


@pytest.mark.parametrize("where", ["work", "visit"])
def test_any_other_failure_stops_the_rest(where):
    stop, begun = Event(), []

    def work(number):
        begun.append(number)
        if where == "work" and number == 1:
            raise RuntimeError("broken")
        if number > 1:
            assert stop.wait(30)

    def visit(number, _outcome):
        if where == "visit" and number == 1:
            raise RuntimeError("broken")
        return [2, 1, *range(3, 100)] if number == 0 else []

    with pytest.raises(RuntimeError, match="broken"):
        traverse(work, 0, visit, max_workers=2, stop=stop)
    assert stop.is_set()
    assert len(begun) < 10


# gather


def test_results_come_in_order():
    def work(number):
        time.sleep(0.01 * (number % 3))
        return -number

    assert gather(work, range(30)) == [-number for number in range(30)]
    assert gather(work, []) == []
    assert gather(lambda _: threading.current_thread(), [0]) == [threading.current_thread()]


def test_the_first_failure_of_many_is_raised():
    def work(number):
        if number >= 5:
            raise Odd(str(number))

    with pytest.raises(Odd, match="5"):
        gather(work, range(30))


# emit_all


def test_what_all_threads_emit_is_yielded():
    numbers = iter(range(1000))
    lock = threading.Lock()

    def work(emit, stop):
        while not stop.is_set():
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            emit(number)

    assert sorted(emit_all(work, max_workers=4)) == list(range(1000))


def test_a_slow_caller_is_waited_for():
    emitted = []

    def work(emit, stop):
        for number in range(1000):
            if stop.is_set():
                return
            emitted.append(number)
            emit(number)

    with closing(emit_all(work, max_workers=2)) as values:
        next(values)
        time.sleep(0.2)
        assert len(emitted) < 20


def test_a_failing_thread_stops_the_others():
    begun = threading.Barrier(3)
    stopped = []

    def work(emit, stop):
        if begun.wait(10) == 0:
            raise Odd
        while not stop.wait(0.001):
            emit(0)
        stopped.append(True)

    with pytest.raises(Odd):
        for _ in emit_all(work, max_workers=3):
            pass
    assert stopped == [True, True]


def test_a_caller_who_leaves_stops_threads_that_wait_for_room():
    stopped = []

    def work(emit, stop):
        while not stop.is_set():
            emit(0)
        stopped.append(True)

    with closing(emit_all(work, max_workers=3)) as values:
        next(values)
        time.sleep(0.05)  # the queue is full by now
    assert stopped == [True] * 3


@on_posix
def test_an_interrupted_caller_stops_them():
    stopped = Event()

    def work(emit, stop):
        time.sleep(0.1)  # an executor does not join a thread in whose start it was interrupted
        interrupt()
        stop.wait(10)
        stopped.set()

    with pytest.raises(KeyboardInterrupt):
        list(emit_all(work, max_workers=1))
    assert stopped.is_set()


def test_a_thread_that_ends_while_the_queue_is_full_blocks_nobody(monkeypatch):
    class Late(ThreadPoolExecutor):
        """By the time that a task is noted, one has filled the queue and another has ended."""

        def submit(self, *arguments) -> Future:
            future = super().submit(*arguments)
            time.sleep(0.1)
            return future

    monkeypatch.setattr(concurrency, "ThreadPoolExecutor", Late)
    shares = iter([list(range(100)), []])

    def work(emit, stop):
        for number in next(shares):
            if not stop.is_set():
                emit(number)

    values = []
    reader = threading.Thread(
        target=lambda: values.extend(emit_all(work, max_workers=2)), daemon=True
    )
    reader.start()
    reader.join(10)
    assert sorted(values) == list(range(100))


# read_ahead


class Blocks:
    """What `readinto` reads: these blocks, and then what comes after the end."""

    def __init__(self, *blocks):
        self.blocks = list(blocks)
        self.reads = 0
        self.threads = set()

    def readinto(self, buffer):
        self.reads += 1
        self.threads.add(threading.current_thread())
        block = self.blocks.pop(0)
        if isinstance(block, BaseException):
            raise block
        if block is None:
            return None
        buffer[: len(block)] = block
        return len(block)


def blocks_of(source, **sizes):
    options = {"buffers": 3, "buffer_size": 8, **sizes}
    return [bytes(block) for block in read_ahead(source.readinto, **options)]


@pytest.mark.parametrize("buffers", [1, 2, 5])
@pytest.mark.parametrize("end", [b"", None])
def test_blocks_come_in_order_from_one_thread(buffers, end):
    told = [bytes([65 + number]) * (1 + number % 8) for number in range(50)]
    source = Blocks(*told, end, b"after the end"[:8], b"")
    assert blocks_of(source, buffers=buffers) == told
    assert len(source.threads) == 1
    assert threading.current_thread() not in source.threads


def test_nothing_is_read_behind_the_end():
    source = Blocks(b"one", b"", b"a terminal would be waited for here")
    assert blocks_of(source) == [b"one"]
    time.sleep(0.05)
    assert source.reads == 2


@pytest.mark.parametrize("error", [OSError("broken"), Odd("broken"), KeyboardInterrupt("broken")])
def test_a_failing_read_is_raised_behind_the_blocks_before_it(error):
    source = Blocks(b"one", b"two", error, b"more", b"")
    read = []
    with pytest.raises(type(error), match="broken"):
        for block in read_ahead(source.readinto, buffers=3, buffer_size=8):
            read.append(bytes(block))
            time.sleep(0.02)
    assert read == [b"one", b"two"]
    assert source.reads == 3


def test_a_block_is_valid_until_the_next_is_asked_for():
    source = Blocks(*[bytes([number]) * 8 for number in range(20)], b"")
    for number, block in enumerate(read_ahead(source.readinto, buffers=2, buffer_size=8)):
        time.sleep(0.005)
        assert bytes(block) == bytes([number]) * 8


def test_reading_is_as_far_ahead_as_there_are_buffers():
    source = Blocks(*[b"x"] * 20, b"")
    with closing(read_ahead(source.readinto, buffers=3, buffer_size=8)) as blocks:
        next(blocks)
        time.sleep(0.05)
        assert source.reads == 3
    assert source.reads == 3
