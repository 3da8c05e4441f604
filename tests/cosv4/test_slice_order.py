"""Servers that want slices in order without saying so, and servers that want very small ones."""

from __future__ import annotations

import hashlib
import json
import re
import threading
import tracemalloc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from emulated import BUCKET, connect
from worked_values import content

import cosfast

MIB = 1024 * 1024
DATA = content(12 * MIB + 5)
SHA1 = hashlib.sha1(DATA).hexdigest()
URLS = dict.fromkeys(("access_url", "url", "source_url", "resource_path"), "http://127.0.0.1:1/")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):  # stat
        file = self.server.file
        sizes = {"filesize": len(file), "filelen": len(file), "ctime": 1, "mtime": 1}
        self.answer(0, {"name": "f", "sha": hashlib.sha1(file).hexdigest(), **sizes, **URLS})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fields = {name.decode(): value.decode() for name, value in _TEXT.findall(body)}
        self.answer(*getattr(self.server, fields["op"])(fields, body))

    def answer(self, code, data):
        body = json.dumps({"code": code, "message": "", "data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


_TEXT = re.compile(rb'form-data; name="(\w+)"\r\n\r\n([^\r]*)\r\n')


class InOrderServer(ThreadingHTTPServer):
    """Takes a slice only when all before it are there; never says so.

    Args:
        held: bytes that it has of an unfinished upload; None if there is none.
        refusal: the code for a slice that comes too early.
        said: the value of `serial_upload` in its answers; None if it is not there.
        slice_size: bytes in a slice.
        room: bytes, after which it refuses everything.
        sha: of the unfinished upload.
        patience: seconds that the first slice in order waits for one that comes too early.
    """

    daemon_threads = True

    def __init__(
        self,
        *,
        held,
        refusal=-5993,
        said=None,
        slice_size=MIB,
        room=None,
        sha=SHA1,
        patience=10,
    ):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.file = bytearray(DATA[: held or 0])
        self.calls = []
        self._unfinished = held is not None
        self._refusal, self._room, self._lock = refusal, room, threading.Lock()
        self._session = {"session": "s", "slice_size": slice_size}
        if said is not None:
            self._session["serial_upload"] = said
        self._sha = sha
        self._patience = patience
        self._has_refused = threading.Event()

    def upload_slice_init(self, _fields, _body):
        return (-4019, {}) if self._unfinished else (0, self._session)

    def upload_slice_list(self, _fields, _body):
        parts = [{"offset": 0, "datalen": len(self.file)}] if self.file else []
        known = {"filesize": len(DATA), "sha": self._sha, "listparts": parts}
        return 0, {**self._session, **known}

    def upload_slice_data(self, fields, body):
        offset = int(fields["offset"])
        if offset == len(self.file):
            self._has_refused.wait(self._patience)
        with self._lock:
            self.calls.append(offset)
            full = self._room is not None and offset >= self._room
            if full or offset != len(self.file):
                self._has_refused.set()
                return self._refusal, {}
            start = body.index(b"octet-stream\r\n\r\n") + len(b"octet-stream\r\n\r\n")
            self.file += body[start : body.rindex(b"\r\n--")]
        return 0, {"session": "s", "offset": offset}

    def upload_slice_finish(self, _fields, _body):
        return 0, URLS


@contextmanager
def serving(**options):
    with InOrderServer(**options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            with connect(f"http://127.0.0.1:{server.server_port}") as client:
                yield server, client
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("refusal", [-5993, -4024, -290, -4016, -284, -1])
def test_after_a_refusal_the_slices_go_in_order(refusal):
    progress = []
    with serving(held=3 * MIB, refusal=refusal) as (server, client):
        result = client.upload(DATA, BUCKET, "f", concurrency=4, progress=progress.append)
    assert server.file == DATA
    assert (result.resumed_bytes, result.sent_bytes) == (3 * MIB, len(DATA) - 3 * MIB)
    assert sum(progress) == len(DATA)
    assert len(server.calls) > 10


@pytest.mark.parametrize("concurrency", [2, 8])
def test_what_was_hashed_on_the_way_is_not_hashed_again(concurrency):
    with serving(held=0, sha="") as (server, client):
        result = client.upload(DATA, BUCKET, "f", integrity="stream", concurrency=concurrency)
    assert server.file == DATA
    assert result.sha1 == SHA1


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"held": 3 * MIB, "said": 0}, cosfast.ServerError),  # it takes them in any order
        ({"held": None}, cosfast.ServerError),  # a new session that says nothing: likewise
        ({"held": 3 * MIB, "refusal": -97}, cosfast.AuthenticationError),
        ({"held": 3 * MIB, "refusal": -197}, cosfast.NotFoundError),
    ],
)
def test_a_refusal_that_means_something_else_is_raised(options, error):
    with serving(**options) as (server, client):
        with pytest.raises(error):
            client.upload(DATA, BUCKET, "f", concurrency=4)
    assert len(server.file) < 8 * MIB


def test_a_refusal_in_order_is_the_end():
    with serving(held=3 * MIB, room=6 * MIB) as (server, client):
        with pytest.raises(cosfast.ServerError, match="-5993"):
            client.upload(DATA, BUCKET, "f", concurrency=4)
    assert len(server.file) == 6 * MIB


@pytest.mark.parametrize("said", [0, 1])
def test_very_small_slices_take_no_memory(said, tmp_path):
    """A million slices of 64 bytes: what has to be sent is not a list of them."""
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.truncate(64 * MIB)
    with serving(held=None, said=said, slice_size=64, room=640, patience=0) as (server, client):
        client.exists(BUCKET, "f")  # a connection is there
        tracemalloc.start()
        try:
            with pytest.raises(cosfast.ServerError, match="-5993"):
                client.upload(path, BUCKET, "f", integrity="none", concurrency=1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert server.calls == list(range(0, 704, 64))
    assert peak < 4 * MIB
