"""A server that gives written answers, for tests of what a client makes of them."""

from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager, suppress

UPLOADED = {"access_url": "http://a/x", "url": "http://u/x", "source_url": "", "resource_path": "/"}
SUCCESS = {"code": 0, "message": "SUCCESS", "request_id": "r", "data": UPLOADED}


def http(body, status="200 OK", *headers):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(data)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + data


def refusal(code, status="400 Bad Request", *headers):
    return http({"code": code, "message": "no", "request_id": "r"}, status, *headers)


@contextmanager
def scripted(*answers):
    """A server that gives these answers, one a connection, and keeps the requests."""
    listener = socket.create_server(("127.0.0.1", 0))
    requests_seen = []

    def serve():
        for answer in answers:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(10)
                requests_seen.append(read_request(connection))
                with suppress(OSError):  # the client may have read enough
                    connection.sendall(answer or b"")

    thread = threading.Thread(target=serve, name="scripted-emulator", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests_seen
    finally:
        listener.close()
        thread.join(10)


def read_request(connection):
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = (
        int(line.split(b":")[1])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length")
    )
    length = next(lengths, 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head.decode()


def header_of(request, name):
    return next(
        line.partition(": ")[2]
        for line in request.split("\r\n")
        if line.lower().startswith(name.lower() + ":")
    )
