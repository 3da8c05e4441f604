"""A minimal server that writes the body of each request to a file and flushes it to disk.

Run as a program with the folder to write to. It does not parse or check anything: any server that
stores uploads has to do at least this.
"""

from __future__ import annotations

import json
import os
import re
import socket
import sys
import threading
from itertools import count
from pathlib import Path

BUFFER_BYTES = 4 * 1024 * 1024
_LENGTH = re.compile(rb"(?i)\r\ncontent-length: *([0-9]+)")
_DATA = {"session": "bare", "slice_size": 1048576, "access_url": "bare", "url": "bare"}
_BODY = json.dumps({"code": 0, "data": _DATA}).encode()
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(_BODY), _BODY)


def serve_connection(connection: socket.socket, folder: Path, numbers: count[int]) -> None:
    """Receive requests until the client closes the connection."""
    buffer = memoryview(bytearray(BUFFER_BYTES))
    with connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            body = receive(connection, buffer)
            if body is None:
                return
            descriptor = os.open(folder / str(next(numbers)), os.O_CREAT | os.O_WRONLY)
            os.write(descriptor, body)
            os.fsync(descriptor)
            os.close(descriptor)
            connection.sendall(_ANSWER)


def receive(connection: socket.socket, buffer: memoryview) -> memoryview | None:
    """Return the body of the next request, or None if there is none."""
    got, total = 0, None
    while total is None or got < total:
        received = connection.recv_into(buffer[got:])
        if not received:
            return None
        got += received
        if total is None:
            head, end, _ = bytes(buffer[: min(got, 8192)]).partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            if end and length:
                total = len(head) + len(end) + int(length[1])
                start = len(head) + len(end)
    return buffer[start:total]


def main() -> None:
    """Serve until killed."""
    folder, numbers = Path(sys.argv[1]), count()
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    port = listener.getsockname()[1]
    print(f"listening on http://127.0.0.1:{port}", flush=True)  # noqa: T201 - how it is found
    while True:
        connection, _ = listener.accept()
        threading.Thread(
            target=serve_connection, args=(connection, folder, numbers), daemon=True
        ).start()


if __name__ == "__main__":
    main()
