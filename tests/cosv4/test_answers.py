"""Answers that are lost, late, large, slow or compressed: nothing false is said, nothing hangs."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import pickle
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
import requests
from emulated import BUCKET, connect
from scripted import SUCCESS, UPLOADED, header_of, http, read_request, scripted
from worked_values import content

import cosfast
from cosfast.emulator import faults

MIB = 1024 * 1024
SMALL = 1 * MIB
SLICED = 9 * MIB


# Answers that tell nothing about what the server did

LOST = {
    "html after": faults.NotJson(done=True),
    "html instead": faults.NotJson(),
    "truncated after": faults.TruncatedJson(),
    "truncated instead": faults.TruncatedJson(done=False),
    "empty after": faults.EmptyAnswer(),
    "empty instead": faults.EmptyAnswer(done=False),
    "reset after": faults.LostAnswer(),
}


@pytest.fixture(params=LOST.values(), ids=LOST.keys())
def lost(request):
    return request.param


@pytest.mark.parametrize("size", [0, SMALL])
def test_a_small_upload_survives_it(emulator, client, lost, size):
    data = content(size)
    emulator.faults.add("upload", lost, times=2)
    result = client.upload(data, BUCKET, "file")
    emulator.faults.check_all_fired()
    assert result.sha1 == client.stat(BUCKET, "file").sha == hashlib.sha1(data).hexdigest()


@pytest.mark.parametrize(
    "options",
    [
        {"integrity": integrity, "overwrite": overwrite}
        for integrity in ("parts", "stream", "none")
        for overwrite in (False, True)
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "operation", ["upload_slice_init", "upload_slice_data", "upload_slice_finish"]
)
def test_an_upload_in_slices_survives_it(emulator, client, lost, operation, options):
    data = content(SLICED)
    emulator.faults.add(operation, lost, times=3)
    client.upload(data, BUCKET, "file", **options)
    emulator.faults.check_all_fired()
    assert client.stat(BUCKET, "file").sha == hashlib.sha1(data).hexdigest()


def test_an_instant_upload_survives_it(emulator, client, lost):
    data = content(SLICED)
    client.upload(data, BUCKET, "first")
    emulator.faults.add("upload_slice_init", lost, times=2)
    assert client.upload(data, BUCKET, "second").instant
    emulator.faults.check_all_fired()


def test_other_content_that_was_there_is_not_taken_for_ours(emulator, client, lost):
    for size in (SMALL, SLICED):
        client.upload(bytes(size), BUCKET, "file", overwrite=True)
        for operation in ("upload", "upload_slice_init"):
            emulator.faults.add(operation, lost)
        with pytest.raises(cosfast.ExistsError):
            client.upload(content(size), BUCKET, "file")
        emulator.faults.clear()


def test_a_resumed_upload_survives_it(emulator, client, lost):
    data = content(SLICED)
    parts = cosfast.uploadparts(data)
    client.slice_init(BUCKET, "file", filesize=SLICED, parts=parts)
    emulator.faults.add("upload_slice_list", lost, times=3)
    client.upload(data, BUCKET, "file")
    emulator.faults.check_all_fired()
    assert client.stat(BUCKET, "file").sha == parts.sha1


def test_an_unfinished_upload_is_replaced_in_spite_of_it(emulator, client, lost):
    data = content(SLICED)
    client.slice_init(BUCKET, "file", filesize=20 * MIB)
    for operation in ("upload_slice_init", "upload_slice_list", "delete"):
        emulator.faults.add(operation, lost, times=2)
    client.upload(data, BUCKET, "file", overwrite=True, integrity="none")
    assert client.stat(BUCKET, "file").sha == hashlib.sha1(data).hexdigest()


def test_folders_survive_it(emulator, client, lost):
    emulator.faults.add("create", lost, times=2)
    client.create_folder(BUCKET, "a", biz_attr="mine")
    emulator.faults.check_all_fired()
    emulator.faults.add("create", lost, times=2)
    client.create_folder(BUCKET, "b/c/d", parents=True)
    emulator.faults.check_all_fired()
    assert client.exists(BUCKET, "b/c/d/")
    emulator.faults.add("create", lost)
    with pytest.raises(cosfast.ExistsError):
        client.create_folder(BUCKET, "a", biz_attr="another")
    emulator.faults.add("delete", lost, times=2)
    client.delete(BUCKET, "a/")
    emulator.faults.check_all_fired()
    assert not client.exists(BUCKET, "a/")
    emulator.faults.add("delete", lost)
    client.delete(BUCKET, "b", recursive=True)
    assert not client.exists(BUCKET, "b/")


def test_files_survive_it(emulator, client, lost):
    client.upload(b"data", BUCKET, "file", biz_attr="old")
    for operation in ("stat", "list", "update", "copy", "move", "delete", "download"):
        emulator.faults.add(operation, lost, times=2)
    client.update(BUCKET, "file", biz_attr="new")
    assert client.stat(BUCKET, "file").biz_attr == "new"
    client.copy(BUCKET, "file", "copied")
    client.move(BUCKET, "file", "moved")
    assert {entry.name for entry in client.list(BUCKET)} == {"copied", "moved"}
    assert client.read(BUCKET, "copied") == b"data"
    client.delete(BUCKET, "copied")
    emulator.faults.check_all_fired()
    assert [entry.name for entry in client.list(BUCKET)] == ["moved"]


def test_a_download_to_a_path_survives_it(emulator, client, lost, tmp_path):
    data = content(SLICED)
    client.upload(data, BUCKET, "file")
    emulator.faults.add("download", lost, times=3)
    client.download(BUCKET, "file", tmp_path / "file")
    emulator.faults.check_all_fired()
    assert (tmp_path / "file").read_bytes() == data


def test_what_is_lost_is_told_when_the_tries_are_used_up(emulator):
    emulator.faults.add("stat", faults.NotJson(), times=9)
    with connect(emulator.endpoint) as client, pytest.raises(cosfast.AnswerError) as caught:
        client.stat(BUCKET, "file")
    assert caught.value.lost
    assert caught.value.tried_before
    assert pickle.loads(pickle.dumps(caught.value)).lost
    assert len(emulator.faults.fired) == 4


# A deadline, a token, and a limit of the rate


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


def test_a_deadline_ends_the_wait_between_two_tries(emulator):
    emulator.faults.add("upload", faults.HttpStatus(503, retry_after=30), times=3)
    started = time.monotonic()
    with connect(emulator.endpoint) as client, pytest.raises(cosfast.DeadlineExceeded):
        client.upload(b"data", BUCKET, "file", deadline=0.3)
    assert time.monotonic() - started < 5


def test_a_rate_and_a_deadline_may_be_absurd(client):
    with pytest.raises(cosfast.DeadlineExceeded):
        client.upload(content(SMALL), BUCKET, "file", max_rate=1e-300, deadline=0.3)
    client.upload(b"data", BUCKET, "other", max_rate=1e300, deadline=1e300)


# Slow servers


@contextmanager
def dripping(head, drop=b" ", every=0.05):
    """A server that answers with `head` and then a byte now and then, to any number of clients."""
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
def test_a_deadline_is_heard_while_it_drips(head):
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


def test_a_slow_link_is_no_stalled_one():
    """All of a body may take longer than the timeout, if it moves."""
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


def test_a_rate_limit_is_no_stall(emulator, client):
    """Waits of our own are not the server's."""
    client.upload(content(SMALL), BUCKET, "file")
    with connect(emulator.endpoint, retry=cosfast.NO_RETRY, timeout=0.5) as other:
        other.download(BUCKET, "file", io.BytesIO(), max_rate=SMALL // 2)


# Large and compressed answers


def envelope(data):
    return json.dumps({"code": 0, "message": "", "request_id": "r", "data": data}).encode()


def test_a_page_of_a_thousand_large_entries_is_read():
    entry = {"ctime": 1, "mtime": 1, "biz_attr": "\u4f60" * 4000}
    infos = [{"name": f"{number:04}" + "\u597d" * 330, **entry} for number in range(1000)]
    body = envelope({"infos": infos, "listover": True, "context": ""})
    assert len(body) > 20 * MIB
    with scripted(http(body)) as (endpoint, _), connect(endpoint) as client:
        assert sum(1 for _ in client.list(BUCKET)) == 1000


def test_the_slices_of_a_large_upload_are_read():
    size = 64 << 30
    parts = [
        {"offset": str(offset), "datalen": "524288", "datasha": "0" * 40}
        for offset in range(0, size, 524288)
    ]
    data = {"session": "s", "slice_size": 524288, "filesize": size, "listparts": parts}
    with scripted(http(envelope(data))) as (endpoint, _), connect(endpoint) as client:
        assert len(client.slice_list(BUCKET, "file").parts) == len(parts)


def test_an_answer_beyond_all_bounds_is_named_as_such():
    body = envelope({"access_url": "x" * (5 * MIB)})
    with scripted(http(body)) as (endpoint, seen), connect(endpoint) as client:
        with pytest.raises(cosfast.AnswerError, match="larger than 4 MiB"):
            client.upload(b"data", BUCKET, "file")
        assert len(seen) == 1


@pytest.mark.parametrize("own_session", [False, True])
def test_nothing_compressed_is_asked_for(emulator, own_session):
    success = http(envelope(UPLOADED))
    session = requests.Session() if own_session else None
    with scripted(success) as (endpoint, seen), connect(endpoint, session=session) as client:
        client.upload(b"data", BUCKET, "file")
    assert header_of(seen[0], "Accept-Encoding") == "identity"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "GZIP"])
