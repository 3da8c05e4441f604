"""Both hashes beside hashlib's: its whole API, through the standard library's own callers."""

from __future__ import annotations

import copy
import hashlib
import hmac
import io
import pickle
import random
import signal
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosfast

NAMES = ["sha1", "sha256"]
MAKERS = {"sha1": cosfast.sha1, "sha256": cosfast.sha256}
CLASSES = {"sha1": cosfast.Sha1, "sha256": cosfast.Sha256}
STATES = {"sha1": cosfast.Sha1State, "sha256": cosfast.Sha256State}
GATHERED = 2049  # bytes: shorter updates wait for company


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


def test_attributes_and_names(name):
    ours, theirs = MAKERS[name](), hashlib.new(name)
    for attribute in ("name", "digest_size", "block_size"):
        assert getattr(ours, attribute) == getattr(theirs, attribute)
        assert getattr(CLASSES[name], attribute) == getattr(theirs, attribute)
    assert type(cosfast.new(name)) is type(cosfast.new(name.upper())) is CLASSES[name]


@pytest.mark.parametrize("wrong", ["md5", "SHA-1", "", None, 1, b"sha1"])
def test_an_unknown_name_is_a_value_error(wrong):
    with pytest.raises(cosfast.InputError, match=r"'sha1', 'sha256'"):
        cosfast.new(wrong)
    with pytest.raises(ValueError, match="algorithm"):
        cosfast.uploadparts(b"", algorithm=wrong)


@pytest.mark.parametrize("length", [0, 1, 55, 56, 64, 2048, 2049, 2050, 16384, 16385, 100_000])
def test_every_way_to_give_the_message(name, length):
    data = hashlib.shake_128(b"x").digest(length)
    expected = hashlib.new(name, data).hexdigest()
    for make in (MAKERS[name], CLASSES[name], lambda *a, **k: cosfast.new(name, *a, **k)):
        assert make(data).hexdigest() == expected
        assert make(string=data).hexdigest() == expected
        assert make(data=data, usedforsecurity=False).hexdigest() == expected
        assert make(bytearray(data)).hexdigest() == expected
        running = make()
        running.update(data)
        assert (running.hexdigest(), running.digest().hex()) == (expected, expected)
        for wrong in ("text", 7, None):
            with pytest.raises(TypeError):
                make(wrong)
            with pytest.raises(TypeError):
                make(string=wrong)
        with pytest.raises(TypeError, match="string"):
            make(data or b"x", string=b"more")


def test_file_digest(name):
    data = bytes(range(256)) * 3000
    for file in (io.BytesIO(data), io.BufferedReader(io.BytesIO(data))):
        assert hashlib.file_digest(file, MAKERS[name]).digest() == hashlib.new(name, data).digest()


@given(st.binary(max_size=200), st.binary(max_size=3000))
def test_hmac(key, message):
    for name in NAMES:
        ours = hmac.new(key, message, MAKERS[name])
        assert ours.digest() == hmac.digest(key, message, name)
        again = ours.copy()
        again.update(b"more")
        assert again.digest() == hmac.digest(key, message + b"more", name)
        assert ours.digest() == hmac.digest(key, message, name)
        assert ours.block_size == 64


class Labelled(cosfast.Sha256):
    def __init__(self, label, data=b""):
        super().__init__(data)
        self.label = label


class Slotted(cosfast.Sha1):
    __slots__ = ()


@pytest.mark.parametrize("length", [0, 100, 5000])
@pytest.mark.parametrize(
    "duplicate",
    [lambda h: h.copy(), copy.copy, copy.deepcopy, lambda h: pickle.loads(pickle.dumps(h))],
    ids=["copy()", "copy.copy", "copy.deepcopy", "pickle"],
)
def test_a_duplicate_is_of_its_class_and_independent(length, duplicate):
    data = bytes(length)
    for original in (cosfast.sha1(data), cosfast.sha256(data), Labelled("x", data), Slotted(data)):
        other = duplicate(original)
        assert type(other) is type(original)
        assert getattr(other, "label", None) == getattr(original, "label", None)
        before = original.hexdigest()
        other.update(b"more")
        assert original.hexdigest() == before == hashlib.new(original.name, data).hexdigest()
        assert other.hexdigest() == hashlib.new(original.name, data + b"more").hexdigest()


