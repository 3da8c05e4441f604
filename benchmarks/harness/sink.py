"""A server that receives uploads in slices and only counts them.

    sink.py [--delay SECONDS] [--sha1 HEX]

Responds like COS (PROTOCOL.md, section 4), as fast as Python can: it reads a slice with one or two
system calls and parses only the first bytes of the form. It checks that all slices arrive
completely, but not their content. Run as a program, it prints its URL and serves until it is
killed. `/watch` returns statistics.
"""

from __future__ import annotations

import argparse
import json
import re
import socket
import sys
import time
from dataclasses import dataclass, field
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

FORM_HEAD = 4096
"""Bytes at the start of a form that contain all fields before the content."""

FIRST_READ = 64 * 1024


@dataclass
class Upload:
    """The state of one upload."""

    session: str
    filesize: int
    slice_size: int
    sha: str
    held: set[int] = field(default_factory=set)
    finished: bool = False
    first_slice_at: float | None = None  # since its session was last opened or listed

    def missing(self) -> bool:
        """Whether a slice is missing."""
        return len(self.held) * self.slice_size < self.filesize

    def listed(self) -> list[dict[str, int]]:
        """Return the received slices."""
        return [
            {"offset": offset, "datalen": min(self.slice_size, self.filesize - offset)}
            for offset in sorted(self.held)
        ]


@dataclass(frozen=True)
class Incoming:
    """A complete or interrupted request."""

    path: str
    operation: str
    body: memoryview
    whole: bool
    began_at: float  # time.monotonic() when the first bytes of its body arrived
    query: dict[str, list[str]]

    def text(self, name: str) -> str:
        """Return a field of the form, or an empty string."""
        return field_of(self.body, name)

    def asked(self, name: str) -> str:
        """Return a field of the query, or an empty string."""
        return self.query.get(name, [""])[0]


class RefusedError(Exception):
    """A response other than success."""

    def __init__(self, code: int, status: int = 400) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


