"""`Sha1` against hashlib, which it must be indistinguishable from."""

from __future__ import annotations

import array
import hashlib
import mmap
import pickle
import subprocess
import sys
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosfast

EDGES = [0, 1, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 65536, 1048577]


@pytest.mark.parametrize("length", EDGES)
def test_digest_is_hashlibs(length):
    data = bytes(index * 7 % 256 for index in range(length))
    assert cosfast.sha1(data).digest() == hashlib.sha1(data).digest()
    assert cosfast.Sha1(data).hexdigest() == hashlib.sha1(data).hexdigest()


def test_has_hashlibs_protocol():
    ours, theirs = cosfast.sha1(), hashlib.sha1()
    assert (ours.name, ours.digest_size, ours.block_size) == (
        theirs.name,
        theirs.digest_size,
        theirs.block_size,
    )
    assert cosfast.sha1(b"x", usedforsecurity=False).digest() == hashlib.sha1(b"x").digest()
    assert ours.update(b"x") is None


@given(st.lists(st.binary(max_size=300), max_size=30))
def test_updates_add_up(pieces):
    running = cosfast.sha1()
    for piece in pieces:
        running.update(piece)
    assert running.digest() == hashlib.sha1(b"".join(pieces)).digest()


def test_digest_and_state_leave_the_object_going():
    running = cosfast.sha1(b"spam")
    running.digest()
    running.state()
    running.hexdigest()
    running.update(b"eggs")
    assert running.digest() == hashlib.sha1(b"spameggs").digest()


def test_a_copy_goes_its_own_way():
    running = cosfast.sha1(b"spam")
    other = running.copy()
    other.update(b"eggs")
    assert running.digest() == hashlib.sha1(b"spam").digest()
    assert other.digest() == hashlib.sha1(b"spameggs").digest()


@pytest.mark.parametrize(
    "make",
    [bytes, bytearray, memoryview, lambda data: array.array("I", data), lambda d: memoryview(d)[:]],
    ids=["bytes", "bytearray", "memoryview", "array of words", "view of a view"],
)
def test_takes_any_bytes_like_object(make):
    data = bytes(range(256)) * 5
    assert cosfast.sha1(make(data)).digest() == hashlib.sha1(data).digest()


def test_takes_a_mapped_file(tmp_path):
    path = tmp_path / "mapped"
    path.write_bytes(b"cosfast" * 10000)
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert cosfast.sha1(mapped).digest() == hashlib.sha1(mapped).digest()


def test_a_hashed_bytearray_can_be_resized_afterwards():
    data = bytearray(b"x" * 1000)
    running = cosfast.sha1(data)
    data.extend(b"y")
    assert running.digest() == hashlib.sha1(b"x" * 1000).digest()


@pytest.mark.parametrize("wrong", ["text", 7, None, [1, 2], object()])
def test_refuses_what_is_not_bytes_like(wrong):
    running = cosfast.sha1(b"before")
    with pytest.raises(TypeError):
        running.update(wrong)
    assert running.digest() == hashlib.sha1(b"before").digest()


def test_refuses_a_buffer_with_gaps():
    with pytest.raises((BufferError, ValueError)):
        cosfast.sha1(memoryview(b"abcdef")[::2])


def test_threads_share_one_object():
    block, rounds, threads = b"\x5a" * 4096, 200, 8
    running = cosfast.sha1()

    def work():
        for _ in range(rounds):
            running.update(block)
            running.state()

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert running.digest() == hashlib.sha1(block * rounds * threads).digest()


def test_the_gil_is_free_while_the_core_works():
    """Another thread runs Python code in the midst of one long update."""
    data = bytes(256 * 1024 * 1024)
    ticks: list[bool] = []
    done = threading.Event()
    inside = threading.Event()

    def tick():
        inside.wait()
        while not done.is_set():
            ticks.append(True)
            time.sleep(0)

    ticker = threading.Thread(target=tick)
    ticker.start()
    running = cosfast.sha1()
    switch = sys.getswitchinterval()
    sys.setswitchinterval(
        1000
    )  # nobody is made to give the GIL up, so only a call that lets go does
    try:
        inside.set()
        before = len(ticks)
        running.update(data)
        during = len(ticks) - before
    finally:
        sys.setswitchinterval(switch)
        done.set()
        ticker.join()
    assert during > 0


def test_pickle_goes_on():
    running = pickle.loads(pickle.dumps(cosfast.sha1(b"a" * 100)))
    running.update(b"b")
    assert running.digest() == hashlib.sha1(b"a" * 100 + b"b").digest()


def test_import_leaves_requests_alone():
    code = "import sys, cosfast; cosfast.sha1(b'x'); sys.exit('requests' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@settings(max_examples=40)
@given(st.integers(0, 200_000), st.integers(1, 70_000))
def test_long_messages_in_equal_pieces(length, step):
    data = hashlib.shake_128(b"%d" % length).digest(length)
    running = cosfast.sha1()
    for start in range(0, length, step):
        running.update(memoryview(data)[start : start + step])
    assert running.digest() == hashlib.sha1(data).digest()