def test_a_compressed_answer_is_read_all_the_same(coding):
    body = envelope(UPLOADED)
    packed = zlib.compress(body) if coding == "deflate" else gzip.compress(body)
    answer = http(packed, "200 OK", f"Content-Encoding: {coding}")
    with scripted(answer) as (endpoint, _), connect(endpoint) as client:
        assert client.upload(b"data", BUCKET, "file").access_url == UPLOADED["access_url"]


@pytest.mark.parametrize(
    ("packed", "coding"), [(b"\x1f\x8bbroken", "gzip"), (b"\x00", "br")], ids=["broken", "unknown"]
)
def test_what_cannot_be_decompressed_is_a_lost_answer(packed, coding):
    answers = [http(packed, "200 OK", f"Content-Encoding: {coding}")] * 4
    with scripted(*answers) as (endpoint, seen), connect(endpoint) as client:
        with pytest.raises(cosfast.AnswerError, match="compress") as caught:
            client.upload(b"data", BUCKET, "file")
    assert caught.value.lost
    assert len(seen) == 4


BOMB = """
import resource, sys
import cosfast

client = cosfast.Client(
    cosfast.Credentials("1", "id", "key"), endpoint=sys.argv[1], retry=cosfast.NO_RETRY,
    journal=None,
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    client.upload(b"data", "bucket", "file")
except cosfast.AnswerError as exc:
    print(exc)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_compressed_bomb_is_not_unpacked():
    packed = gzip.compress(bytes(256 * MIB), 9)
    assert len(packed) < 1 * MIB
    answer = http(packed, "200 OK", "Content-Encoding: gzip")
    with scripted(answer) as (endpoint, _):
        words = [sys.executable, "-c", BOMB, endpoint]
        out = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    text, taken = out.splitlines()
    assert "larger than 4 MiB" in text
    assert int(taken) < 100


# Settings, and texts of a server in errors


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


def test_a_retry_that_is_none_is_refused_at_once():
    with pytest.raises(cosfast.InputError, match="retry"):
        connect("http://127.0.0.1:1", retry=3)


LONG = "long " * 200_000
CHATTY = {
    "request_id": {"code": -97, "message": "", "request_id": LONG},
    "request_id of another type": {"code": -97, "message": "", "request_id": [LONG]},
    "message": {"code": -97, "message": LONG, "request_id": ""},
    "code": f'{{"code": {"9" * 4000}}}'.encode(),
    "text": {"code": 0, "data": {"infos": [{"name": "/" + LONG}]}},
    "time": {"code": 0, "data": {"infos": [{"name": "a", "ctime": int("9" * 4000)}]}},
    "not JSON": b"<html>" + LONG.encode(),
}


@pytest.mark.parametrize("answer", CHATTY.values(), ids=CHATTY.keys())
def test_a_servers_text_in_an_error_is_bounded(answer):
    answer = http(answer, "200 OK", f"X-Note: {LONG[:60000]}")
    with scripted(answer) as (endpoint, _):
        with connect(endpoint, retry=cosfast.NO_RETRY) as client:
            with pytest.raises(cosfast.RequestError) as caught:
                list(client.list(BUCKET))
    attributes = [value for value in vars(caught.value).values() if isinstance(value, str)]
    assert all(len(text) < 2500 for text in [str(caught.value), repr(caught.value), *attributes])


@pytest.mark.parametrize(
    "head", ["HTTP/1.1 " + LONG[:60000], LONG[:60000], "HTTP/1.1 200 OK\r\n" + LONG[:60000]]
)
def test_a_malformed_head_in_an_error_is_bounded(head):
    with scripted(head.encode() + b"\r\n\r\n") as (endpoint, _):
        with connect(endpoint, retry=cosfast.NO_RETRY) as client:
            with pytest.raises(cosfast.RequestError) as caught:
                client.stat(BUCKET, "file")
    assert len(str(caught.value)) < 2500


def test_the_request_id_that_a_header_has_is_bounded():
    answer = http({"code": -97}, "200 OK", "x-cos-request-id: " + "a b" * 10_000)
    with scripted(answer) as (endpoint, _), connect(endpoint) as client:
        with pytest.raises(cosfast.AuthenticationError) as caught:
            client.upload(b"data", BUCKET, "file")
    assert len(str(caught.value)) < 2500
    assert caught.value.request_id.startswith("a b")


# What is between the two


@contextmanager
def tls_server(tmp_path):
    """A server over TLS that takes one request of up to 9 MiB and answers with `SUCCESS`."""
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


def test_a_file_comes_as_it_is_whatever_its_coding_is_said_to_be(emulator, client):
    """The bytes of a range are those that are stored; nothing decompresses them."""
    packed = gzip.compress(bytes(64 * MIB))
    client.upload(packed, BUCKET, "file")
    known = client.stat(BUCKET, "file")
    last = len(packed) - 1
    head = [f"Content-Range: bytes 0-{last}/{len(packed)}", "Content-Encoding: gzip"]
    with scripted(http(packed, "206 Partial Content", *head)) as (endpoint, seen):
        served = type(known)(**{**vars(known), "access_url": f"{endpoint}/file"})
        target = io.BytesIO()
        client.download(BUCKET, "file", target, known=served)
    assert target.getvalue() == packed
    assert header_of(seen[0], "Accept-Encoding") == "identity"


@pytest.fixture
def hasty_threads():
    """Let threads take turns so often that what two of them should not do at once shows."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_share_connections(emulator):
    """Nothing of a request is left when its connection goes to another thread."""
    with (
        connect(emulator.endpoint, retry=cosfast.NO_RETRY) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        asked = pool.map(lambda _: client.exists(BUCKET, "nothing"), range(1500))
        assert set(asked) == {False}