def test_a_subclass_resumes_as_itself():
    assert type(Slotted.from_state(cosfast.sha1(b"x").state())) is Slotted


@given(st.lists(st.tuples(st.integers(0, 2400), st.sampled_from("uUdsc")), max_size=600))
def test_any_sequence_of_calls(calls):
    for name in NAMES:
        ours, theirs = MAKERS[name](), hashlib.new(name)
        for length, call in calls:
            if call == "u":
                data = bytes(length % 40)
                ours.update(data)
                theirs.update(data)
            elif call == "U":
                ours.update(memoryview(bytes(length)))
                theirs.update(bytes(length))
            elif call == "d":
                assert ours.digest() == theirs.digest()
            elif call == "s":
                ours = CLASSES[name].from_state(ours.state())
            else:
                ours = ours.copy()
        assert ours.hexdigest() == theirs.hexdigest()


@pytest.mark.parametrize("size", [0, 1, 16, 63, 64, 2048, 2049])
def test_thousands_of_small_updates(name, size):
    data = hashlib.shake_128(b"%d" % size).digest(size)
    ours = MAKERS[name]()
    for _ in range(5000):
        ours.update(data)
    assert ours.state().length == 5000 * size
    assert ours.digest() == hashlib.new(name, data * 5000).digest()


def test_threads_that_share_an_object_lose_nothing(name):
    """Each update is a marked block, so that any order of whole updates can be told."""
    threads, updates = 6, 3000
    running = MAKERS[name]()
    order = random.Random(1)
    sizes = [order.choice([64, 64, 64, 4096]) for _ in range(updates)]
    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work(number):
        for size in sizes:
            running.update(b"\x5a" * size)
            if size > 2048 and number == 0:
                length = running.state().length
                assert length % 64 == 0
                running.digest()

    try:
        workers = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    finally:
        sys.setswitchinterval(switch)
    assert running.digest() == hashlib.new(name, b"\x5a" * sum(sizes) * threads).digest()


def test_a_digest_has_whole_updates_of_other_threads(name):
    """A prefix of whole blocks, no shorter than what was certainly there."""
    running = MAKERS[name]()
    block = b"\x01" * 64
    prefixes, growing = {}, hashlib.new(name)
    for count in range(4001):
        prefixes[growing.digest()] = count
        growing.update(block)
    done, seen = threading.Event(), []

    def watch():
        while not done.is_set():
            seen.append(prefixes[running.digest()])
        seen.append(prefixes[running.digest()])

    watcher = threading.Thread(target=watch)
    watcher.start()
    for _ in range(4000):
        running.update(block)
    done.set()
    watcher.join()
    assert seen == sorted(seen)
    assert seen[-1] == 4000


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer")
@pytest.mark.skipif(
    (3, 14) <= sys.version_info < (3, 15),
    reason="CPython 3.14 leaves a lock held if an interrupt comes as it is acquired (gh-148874)",
)
def test_an_interrupt_neither_loses_nor_repeats_an_update(name):
    """Whatever an update that was interrupted did, the others count once each."""

    class Interrupt(Exception):
        pass

    def interrupt(*_):
        raise Interrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(150):
            running, whole, broken = MAKERS[name](), 0, 0
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.0005)
                while True:
                    running.update(b"\x07" * 64)
                    whole += 1
            except Interrupt:
                broken = 1
            count = running.state().length // 64
            assert whole <= count <= whole + broken
            assert running.digest() == hashlib.new(name, b"\x07" * 64 * count).digest()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_a_large_message_is_not_kept(name):
    data = bytes(20_000)
    references = sys.getrefcount(data)
    running = MAKERS[name](data)
    assert sys.getrefcount(data) == references
    assert running.digest() == hashlib.new(name, data).digest()


