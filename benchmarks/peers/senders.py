"""Peers that send a file in slices: requests, used as in the official SDKs, and bare sockets."""

from __future__ import annotations

import os
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from harness.servers import BUCKET, CREDENTIALS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    import cosfast

    # sends the slice at an offset; one for each thread
    Send = Callable[[int], None]
    Connect = Callable[["Transfer"], AbstractContextManager[Send]]

SLICE = 1024 * 1024
OBJECT = "/file.bin"
TIMEOUT = 60.0  # seconds
_ANSWER_BYTES = 4096
_SUCCESS = re.compile(rb'"code": ?0\b')


class Transfer:
    """The upload of one file in one session."""

    def __init__(self, endpoint: str, descriptor: int) -> None:
        self.url = f"{endpoint}/files/v2/{CREDENTIALS.appid}/{BUCKET}{OBJECT}"
        self.descriptor = descriptor
        self.size = os.fstat(descriptor).st_size
        self.session = ""
        self._sha: dict[str, str] = {}

    def begin(self, parts: cosfast.UploadParts | None = None) -> None:
        """Open a session; with parts, the server checks each slice."""
        fields = {"filesize": str(self.size), "slice_size": str(SLICE)}
        if parts is not None:
            self._sha = {"sha": parts.sha1}
            fields.update(self._sha, uploadparts=parts.to_json())
        answer = self.call("upload_slice_init", **fields)
        self.session = answer["session"]

    def finish(self) -> str:
        """Finish the session; the server refuses if a slice is missing."""
        size = str(self.size)
        answer = self.call("upload_slice_finish", session=self.session, filesize=size, **self._sha)
        return str(answer["access_url"])

    def call(self, operation: str, **fields: str) -> dict[str, Any]:
        """Send a request other than that of a slice; return its data."""
        with requests.Session() as session:
            return post(session.post, self.url, {"op": operation, **fields})

    def slice_form(self, offset: int, content: bytes) -> dict[str, Any]:
        """Return the fields of a slice, the content last."""
        fields = {"op": "upload_slice_data", "session": self.session, "offset": str(offset)}
        return {**fields, "filecontent": content}


def post(send: Callable[..., requests.Response], url: str, fields: dict[str, Any]) -> Any:
    """Post a form as the official Python SDK does: signed each time, every field a file."""
    headers = {"Authorization": CREDENTIALS.sign_reusable(BUCKET, OBJECT)}
    answer = send(url, files=fields, headers=headers, timeout=TIMEOUT).json()
    assert answer["code"] == 0, answer
    return answer["data"]


def send_file(
    path: Path,
    endpoint: str,
    threads: int,
    connect: Connect,
    parts: cosfast.UploadParts | None = None,
) -> str:
    """Send a file with `threads` threads, each with its own sender; return its URL."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        transfer = Transfer(endpoint, descriptor)
        transfer.begin(parts)
        offsets = iter(range(0, transfer.size, SLICE))
        lock = Lock()

        def take_slices() -> None:
            with connect(transfer) as send:
                while True:
                    with lock:
                        offset = next(offsets, None)
                    if offset is None:
                        return
                    send(offset)

        with ThreadPoolExecutor(threads) as pool:
            for done in [pool.submit(take_slices) for _ in range(threads)]:
                done.result()
        return transfer.finish()
    finally:
        os.close(descriptor)


@contextmanager
def requests_post(transfer: Transfer) -> Iterator[Send]:
    """Send with `requests.post`, which opens a connection for each slice."""
    yield lambda offset: _send_form(transfer, requests.post, offset)


@contextmanager
def requests_session(transfer: Transfer) -> Iterator[Send]:
    """Send with a `requests.Session` for each thread, as the official Python SDK does."""
    with requests.Session() as session:
        yield lambda offset: _send_form(transfer, session.post, offset)


@contextmanager
def bare_socket(transfer: Transfer) -> Iterator[Send]:
    """Send the same bytes through one socket, without parsing or error handling."""
    address = urlsplit(transfer.url)
    buffer = memoryview(bytearray(SLICE))
    head, tail = _prepared(transfer)
    with socket.create_connection((str(address.hostname), address.port or 80)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def send(offset: int) -> None:
            count = os.preadv(transfer.descriptor, [buffer], offset)
            start = head(offset, count)
            connection.sendall(start)
            connection.sendall(buffer[:count])
            connection.sendall(tail)
            answer = connection.recv(_ANSWER_BYTES)
            assert _SUCCESS.search(answer), answer

        yield send


def _send_form(transfer: Transfer, send: Callable[..., Any], offset: int) -> None:
    content = os.pread(transfer.descriptor, SLICE, offset)  # a copy of its own, as the SDK's
    post(send, transfer.url, transfer.slice_form(offset, content))


def _prepared(transfer: Transfer) -> tuple[Callable[[int, int], bytes], bytes]:
    """Return a function that makes the bytes before a slice, and the bytes after it."""
    boundary = b"boundary-of-the-benchmarks"
    address = urlsplit(transfer.url)
    signature = CREDENTIALS.sign_reusable(BUCKET, OBJECT)
    request = (
        f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Authorization: {signature}\r\n"
        f"Content-Type: multipart/form-data; boundary={boundary.decode()}\r\n"
    ).encode()
    part = b'--%s\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    content_part = (
        b'--%s\r\nContent-Disposition: form-data; name="filecontent"; filename="filecontent"\r\n'
        b"Content-Type: application/octet-stream\r\n\r\n" % boundary
    )
    tail = b"\r\n--%s--\r\n" % boundary

    def head(offset: int, count: int) -> bytes:
        fields = {"op": "upload_slice_data", "session": transfer.session, "offset": str(offset)}
        form = b"".join(
            part % (boundary, name.encode(), value.encode()) for name, value in fields.items()
        )
        length = len(form) + len(content_part) + count + len(tail)
        return request + b"Content-Length: %d\r\n\r\n" % length + form + content_part

    return head, tail
