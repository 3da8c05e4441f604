"""A made-up upload service, client and server, to show that the engine knows no service."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cosfast.errors import IntegrityError, RequestError
from cosfast.parts.sources import open_source
from cosfast.transfer.content import UploadContent
from cosfast.transfer.context import TransferContext
from cosfast.transfer.http import HttpClient
from cosfast.transfer.journal import NO_JOURNAL
from cosfast.transfer.request import HttpRequest, MemoryBody
from cosfast.transfer.upload import (
    Completed,
    Part,
    PartSession,
    PartUpload,
    StreamedPart,
    upload_in_parts,
)

PART_SIZE = 65536


# The client: what a service has to say of itself.


class ToyError(RequestError):
    """What the service refuses."""


class ToyIntegrityError(ToyError, IntegrityError):
    """What arrived is not what was announced."""


class Bytes(MemoryBody):
    content_type = "application/octet-stream"

    def __init__(self, data):
        self._data = data

    def __len__(self):
        return len(self._data)

    def __iter__(self):
        return iter((self._data,))


@dataclass(frozen=True)
class ToyRequest:
    operation: str
    target: str
    content: object = b""
    answer_limit: int = 65536

    def read_response(self, response):
        if response.status == 422:
            raise ToyIntegrityError("422", operation=self.operation, http_status=422)
        if response.status != 200:
            raise ToyError(
                str(response.status),
                operation=self.operation,
                target=self.target,
                http_status=response.status,
            )
        return json.loads(response.content)


class ToyService:
    def __init__(self, endpoint):
        self._endpoint = endpoint

    def encode(self, request):
        url = f"{self._endpoint}/{request.operation}/{request.target}"
        content = request.content
        body = content if isinstance(content, StreamedPart) else Bytes(content)
        return HttpRequest("POST", url, body=body)

    def is_retryable(self, error, tried):
        return not isinstance(error, ToyError) or error.http_status >= 500


class ToyUpload(PartUpload):
    def __init__(self, context, content, name, *, streamed=False):
        self._context, self._content, self._name = context, content, name
        self._streamed = streamed

    def open(self):
        asked = json.dumps({"size": self._content.size, "sha1": self._content.digest}).encode()
        told = self._context.call(ToyRequest("open", self._name, asked))
        if told.get("done"):
            return Completed(told)
        size, have = self._content.size, set(told["have"])
        parts = [
            Part(n, at, min(PART_SIZE, size - at)) for n, at in enumerate(range(0, size, PART_SIZE))
        ]
        held = sum(part.length for part in parts if part.number in have)
        missing = [part for part in parts if part.number not in have]
        return PartSession(told["id"], PART_SIZE, missing, held, streamed=self._streamed)

    def send_part(self, session, part, data):
        self._context.call(ToyRequest("part", f"{session.token}/{part.number}", data))

    def finish(self, session):
        made = self._context.call(ToyRequest("finish", session.token))
        return {**made, "hashed": self._content.digest}

    def forget(self):
        pass

    def is_session_lost(self, error):
        return getattr(error, "http_status", None) == 404

    def wants_order(self, session, error):
        return getattr(error, "http_status", None) == 409


def upload(endpoint, data, *, retry, max_workers=4, parts=None, streamed=False, **limits):
    """Upload `data`; return the engine's outcome."""
    http = HttpClient(endpoint, session=None, timeout=(10.0, 30.0))
    client = TransferContext(http, ToyService(endpoint), retry, NO_JOURNAL)
    try:
        with open_source(data) as source, client.transfer(**limits) as context:
            content = UploadContent(source, parts)
            if parts is None:
                content.hash_on_the_way()
            toy = ToyUpload(context, content, "file", streamed=streamed)
            return upload_in_parts(context, content, toy, max_workers=max_workers)
    finally:
        http.close()


# The server.


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """Print nothing: clients that are cancelled close their connections."""


@dataclass
class ToyServer:
    """What the server has, and what it does wrong on purpose."""

    endpoint: str = ""
    parts: dict[int, bytes] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    failures: list[int] = field(default_factory=list)  # statuses of the next parts
    in_order: bool = False
    session: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, path, body):
        """Return status and answer to a request."""
        with self.lock:
            self.requests.append(path)
            operation, *rest = path.strip("/").split("/")
            if operation == "open":
                asked = json.loads(body)
                if asked["sha1"] in self.files:
                    return 200, {"done": True}
                self.session += 1
                return 200, {"id": str(self.session), "have": sorted(self.parts)}
            if operation == "part":
                number = int(rest[1])
                if self.failures:
                    return self.failures.pop(0), {}
                if self.in_order and number != len(self.parts):
                    return 409, {}
                self.parts[number] = body
                return 200, {}
            data = b"".join(self.parts[number] for number in sorted(self.parts))
            self.files[hashlib.sha1(data).hexdigest()] = data
            self.parts.clear()
            return 200, {"sha1": hashlib.sha1(data).hexdigest()}


@contextmanager
def toy_server():
    """Yield a running server."""
    state = ToyServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            status, told = state.answer(self.path, body)
            content = json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with _Server(("127.0.0.1", 0), Handler) as server:
        state.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
