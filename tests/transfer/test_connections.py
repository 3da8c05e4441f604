"""Connections: timeouts and retry settings, TLS and proxies, sharing between threads."""

from __future__ import annotations

import pickle
import socket
import ssl
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from emulated import BUCKET, connect
from scripted import SUCCESS, UPLOADED, http, read_request

import cosfast

MIB = 1024 * 1024


@pytest.mark.parametrize("timeout", [5, 0.5, (5, 7), (0.5, 60.0), 1e9])
def test_a_timeout_is_a_number_or_two(emulator, timeout):
    with connect(emulator.endpoint, timeout=timeout) as client:
        assert not client.exists(BUCKET, "file")
        pickle.loads(pickle.dumps(client)).close()


@pytest.mark.parametrize(
    "timeout",
    [0, -1, True, None, "5", (5,), (5, 0), (5, None), (1, 2, 3), [1, 2], float("nan"), 1j, {}],
    ids=repr,
)
def test_anything_else_is_refused_at_once(timeout):
    with pytest.raises(cosfast.InputError, match="timeout"):
        connect("http://127.0.0.1:1", timeout=timeout)


def test_an_invalid_retry_is_refused_at_once():
    with pytest.raises(cosfast.InputError, match="retry"):
        connect("http://127.0.0.1:1", retry=3)


@contextmanager
def tls_server(tmp_path):
    """A TLS server that answers one request of up to 9 MiB with `SUCCESS`."""
    trustme = pytest.importorskip("trustme")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        connection, _ = listener.accept()
        with suppress(OSError), context.wrap_socket(connection, server_side=True) as secure:
            read_request(secure)
            secure.sendall(http(SUCCESS))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listener:
        yield listener.getsockname()[1]
    thread.join(10)


@contextmanager
def proxy():
    """A proxy that tunnels one connection."""
    listener = socket.create_server(("127.0.0.1", 0))

    def copy(source, target):
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
            target.shutdown(socket.SHUT_WR)

    def serve():
        client, _ = listener.accept()
        place = client.recv(65536).split()[1].decode()
        with client, socket.create_connection(place.split(":")) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            back = threading.Thread(target=copy, args=(server, client), daemon=True)
            back.start()
            copy(client, server)
            back.join(10)

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("max_rate", [None, 40 * MIB])
@pytest.mark.parametrize("tunnelled", [False, True])
def test_over_tls_and_through_a_proxy(tmp_path, monkeypatch, tunnelled, max_rate):
    with tls_server(tmp_path) as port, proxy() as proxied:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "ca.pem"))
        monkeypatch.setenv("HTTPS_PROXY" if tunnelled else "UNUSED", proxied)
        with connect(f"https://127.0.0.1:{port}", retry=cosfast.NO_RETRY, timeout=10) as client:
            result = client.upload(
                bytes(8 * MIB), BUCKET, "file", max_rate=max_rate, overwrite=True
            )
    assert result.access_url == UPLOADED["access_url"]


@pytest.fixture
def hasty_threads():
    """Switch between threads so often that race conditions show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_share_connections(emulator):
    """A connection has no data of a request left when another thread gets it."""
    with (
        connect(emulator.endpoint, retry=cosfast.NO_RETRY) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = pool.map(lambda _: client.exists(BUCKET, "nothing"), range(1500))
        assert set(asked) == {False}
