"""`BandwidthLimit`: the rate of the bytes, and what stops them."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cosfast
from cosfast.transfer.bandwidth import MAX_PIECE, MIN_PIECE, PIECE_SECONDS, BandwidthLimit


@given(
    chunks=st.lists(st.binary(max_size=3 * MIN_PIECE), max_size=5),
    rate=st.sampled_from([1, 1000.5, 10**6, 10**12]),
)
def test_all_bytes_come_in_order_in_short_pieces(chunks, rate):
    pieces = list(BandwidthLimit(rate).pace(chunks, lambda _: None))
    assert b"".join(pieces) == b"".join(chunks)
    assert max(map(len, pieces), default=0) <= max(
        MIN_PIECE, min(MAX_PIECE, int(rate * PIECE_SECONDS))
    )


def test_the_waits_add_up_to_the_rate():
    waits = []
    chunks = [memoryview(bytes(100_000))] * 10
    for _ in BandwidthLimit(100_000).pace(chunks, waits.append):
        pass
    # Nothing really waits here, so the last piece is told to wait for all bytes before it.
    assert waits[-1] == pytest.approx(10, abs=0.5)
    assert waits == sorted(waits)


def test_threads_share_the_rate():
    limit = BandwidthLimit(1_000_000)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: list(limit.pace([bytes(100_000)], time.sleep)), range(4)))
    assert 0.25 < time.monotonic() - began < 5


def test_unused_time_is_not_accumulated():
    limit, waits = BandwidthLimit(MIN_PIECE * 10), []
    list(limit.pace([bytes(MIN_PIECE)], waits.append))
    time.sleep(0.3)
    list(limit.pace([bytes(3 * MIN_PIECE)], waits.append))
    assert len(waits) == 2
    assert waits[-1] > 0.15


def test_what_the_wait_raises_ends_the_bytes():
    def wait(seconds):
        raise cosfast.Cancelled("stop")

    pieces = []
    with pytest.raises(cosfast.Cancelled):
        pieces.extend(BandwidthLimit(MIN_PIECE).pace([bytes(10 * MIN_PIECE)], wait))
    assert len(pieces) == 1


@pytest.mark.parametrize("wrong", [0, -5, float("nan"), float("inf"), "1M", None])
def test_an_invalid_rate(wrong):
    with pytest.raises(cosfast.InputError, match="max_rate"):
        BandwidthLimit(wrong)
