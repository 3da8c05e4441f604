"""What stops a transfer: a token, a deadline, a concurrent failure; and which error it raises."""

from __future__ import annotations

import socket
import threading
import time

import pytest

import cosfast
from cosfast.transfer.cancellation import Cancellation, CancelToken, check_deadline


@pytest.fixture
def pair():
    """Return two connected sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.settimeout(10)
        yield ours, theirs


def later(action):
    """Run `action` in another thread after a short delay."""
    timer = threading.Timer(0.1, action)
    timer.start()
    return timer


# Tokens


def test_a_token_stops_whatever_is_given_it_and_only_while_that_runs():
    token, heard = CancelToken(), []
    with token.watched(lambda: heard.append("first")), token.watched(lambda: heard.append("both")):
        token.cancel()
        token.cancel()
    assert heard == ["first", "both"] * 2
    token.cancel()
    assert len(heard) == 4
    assert token.cancelled


def test_a_used_token_stops_at_once():
    token = CancelToken()
    token.cancel()
    ran = []
    with pytest.raises(cosfast.Cancelled, match="cancelled"):
        with Cancellation([token]).running():
            ran.append(True)
    assert not ran


@pytest.mark.parametrize("which", [0, 1])
def test_any_of_the_tokens_stops_it(which):
    tokens = [CancelToken(), CancelToken()]
    cancellation = Cancellation(tokens)
    with pytest.raises(cosfast.Cancelled), cancellation.running():
        cancellation.check()
        tokens[which].cancel()
        assert cancellation.stop.is_set()
        cancellation.check()


def test_the_reason_is_told_whatever_it_made_fail():
    token = CancelToken()
    with pytest.raises(cosfast.Cancelled) as caught, Cancellation([token]).running():
        token.cancel()
        raise OSError("the socket was shut down")
    assert isinstance(caught.value.__cause__, OSError)


def test_other_failures_stay_what_they_are():
    token = CancelToken()
    with pytest.raises(OSError, match="of its own"), Cancellation([token], 60.0).running():
        raise OSError("of its own")
    with pytest.raises(KeyboardInterrupt), Cancellation([token]).running():
        token.cancel()
        raise KeyboardInterrupt


# Deadlines


def test_a_deadline_is_told_with_its_length():
    cancellation = Cancellation(deadline=0.02)
    assert 0 < cancellation.remaining() <= 0.02
    with pytest.raises(cosfast.DeadlineExceeded, match=r"deadline of 0\.02 s exceeded"):
        with cancellation.running():
            time.sleep(0.05)
            cancellation.check()


def test_without_a_deadline_there_is_time():
    assert Cancellation().remaining() == float("inf")


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf"), "5", [1]])
def test_an_invalid_deadline(wrong):
    for refuse in (check_deadline, lambda value: Cancellation(deadline=value)):
        with pytest.raises(cosfast.InputError, match="deadline"):
            refuse(wrong)


# Waits


def test_a_wait_is_as_long_as_it_is_asked_to_be():
    began = time.monotonic()
    Cancellation().wait(0.1)
    assert 0.09 < time.monotonic() - began < 5
    Cancellation().wait(0)
    Cancellation().wait(-1)


def test_a_wait_ends_with_the_token():
    token = CancelToken()
    cancellation = Cancellation([token])
    began = time.monotonic()
    with cancellation.running():
        timer = later(token.cancel)
        with pytest.raises(cosfast.Cancelled):
            cancellation.wait(float("inf"))
        timer.join()
        assert time.monotonic() - began < 5
        with pytest.raises(cosfast.Cancelled):
            cancellation.wait(0)
        token.cancelled = False  # so that leaving raises nothing


def test_a_wait_ends_with_the_deadline():
    with pytest.raises(cosfast.DeadlineExceeded):
        Cancellation(deadline=0.05).wait(60)


def test_a_wait_ends_with_a_concurrent_failure():
    cancellation = Cancellation()
    timer = later(cancellation.stop.set)
    with pytest.raises(cosfast.Cancelled, match="another part"):
        cancellation.wait(60)
    timer.join()
    with pytest.raises(cosfast.Cancelled, match="another part"):
        cancellation.check_going()
    cancellation.check()  # which is about what stops it from outside


# Sockets


def test_abort_ends_a_read_that_waits(pair):
    cancellation = Cancellation()
    cancellation.attach(self := object(), pair[0])
    timer = later(cancellation.abort)
    assert pair[0].recv(1) == b""
    timer.join()
    cancellation.detach(self)


def test_abort_does_not_touch_released_sockets(pair):
    cancellation = Cancellation()
    user = object()
    cancellation.attach(user, pair[0])
    cancellation.detach(user)
    cancellation.detach(user)
    cancellation.abort()
    pair[1].sendall(b"x")
    assert pair[0].recv(1) == b"x"


def test_abort_ignores_a_closed_socket(pair):
    cancellation = Cancellation()
    closed = socket.socket()
    closed.close()
    cancellation.attach("closed", closed)
    cancellation.attach("open", pair[0])
    cancellation.abort()
    assert pair[0].recv(1) == b""


def test_nobody_waits_for_a_socket_after_an_abort(pair):
    cancellation = Cancellation()
    cancellation.abort()  # an interrupt's: no token was used
    with pytest.raises(cosfast.Cancelled):
        cancellation.attach("late", pair[0])