# -- states


@given(st.binary(max_size=300), st.integers(0, 300))
def test_a_state_resumes_anywhere(data, cut):
    for name in NAMES:
        state = MAKERS[name](data[:cut]).state()
        assert STATES[name].from_bytes(state.to_bytes()) == state
        assert pickle.loads(pickle.dumps(state)) == state
        assert state.algorithm == name
        running = CLASSES[name].from_state(state)
        running.update(data[cut:])
        assert running.digest() == hashlib.new(name, data).digest()


def test_the_sha256_state():
    state = cosfast.sha256(b"abc").state()
    assert state.words[0] == 0x6A09E667
    assert state.to_bytes().hex() == (
        "636f7366323536016a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19"
        "0000000000000003616263"
    )
    block = cosfast.sha256(bytes(64)).state()
    assert block.datasha == b"".join(word.to_bytes(4, "little") for word in block.words).hex()
    assert cosfast.Sha256State.from_datasha(block.datasha, 64) == block
    assert "Sha256State" in repr(block)
    with pytest.raises(cosfast.InputError, match="64 hex digits"):
        cosfast.Sha256State.from_datasha("0" * 40, 64)


def test_a_state_of_the_other_algorithm_is_named():
    one, two = cosfast.sha1(bytes(64)).state(), cosfast.sha256(bytes(64)).state()
    assert one != two
    with pytest.raises(cosfast.InputError, match="Sha256.*Sha256State.*Sha1State"):
        cosfast.Sha256.from_state(one)
    with pytest.raises(cosfast.InputError, match="Sha1 .*Sha1State.*Sha256State"):
        cosfast.Sha1.from_state(two)
    with pytest.raises(cosfast.InputError, match=r"Sha1State\.from_bytes"):
        cosfast.Sha256State.from_bytes(one.to_bytes())
    with pytest.raises(cosfast.InputError, match=r"Sha256State\.from_bytes"):
        cosfast.Sha1State.from_bytes(two.to_bytes())
    with pytest.raises(cosfast.InputError, match="SHA-256 state must have 8 words, not 5"):
        cosfast.Sha256State(one.words, 64)
    with pytest.raises(cosfast.InputError, match="SHA-1 state must have 5 words, not 8"):
        cosfast.Sha1State(two.words, 64)


@pytest.mark.parametrize(
    "word", [-1, 2**32, 10**5000, "1", 1.0, None, True], ids=lambda word: str(type(word))
)
def test_a_word_out_of_range_is_named(name, word):
    words = [*cosfast.new(name, bytes(64)).state().words]
    words[3] = word
    with pytest.raises(cosfast.InputError, match="word h3"):
        STATES[name](words, 64)


def test_serialised_states_are_not_taken_for_states(name):
    data = MAKERS[name](b"x").state().to_bytes()
    for wrong in (data, bytearray(data), memoryview(data)):
        with pytest.raises(TypeError, match=rf"{STATES[name].__name__}\.from_bytes"):
            CLASSES[name].from_state(wrong)
    with pytest.raises(TypeError, match="not int"):
        CLASSES[name].from_state(7)


@pytest.mark.parametrize("size", [1, GATHERED - 1, GATHERED])
def test_the_message_ends_at_the_limit_also_in_copies(name, size):
    length = 2**61 - 1 - size
    words = cosfast.new(name, bytes(64)).state().words
    running = CLASSES[name].from_state(STATES[name](words, length, bytes(length % 64)))
    for other in (running.copy(), copy.copy(running), pickle.loads(pickle.dumps(running)), running):
        other.update(bytes(size))
        with pytest.raises(cosfast.InputError, match="SHA-"):
            other.update(b"x")
        assert other.state().length == 2**61 - 1
