"""A state taken out anywhere goes on anywhere else."""

from __future__ import annotations

import hashlib
import json
import pickle
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosfast

INITIAL = (0x67452301, 0xEFCDAB89, 0x98BADCFE, 0x10325476, 0xC3D2E1F0)
ONE_BLOCK = cosfast.sha1(b"\0" * 64).state()

GO_ON = """
import sys, json, cosfast
for line in sys.stdin:
    state, rest = json.loads(line)
    running = cosfast.Sha1.from_state(cosfast.Sha1State.from_bytes(bytes.fromhex(state)))
    running.update(bytes.fromhex(rest))
    print(running.hexdigest())
"""


def test_the_initial_state():
    state = cosfast.sha1().state()
    assert (state.words, state.length, state.pending) == (INITIAL, 0, b"")


@settings(max_examples=3000)
@given(st.binary(max_size=400), st.integers(0, 400))
def test_a_split_anywhere_gives_hashlibs_digest(data, cut):
    state = cosfast.sha1(data[:cut]).state()
    running = cosfast.Sha1.from_state(state)
    running.update(data[cut:])
    assert running.digest() == hashlib.sha1(data).digest()
    assert (state.length, state.pending) == (len(data[:cut]), data[:cut][len(data[:cut]) & ~63 :])


def test_another_process_goes_on():
    """Thousands of splits, exported here, imported and finished in a process of its own."""
    cases = []
    for cut in range(2500):
        data = hashlib.shake_128(b"%d" % cut).digest(cut % 701 + 40)
        split = cut * 31 % (len(data) + 1)
        cases.append((data, split))
    lines = [
        json.dumps((cosfast.sha1(data[:cut]).state().to_bytes().hex(), data[cut:].hex()))
        for data, cut in cases
    ]
    answer = subprocess.run(
        [sys.executable, "-c", GO_ON],
        input="\n".join(lines),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert answer == [hashlib.sha1(data).hexdigest() for data, _ in cases]


@given(st.binary(max_size=200))
def test_every_serial_form_comes_back_equal(data):
    state = cosfast.sha1(data).state()
    assert cosfast.Sha1State.from_bytes(state.to_bytes()) == state
    assert pickle.loads(pickle.dumps(state)) == state
    assert hash(pickle.loads(pickle.dumps(state))) == hash(state)


def test_the_serial_form_is_the_same_on_every_platform():
    assert cosfast.sha1(b"abc").state().to_bytes().hex() == (
        "636f73666173740167452301efcdab8998badcfe10325476c3d2e1f00000000000000003616263"
    )


def test_datasha_is_little_endian_and_comes_back():
    state = ONE_BLOCK
    expected = "".join(word.to_bytes(4, "little").hex() for word in state.words)
    assert state.datasha == expected
    assert cosfast.Sha1State.from_datasha(expected, 64) == state
    assert cosfast.Sha1State.from_datasha(expected.upper(), 64) == state


def test_datasha_is_refused_while_bytes_are_pending():
    with pytest.raises(ValueError, match="65 bytes has no datasha: 1 bytes"):
        _ = cosfast.sha1(b"x" * 65).state().datasha


@pytest.mark.parametrize(
    "datasha", ["", "0" * 39, "0" * 41, "g" * 40, " " * 40, "0 " * 20, "é" * 40]
)
def test_a_datasha_that_is_none_is_named(datasha):
    with pytest.raises(cosfast.InputError, match="40 hex digits"):
        cosfast.Sha1State.from_datasha(datasha, 64)


@pytest.mark.parametrize("length", [-64, 1, 63, 2**61])
def test_a_length_that_no_state_has_is_refused(length):
    with pytest.raises(cosfast.InputError, match=str(length)):
        cosfast.Sha1State.from_datasha(ONE_BLOCK.datasha, length)


@pytest.mark.parametrize(
    ("words", "length", "pending", "names"),
    [
        (INITIAL[:4], 64, b"", "5 words"),
        ((*INITIAL[:4], 2**32), 64, b"", "h4"),
        ((-1, *INITIAL[1:]), 64, b"", "h0"),
        (INITIAL, 65, b"", "1 pending"),
        (INITIAL, 64, b"x", "0 pending"),
        ((1, 2, 3, 4, 5), 0, b"", "initial words"),
        ((1, 2, 3, 4, 5), 63, b"x" * 63, "initial words"),
    ],
)
def test_parts_that_do_not_fit_are_named(words, length, pending, names):
    with pytest.raises(cosfast.InputError, match=names):
        cosfast.Sha1State(words, length, pending)


def test_is_immutable_and_readable():
    with pytest.raises(AttributeError):
        ONE_BLOCK.length = 0
    with pytest.raises(AttributeError):
        del ONE_BLOCK.words
    assert "after 64 bytes" in repr(ONE_BLOCK)
    assert ONE_BLOCK != "something else"


@pytest.mark.parametrize("cut", [0, 7, 35])
def test_a_torn_serial_form_is_refused(cut):
    with pytest.raises(cosfast.InputError, match="header"):
        cosfast.Sha1State.from_bytes(ONE_BLOCK.to_bytes()[:cut])


def test_a_later_version_is_refused():
    data = bytearray(ONE_BLOCK.to_bytes())
    data[7] = 2
    with pytest.raises(cosfast.InputError, match="version 2"):
        cosfast.Sha1State.from_bytes(bytes(data))


def test_counts_beyond_32_bits():
    words = (1, 2, 3, 4, 5)
    running = cosfast.Sha1.from_state(cosfast.Sha1State(words, 2**40))
    running.update(b"x" * 65)
    assert running.state().length == 2**40 + 65
    with pytest.raises(TypeError):
        cosfast.Sha1.from_state(b"bytes")


LIMIT = 2**61 - 1


@pytest.mark.parametrize("length", [64.0, 64.5, "64", None, True, -64, 2**61])
def test_a_length_is_a_whole_number_of_bytes(length):
    with pytest.raises(cosfast.InputError, match="length"):
        cosfast.Sha1State(ONE_BLOCK.words, length, b"")
    with pytest.raises(cosfast.InputError, match="length"):
        cosfast.Sha1State.from_datasha(ONE_BLOCK.datasha, length)


@pytest.mark.parametrize("pending", ["x", 1, [1], None])
def test_pending_is_bytes(pending):
    with pytest.raises(cosfast.InputError, match="pending"):
        cosfast.Sha1State(ONE_BLOCK.words, 65, pending)


def test_pending_of_any_bytes_like_kind():
    for pending in (bytearray(b"x"), memoryview(b"x")):
        assert cosfast.Sha1State(ONE_BLOCK.words, 65, pending).pending == b"x"


@pytest.mark.parametrize("left", [0, 1, 63, 64, 1000])
@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_a_message_ends_at_the_limit(left, kind):
    length = LIMIT - left
    state = cosfast.Sha1State(ONE_BLOCK.words, length, bytes(length % 64))
    running = cosfast.Sha1.from_state(state)
    for more in (left + 1, left + 64, left + 100_000):
        with pytest.raises(cosfast.InputError, match=r"2\*\*61 - 1"):
            running.update(kind(more))
        assert running.state() == state
    running.update(kind(left))
    assert running.state().length == LIMIT
    running.update(kind(0))
    with pytest.raises(cosfast.InputError, match=r"2\*\*61 - 1"):
        running.update(kind(1))
    assert cosfast.Sha1.from_state(running.state()).digest() == running.digest()