class Sink:
    """Responds to requests; thread-safe."""

    def __init__(self, sha1: str, entries: int) -> None:
        self._sha1 = sha1
        self._entries = entries
        self._lock = Lock()
        self._uploads: dict[str, Upload] = {}
        self._newest: Upload | None = None
        self._sessions = 0
        self._wasted = 0
        self._operations: dict[str, Callable[[Incoming], dict[str, Any]]] = {
            "upload_slice_init": self._init,
            "upload_slice_data": self._data,
            "upload_slice_list": self._list,
            "upload_slice_finish": self._finish,
            "stat": self._stat,
            "list": self._list_folder,
            "watch": self._watch,
        }

    def answer(self, request: Incoming) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the envelope."""
        with self._lock:
            try:
                data = self._operations[request.operation](request)
            except RefusedError as refusal:
                return refusal.status, {"code": refusal.code, "message": "ERROR"}
            except KeyError:
                return 400, {"code": -5980, "message": "ERROR"}
        return 200, {"code": 0, "message": "SUCCESS", "request_id": "sink", "data": data}

    def broken_off(self, request: Incoming) -> None:
        """Count the bytes of an interrupted slice, which must be sent again."""
        if request.operation == "upload_slice_data":
            with self._lock:
                self._wasted += len(request.body)

    def _init(self, request: Incoming) -> dict[str, Any]:
        found = self._uploads.get(request.path)
        if found is not None and not found.finished:
            raise RefusedError(-4019)
        self._sessions += 1
        self._newest = self._uploads[request.path] = Upload(
            str(self._sessions),
            int(request.text("filesize")),
            int(request.text("slice_size")),
            request.text("sha"),
        )
        return {"session": self._newest.session, "slice_size": self._newest.slice_size}

    def _data(self, request: Incoming) -> dict[str, Any]:
        upload = self._upload(request)
        offset = int(request.text("offset"))
        if upload.first_slice_at is None:
            upload.first_slice_at = request.began_at
        if offset in upload.held:
            self._wasted += len(request.body)
        upload.held.add(offset)
        return {"session": upload.session, "offset": offset}

    def _list(self, request: Incoming) -> dict[str, Any]:
        upload = self._uploads.get(request.path)
        if upload is None or upload.finished:
            raise RefusedError(-197, 404)
        upload.first_slice_at = None
        return {
            "session": upload.session,
            "slice_size": upload.slice_size,
            "filesize": upload.filesize,
            "sha": upload.sha,
            "listparts": upload.listed(),
        }

    def _finish(self, request: Incoming) -> dict[str, Any]:
        upload = self._upload(request)
        if upload.missing():
            raise RefusedError(-175)
        upload.finished = True
        return located(request.path)

    def _stat(self, request: Incoming) -> dict[str, Any]:
        upload = self._uploads.get(request.path)
        if upload is None or not upload.finished:
            raise RefusedError(-197, 404)
        size, sha = upload.filesize, upload.sha or self._sha1
        times = {"ctime": 0, "mtime": 0}
        return {"filesize": size, "filelen": size, "sha": sha, **times, **located(request.path)}

    def _list_folder(self, request: Incoming) -> dict[str, Any]:
        """Return a page of a made-up folder, the same for every path."""
        begin = int(request.asked("context") or 0)
        end = min(begin + int(request.asked("num")), self._entries)
        last = end == self._entries
        infos = [self._info(request.path, number) for number in range(begin, end)]
        return {"infos": infos, "context": "" if last else str(end), "listover": last}

    def _info(self, folder: str, number: int) -> dict[str, Any]:
        name = f"name-{number:09}"
        sizes = {"filesize": number, "filelen": number, "ctime": number, "mtime": number}
        return {"name": name, "sha": f"{number:040x}", **sizes, **located(folder + name)}

    def _watch(self, _request: Incoming) -> dict[str, Any]:
        newest = self._newest
        return {
            "wasted_bytes": self._wasted,
            "held": len(newest.held) if newest else 0,
            "first_slice_at": newest.first_slice_at if newest else None,
        }

    def _upload(self, request: Incoming) -> Upload:
        upload = self._uploads.get(request.path)
        if upload is None or upload.finished or upload.session != request.text("session"):
            raise RefusedError(-5983)
        return upload


class Connection:
    """Serves one connection with a reused buffer."""

    def __init__(self, client: socket.socket, sink: Sink, delay: float) -> None:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._client = client
        self._sink = sink
        self._delay = delay
        self._buffer = memoryview(bytearray(FIRST_READ))

    def serve(self) -> None:
        """Serve requests until the client closes the connection."""
        with self._client:
            try:
                while self._serve_one():
                    pass
            except ConnectionError:
                pass

    def _serve_one(self) -> bool:
        request = self._read()
        if request is None:
            return False
        if not request.whole:
            self._sink.broken_off(request)
            return False
        status, envelope = self._sink.answer(request)
        if self._delay and request.operation != "watch":
            time.sleep(self._delay)
        content = json.dumps(envelope).encode()
        self._client.sendall(HEAD % (status, len(content)) + content)
        return True

    def _read(self) -> Incoming | None:
        head, filled = self._read_head()
        if not head:
            return None
        start, length = len(head), CONTENT_LENGTH.search(head)
        total = start + (int(length[1]) if length else 0)
        if filled == start < total:  # the form arrives separately: note when its first bytes do
            filled += self._client.recv_into(self._buffer[start : min(total, FIRST_READ)])
        began_at = time.monotonic()
        self._make_room(total, filled)
        filled = self._fill(filled, total)
        url = urlsplit(head.split(b" ", 2)[1].decode())
        body = self._buffer[start:filled]
        query = parse_qs(url.query)
        operation = field_of(body, "op") or query.get("op", [url.path[1:]])[0]
        return Incoming(url.path, operation, body, filled == total, began_at, query)

    def _read_head(self) -> tuple[bytes, int]:
        """Return the head with its empty line, and the number of bytes read; empty at the end."""
        filled, end = 0, -1
        while end < 0:
            count = self._client.recv_into(self._buffer[filled:])
            if not count:
                return b"", filled
            filled += count
            end = bytes(self._buffer[:filled]).find(b"\r\n\r\n")
        return bytes(self._buffer[: end + 4]), filled

    def _fill(self, filled: int, total: int) -> int:
        while filled < total:
            view = self._buffer[filled:total]
            count = self._client.recv_into(view, total - filled, socket.MSG_WAITALL)
            if not count:
                break
            filled += count
        return filled

    def _make_room(self, total: int, filled: int) -> None:
        if total > len(self._buffer):
            larger = memoryview(bytearray(total))
            larger[:filled] = self._buffer[:filled]
            self._buffer = larger


CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"


def field_of(form: memoryview, name: str) -> str:
    """Return a text field in the first bytes of a multipart form, or an empty string."""
    head = bytes(form[:FORM_HEAD])
    _, found, rest = head.partition(b'name="%s"' % name.encode())
    if not found:
        return ""
    return rest.partition(b"\r\n\r\n")[2].partition(b"\r\n")[0].decode()


def located(path: str) -> dict[str, str]:
    """Return the URLs of a finished file."""
    return dict.fromkeys(("access_url", "url", "source_url"), f"http://sink{path}")


def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each response")
    parser.add_argument("--sha1", default="", help="SHA-1 of files uploaded without one")
    parser.add_argument("--entries", type=int, default=0, help="number of entries of each folder")
    options = parser.parse_args()
    sink = Sink(options.sha1, options.entries)
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            client, _ = listener.accept()
            Thread(target=Connection(client, sink, options.delay).serve, daemon=True).start()


if __name__ == "__main__":
    main()
