"""Stalled servers time out, when sending or receiving; slow links do not."""

from __future__ import annotations

import io
import socket
import threading
import time
from contextlib import contextmanager, suppress

import pytest
import requests
from emulated import BUCKET, connect
from scripted import SUCCESS, http
from worked_values import content

import cosfast

MIB = 1024 * 1024
SMALL = 1 * MIB


@contextmanager
def dripping(head, drop=b" ", every=0.05):
    """A server that answers any number of clients with `head`, then with single bytes slowly."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip(connection):
        with connection, suppress(OSError):
            connection.recv(1 << 20)
            connection.sendall(head)
            while True:
                connection.sendall(drop)
                time.sleep(every)

    def serve():
        with suppress(OSError):
            while True:
                threading.Thread(target=drip, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


SLOW = {
    "in the status line": b"HTTP/1.1 ",
    "in the headers": b"HTTP/1.1 200 OK\r\nA: ",
    "in the body": b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n",
    "without a length": b"HTTP/1.1 200 OK\r\n\r\n",
    "in a chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99999\r\n",
}


@pytest.mark.parametrize("head", SLOW.values(), ids=SLOW.keys())
def test_a_server_that_drips_times_out(head):
    with dripping(head) as endpoint:
        started = time.monotonic()
        with connect(endpoint, retry=cosfast.NO_RETRY, timeout=(2, 0.5)) as client:
            with pytest.raises(cosfast.TransportTimeout):
                client.stat(BUCKET, "file")
        assert 0.4 < time.monotonic() - started < 5


@pytest.mark.parametrize("head", [SLOW["in the body"], SLOW["in a chunk"]], ids=["length", "chunk"])
def test_it_times_out_with_a_session_of_the_users_too(head):
    with requests.Session() as session, dripping(head) as endpoint:
        options = {"retry": cosfast.NO_RETRY, "timeout": (2, 0.5), "session": session}
        with connect(endpoint, **options) as client, pytest.raises(cosfast.TransportTimeout):
            client.stat(BUCKET, "file")


@pytest.mark.parametrize("head", SLOW.values(), ids=SLOW.keys())
def test_a_deadline_ends_a_dripping_response(head):
    with dripping(head) as endpoint, connect(endpoint, timeout=(30, 30)) as client:
        started = time.monotonic()
        with pytest.raises(cosfast.DeadlineExceeded):
            client.upload(b"data", BUCKET, "file", deadline=0.5)
        assert 0.4 < time.monotonic() - started < 5


@pytest.mark.parametrize("own_session", [False, True])
def test_a_download_that_drips_times_out(emulator, tmp_path, own_session):
    with connect(emulator.endpoint) as uploader:
        uploader.upload(content(SMALL), BUCKET, "file")
        known = uploader.stat(BUCKET, "file")
    head = (
        f"HTTP/1.1 206 Partial Content\r\nContent-Length: {SMALL}\r\n"
        f"Content-Range: bytes 0-{SMALL - 1}/{SMALL}\r\n\r\n"
    )
    session = requests.Session() if own_session else None
    with dripping(head.encode()) as endpoint:
        dripped = type(known)(**{**vars(known), "access_url": f"{endpoint}/file"})
        options = {"retry": cosfast.NO_RETRY, "timeout": (2, 0.5), "session": session}
        with connect(endpoint, **options) as client, pytest.raises(cosfast.TransportTimeout):
            client.download(BUCKET, "file", tmp_path / "file", known=dripped)


def test_a_server_that_reads_nothing_times_out():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with connect(endpoint, retry=cosfast.NO_RETRY, timeout=(2, 0.3)) as client:
            with pytest.raises(cosfast.TransportTimeout):
                client.upload(bytes(8 * MIB), BUCKET, "file")


def test_a_slow_link_does_not_time_out():
    """A whole body may take longer than the timeout, if bytes keep arriving."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    listener.bind(("127.0.0.1", 0))
    listener.listen()

    def serve():
        connection, _ = listener.accept()
        with connection:
            left = 8 * MIB
            while left > 0:
                left -= len(connection.recv(64 * 1024))
                time.sleep(0.015)
            connection.sendall(http(SUCCESS))

    threading.Thread(target=serve, daemon=True).start()
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    started = time.monotonic()
    with listener, connect(endpoint, retry=cosfast.NO_RETRY, timeout=1) as client:
        client.upload(bytes(8 * MIB), BUCKET, "file", overwrite=True)
    assert time.monotonic() - started > 1.5


def test_a_rate_limit_does_not_time_out(emulator, client):
    """Waits of the client do not count as those of the server."""
    client.upload(content(SMALL), BUCKET, "file")
    with connect(emulator.endpoint, retry=cosfast.NO_RETRY, timeout=0.5) as other:
        other.download(BUCKET, "file", io.BytesIO(), max_rate=SMALL // 2)
