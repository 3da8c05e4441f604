"""Bandwidth limits, deadlines and cancellation of transfers."""

from __future__ import annotations

import socket
import threading
import time

import pytest
import requests
from emulated import BUCKET, connect
from worked_values import content

import cosfast
from cosfast.emulator import faults

MIB = 1024 * 1024
SMALL = 1 * MIB
SLICED = 9 * MIB


def downloaded(result):
    response = requests.get(result.access_url, timeout=30)
    response.raise_for_status()
    return response.content


def test_max_rate_is_kept(client):
    """A lower bound only, since a shared machine may be slower, but never faster."""
    started = time.monotonic()
    client.upload(bytes(9 * MIB), BUCKET, "file", max_rate=10 * MIB, integrity="none")
    assert time.monotonic() - started > 0.75


def test_cancel_stops_soon_and_the_transfer_can_be_resumed(client):
    data = content(20 * MIB)
    token = cosfast.CancelToken()
    seen = []

    def progress(count):
        seen.append(count)
        if sum(seen) >= 5 * MIB:
            token.cancel()

    with pytest.raises(cosfast.Cancelled):
        client.upload(data, BUCKET, "file", progress=progress, cancel=token, concurrency=2)
    assert sum(seen) < len(data)
    with pytest.raises(cosfast.Cancelled):
        client.upload(data, BUCKET, "file", cancel=token)
    result = client.upload(data, BUCKET, "file")
    assert result.resumed_bytes >= 5 * MIB
    assert downloaded(result) == data


@pytest.mark.parametrize("stop", ["cancel", "deadline"])
def test_cancel_and_deadline_do_not_wait_for_a_silent_server(stop):
    """The timeout is a minute; neither a token nor a deadline waits for it."""

    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        token = cosfast.CancelToken()
        timer = threading.Timer(0.2, token.cancel)
        options = {"cancel": token} if stop == "cancel" else {"deadline": 0.3}
        expected = cosfast.Cancelled if stop == "cancel" else cosfast.DeadlineExceeded
        with connect(endpoint) as client:
            timer.start()
            started = time.monotonic()
            with pytest.raises(expected):
                client.upload(b"data", BUCKET, "file", **options)
            assert time.monotonic() - started < 30
        timer.cancel()


@pytest.mark.parametrize(
    "options",
    [
        {"max_rate": 0},
        {"max_rate": -1},
        {"max_rate": float("inf")},
        {"max_rate": "fast"},
        {"deadline": 0},
        {"deadline": float("nan")},
        {"cancel": threading.Event()},
    ],
)
def test_invalid_limits_are_named(client, options):
    with pytest.raises(cosfast.InputError, match=next(iter(options))):
        client.upload(b"data", BUCKET, "file", **options)


@pytest.mark.parametrize("integrity", ["parts", "stream", "none"])
@pytest.mark.parametrize("size", [SMALL, SLICED])
def test_an_upload_does_not_outrun_its_deadline(emulator, client, size, integrity):
    started = time.monotonic()
    with pytest.raises(cosfast.DeadlineExceeded):
        client.upload(
            content(size), BUCKET, "file", integrity=integrity, max_rate=65536, deadline=0.5
        )
    assert 0.4 < time.monotonic() - started < 5
    assert not client.exists(BUCKET, "file")


@pytest.mark.parametrize("size", [SMALL, SLICED])
def test_a_download_does_not_outrun_its_deadline(client, tmp_path, size):
    client.upload(content(size), BUCKET, "file")
    for target in (tmp_path / "file", (tmp_path / "open").open("wb")):
        started = time.monotonic()
        with pytest.raises(cosfast.DeadlineExceeded):
            client.download(BUCKET, "file", target, max_rate=65536, deadline=0.5)
        assert 0.4 < time.monotonic() - started < 5
    target.close()
    assert not (tmp_path / "file").exists()
    assert (tmp_path / "open").stat().st_size < size


@pytest.mark.parametrize("size", [SMALL, SLICED])
def test_a_cancelled_upload_is_not_sent_in_a_burst(client, size):
    token = cosfast.CancelToken()
    threading.Timer(0.3, token.cancel).start()
    with pytest.raises(cosfast.Cancelled):
        client.upload(content(size), BUCKET, "file", max_rate=65536, cancel=token)
    assert not client.exists(BUCKET, "file")


def test_a_deadline_ends_the_wait_between_two_attempts(emulator):
    emulator.faults.add("upload", faults.HttpStatus(503, retry_after=30), times=3)
    started = time.monotonic()
    with connect(emulator.endpoint) as client, pytest.raises(cosfast.DeadlineExceeded):
        client.upload(b"data", BUCKET, "file", deadline=0.3)
    assert time.monotonic() - started < 5


def test_a_rate_and_a_deadline_may_be_absurd(client):
    with pytest.raises(cosfast.DeadlineExceeded):
        client.upload(content(SMALL), BUCKET, "file", max_rate=1e-300, deadline=0.3)
    client.upload(b"data", BUCKET, "other", max_rate=1e300, deadline=1e300)
