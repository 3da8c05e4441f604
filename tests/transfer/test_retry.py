"""`RetryPolicy`: the delay before each attempt, and when to give up."""

from __future__ import annotations

import pytest

import cosfast


def test_waits_grow_and_are_drawn_from_all_of_the_interval():
    policy = cosfast.RetryPolicy(tries=50, base_delay=0.1, max_delay=1.0, budget=100)
    for failures, bound in ((1, 0.1), (2, 0.2), (4, 0.8), (5, 1.0), (40, 1.0)):
        waits = [policy.wait_before_next(failures, 0.0) for _ in range(400)]
        assert 0 <= min(waits) < 0.1 * bound
        assert 0.9 * bound < max(waits) <= bound
    assert policy.wait_before_next(50, 0.0) is None
    assert policy.wait_before_next(1, 100.5) is None
    assert policy.wait_before_next(1, 0.0, at_least=7) == 7


def test_the_budget_and_the_attempts_bound_it():
    policy = cosfast.RetryPolicy(tries=3, base_delay=0, budget=10)
    assert policy.wait_before_next(1, 10.0) == 0
    assert policy.wait_before_next(2, 9.0, at_least=1) == 1
    assert policy.wait_before_next(2, 9.0, at_least=1.1) is None
    assert policy.wait_before_next(3, 0.0) is None
    assert cosfast.NO_RETRY.wait_before_next(1, 0.0) is None
    assert cosfast.RetryPolicy(tries=10**9).wait_before_next(10**9 - 1, 0.0) is not None


@pytest.mark.parametrize("name", ["tries", "base_delay", "max_delay", "budget"])
@pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf"), "1", None])
def test_an_invalid_policy(name, wrong):
    with pytest.raises(cosfast.InputError, match=name):
        cosfast.RetryPolicy(**{name: wrong})
