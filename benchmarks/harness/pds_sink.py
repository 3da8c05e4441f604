"""A PDS server that takes parts and keeps nothing of them but their numbers.

A part is read in pieces into one buffer of its connection. `complete` answers the hash that
`create` was given, if all parts have arrived whole. Run as a program: it prints its address, and
serves until it is ended. `/watch` tells what it saw.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import Any

READ_SIZE = 1024 * 1024
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD = (
    b'HTTP/1.1 %d OK\r\nETag: "sink"\r\nContent-Type: application/json\r\n'
    b"Content-Length: %d\r\n\r\n"
)


@dataclass
class Upload:
    """What is known of one upload; parts by their number, with their bytes."""

    file_id: str
    asked: dict[str, Any]
    parts: dict[int, int] = field(default_factory=dict)
    first_part_at: float | None = None  # since it was created or listed

    def file(self) -> dict[str, Any]:
        """Return it as a file."""
        return {
            "file_id": self.file_id,
            "name": self.asked["name"],
            "type": "file",
            "size": self.asked["size"],
            "content_hash": self.asked["content_hash"],
            "content_hash_name": self.asked["content_hash_name"],
            "status": "available",
        }


class Sink:
    """Answers requests; threads share it."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._lock = Lock()
        self._uploads: dict[str, Upload] = {}

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the answer to a call of the API."""
        operation = path.rpartition("/")[2]
        with self._lock:
            if operation == "watch":
                return 200, self._watch()
            asked = json.loads(body)
            if operation == "create":
                upload = self._uploads[f"{len(self._uploads)}"] = Upload(
                    f"{len(self._uploads)}", asked
                )
            else:
                upload = self._uploads[asked["file_id"]]
            return self._answer(operation, upload, asked)

    def _answer(
        self, operation: str, upload: Upload, asked: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if operation == "list_uploaded_parts":
            return 200, self._list(upload, asked)
        if operation == "complete":
            if sum(upload.parts.values()) != upload.asked["size"]:
                return 400, {"code": "InvalidPart", "message": "parts are missing"}
            return 200, upload.file()
        if operation == "get":
            return 200, upload.file()
        urls = [
            {
                "part_number": part["part_number"],
                "upload_url": f"{self._endpoint}/{upload.file_id}/{part['part_number']}?sign=x",
            }
            for part in asked["part_info_list"]
        ]
        names = {"file_id": upload.file_id, "upload_id": upload.file_id}
        return 200, {**names, "rapid_upload": False, "part_info_list": urls}

    def _list(self, upload: Upload, asked: dict[str, Any]) -> dict[str, Any]:
        upload.first_part_at = None
        behind = sorted(n for n in upload.parts if n > int(asked.get("part_number_marker", 0)))
        page = behind[: asked["limit"]]
        return {
            "parallel_upload": True,
            "uploaded_parts": [
                {"part_number": n, "part_size": upload.parts[n], "etag": '"sink"'} for n in page
            ],
            "next_part_number_marker": page[-1] if len(behind) > len(page) else "",
        }

    def part_begins(self, path: str, at: float) -> None:
        """Note when the first byte of a part came."""
        with self._lock:
            upload = self._uploads[path.split("/")[1]]
            upload.first_part_at = upload.first_part_at or at

    def part_came(self, path: str, length: int) -> None:
        """Note a part that is whole."""
        _, file_id, number = path.split("/")
        with self._lock:
            self._uploads[file_id].parts[int(number)] = length

    def _watch(self) -> dict[str, Any]:
        newest = list(self._uploads.values())[-1] if self._uploads else None
        return {
            "data": {
                "wasted_bytes": 0,
                "held": len(newest.parts) if newest else 0,
                "first_slice_at": newest.first_part_at if newest else None,
            }
        }


def serve(client: socket.socket, sink: Sink) -> None:
    """Answer one client until it is gone."""
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    buffer = memoryview(bytearray(READ_SIZE))
    with client:
        try:
            while _serve_one(client, sink, buffer):
                pass
        except ConnectionError:
            pass


def _serve_one(client: socket.socket, sink: Sink, buffer: memoryview) -> bool:
    data = b""
    while b"\r\n\r\n" not in data:
        came = client.recv(16384)
        if not came:
            return False
        data += came
    head, _, body = data.partition(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
    path, found = target.partition("?")[0], CONTENT_LENGTH.search(head)
    length = int(found[1]) if found else 0
    if method != "PUT":
        while len(body) < length:
            body += client.recv(length - len(body))
        status, answer = sink.answer(path, body)
        content = json.dumps(answer).encode()
        client.sendall(HEAD % (status, len(content)) + content)
        return True
    left = length - len(body)
    if left and not body:
        count = client.recv_into(buffer[: min(left, READ_SIZE)])
        left -= count
    sink.part_begins(path, time.monotonic())
    while left:
        count = client.recv_into(buffer[: min(left, READ_SIZE)])
        if not count:
            return False
        left -= count
    sink.part_came(path, length)
    client.sendall(HEAD % (200, 0))
    return True


def main() -> None:
    """Serve."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
        sink = Sink(endpoint)
        sys.stdout.write(f"listening on {endpoint}\n")
        sys.stdout.flush()
        while True:
            client, _ = listener.accept()
            Thread(target=serve, args=(client, sink), daemon=True).start()


if __name__ == "__main__":
    main()
