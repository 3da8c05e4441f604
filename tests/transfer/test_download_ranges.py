"""Ranges that arrive in any order are passed on in the order of the file."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosfast.transfer.download_ranges import InOrder


@settings(max_examples=50)
@given(order=st.permutations(range(12)), threads=st.integers(1, 4))
def test_whatever_the_order_of_arrival_it_is_passed_on_in_order(order, threads):
    taken = []
    in_order = InOrder(taken.append)
    shares = [order[number::threads] for number in range(threads)]

    def put(share):
        for index in share:
            in_order.put(index, str(index))

    workers = [threading.Thread(target=put, args=(share,)) for share in shares]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert taken == [str(index) for index in range(12)]


def test_what_a_stage_raises_reaches_the_thread_and_passes_nothing_more_on():
    taken = []

    def take(item):
        if item == 1:
            raise OSError("full")
        taken.append(item)

    in_order = InOrder(take)
    for index in (2, 0):
        in_order.put(index, index)
    with pytest.raises(OSError, match="full"):
        in_order.put(1, 1)
    in_order.put(3, 3)
    assert taken == [0]
