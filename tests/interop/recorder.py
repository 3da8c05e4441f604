"""A plain recorder: a proxy before a server that keeps each request as it came."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

TIME_LIMIT = 60.0  # seconds for a server or a client that says nothing
_OF_ONE_CONNECTION = {"connection", "expect", "proxy-connection", "transfer-encoding"}


@dataclass(frozen=True)
class RawRequest:
    """A request as it came, and the code of the answer (0: success)."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    code: int

    def header(self, name: str) -> str:
        return {name.lower(): value for name, value in self.headers}.get(name.lower(), "")


class RecordingProxy:
    """Listens on loopback and hands everything on to `endpoint`, whose links it leads to itself."""

    def __init__(self, endpoint: str) -> None:
        self._behind = urlsplit(endpoint).netloc
        self._taken: list[RawRequest] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self._address = f"127.0.0.1:{self._server.server_port}"
        self.endpoint = f"http://{self._address}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> RecordingProxy:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def take(self) -> list[RawRequest]:
        """Return the requests that have come since this was asked before, in their order."""
        taken, self._taken = self._taken, []
        return taken

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = TIME_LIMIT

            def relay(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                target = self.requestline.split(" ")[1]
                headers = tuple(self.headers.items())
                status, answered, content = proxy._ask(self.command, target, headers, body)
                code = _code(content) if _is_json(answered) else 0
                proxy._taken.append(RawRequest(self.command, target, headers, body, code))
                self.send_response_only(status)
                for name, value in answered:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = relay  # noqa: N815 - http.server's names

        return Handler

    def _ask(self, method: str, target: str, headers: Any, body: bytes) -> Any:
        connection = HTTPConnection(self._behind, timeout=TIME_LIMIT)
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                if name.lower() not in _OF_ONE_CONNECTION:
                    connection.putheader(name, value)
            connection.endheaders(body)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        unfit = {*_OF_ONE_CONNECTION, "content-length"}
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in unfit]
        if _is_json(kept):
            content = content.replace(self._behind.encode(), self._address.encode())
        return response.status, kept, content


def _is_json(headers: Any) -> bool:
    return any(name.lower() == "content-type" and "json" in value for name, value in headers)


def _code(content: bytes) -> int:
    return int(json.loads(content)["code"])
