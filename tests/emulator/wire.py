"""A client of the API by its documentation, which shares no code with cosfast."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import time
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import requests

APPID = "1250000000"
SECRET_ID = "local-secret-id"
SECRET_KEY = "local-secret-key"
BUCKET = "bucket"
MIB = 1048576


def sign(
    fileid: str = "",
    *,
    once: bool = False,
    expires: int | None = None,
    key: str = SECRET_KEY,
    order: str = "aketrfb",
    **fields: str,
) -> str:
    """Build a signature; single-letter keywords replace fields of the signed text."""
    now = int(time.time())
    values = {
        "a": APPID,
        "k": SECRET_ID,
        "e": str(0 if once else now + 300 if expires is None else expires),
        "t": str(now),
        "r": str(time.perf_counter_ns()),
        "f": quote(fileid, safe="/"),
        "b": BUCKET,
        **fields,
    }
    plain = "&".join(f"{name}={values[name]}" for name in order).encode()
    mac = hmac.new(key.encode(), plain, hashlib.sha1).digest()
    return base64.b64encode(mac + plain).decode()


def fileid(path: str, bucket: str = BUCKET) -> str:
    return f"/{APPID}/{bucket}{path}"


class Reply(NamedTuple):
    status: int
    code: int
    data: dict[str, Any]
    message: str
    headers: dict[str, str]


def read_reply(response: requests.Response) -> Reply:
    envelope = response.json()
    assert envelope["request_id"] == response.headers["x-cos-request-id"]
    return Reply(
        response.status_code,
        envelope["code"],
        envelope["data"],
        envelope["message"],
        dict(response.headers),
    )


class Session(requests.Session):
    """A session in which every request has a timeout."""

    def request(self, *arguments: Any, **options: Any) -> requests.Response:
        return super().request(*arguments, **{"timeout": 30, **options})


class Api:
    """The operations on one bucket of a running server."""

    def __init__(self, endpoint: str, bucket: str = BUCKET) -> None:
        self.endpoint = endpoint
        self.bucket = bucket
        self.http = Session()
        self.http.trust_env = False

    def url(self, path: str) -> str:
        return f"{self.endpoint}/files/v2/{APPID}/{self.bucket}{quote(path)}"

    def form(self, path: str, signature: str | None = None, **fields: Any) -> Reply:
        """POST a multipart form without the fields that are None."""
        parts = [(name, (None, value)) for name, value in fields.items() if value is not None]
        headers = {"Authorization": sign(b=self.bucket) if signature is None else signature}
        return read_reply(self.http.post(self.url(path), files=parts, headers=headers))

    def json(self, path: str, signature: str | None = None, **fields: Any) -> Reply:
        headers = {"Authorization": sign(b=self.bucket) if signature is None else signature}
        return read_reply(self.http.post(self.url(path), json=fields, headers=headers))

    def get(self, path: str, signature: str | None = None, **query: Any) -> Reply:
        headers = {"Authorization": sign(b=self.bucket) if signature is None else signature}
        return read_reply(self.http.get(self.url(path), params=query, headers=headers))

    def stat(self, path: str) -> Reply:
        return self.get(path, op="stat")

    def create(self, path: str) -> Reply:
        return self.json(path, op="create", biz_attr="")

    def delete(self, path: str) -> Reply:
        once = sign(fileid(path, self.bucket), once=True, b=self.bucket)
        return self.json(path, once, op="delete")

    def upload(self, path: str, content: bytes, **fields: Any) -> Reply:
        return self.form(path, op="upload", filecontent=content, **fields)

    def init(self, path: str, content: bytes, **fields: Any) -> Reply:
        """Begin a slice upload, with sha and uploadparts if they are given."""
        fields = {"filesize": str(len(content)), "slice_size": str(MIB), **fields}
        return self.form(path, op="upload_slice_init", **fields)

    def data(self, path: str, session: str, offset: int, content: bytes, **fields: Any) -> Reply:
        return self.form(
            path,
            op="upload_slice_data",
            session=session,
            offset=str(offset),
            filecontent=content,
            **fields,
        )

    def list_slices(self, path: str) -> Reply:
        return self.form(path, op="upload_slice_list")

    def finish(self, path: str, session: str, content: bytes, **fields: Any) -> Reply:
        fields = {"filesize": str(len(content)), **fields}
        return self.form(path, op="upload_slice_finish", session=session, **fields)

    def download(self, path: str, **headers: str) -> requests.Response:
        host = f"{self.bucket}-{APPID}.file.myqcloud.com"
        return self.http.get(f"{self.endpoint}/{host}{quote(path)}", headers=headers)


def slices(content: bytes, size: int = MIB) -> list[tuple[int, bytes]]:
    return [(at, content[at : at + size]) for at in range(0, len(content), size)]


def with_parts(case: dict[str, Any]) -> dict[str, str]:
    """Return the fields `sha` and `uploadparts` of a worked example."""
    return {"sha": case["sha1"], "uploadparts": json.dumps(case["uploadparts"])}


# -- below HTTP


BOUNDARY = "9fd48fba-1ea2-4789-8e6e-64c40c243480"


def part(name: str, value: bytes, *headers: str) -> bytes:
    lines = [f'Content-Disposition: form-data; name="{name}"', *headers, "", ""]
    return f"--{BOUNDARY}\r\n".encode() + "\r\n".join(lines).encode() + value + b"\r\n"


def multipart(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def request(
    target: str, body: bytes, *headers: str, method: str = "POST", host: str = "h"
) -> bytes:
    """Build a request; the given headers replace the default ones."""
    own = {
        "host": f"Host: {host}",
        "authorization": f"Authorization: {sign()}",
        "content-type": f"Content-Type: multipart/form-data; boundary={BOUNDARY}",
        "content-length": f"Content-Length: {len(body)}",
    }
    given = {header.partition(":")[0].lower() for header in headers}
    lines = [
        f"{method} {target} HTTP/1.1",
        *(line for name, line in own.items() if name not in given),
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def target(path: str, bucket: str = BUCKET) -> str:
    return f"/files/v2/{APPID}/{bucket}{path}"


class Wire:
    """A socket to the server. Every read ends within ten seconds."""

    def __init__(self, endpoint: str) -> None:
        address = urlsplit(endpoint)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=10)
        self._received = b""

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def end_sending(self) -> None:
        self._socket.shutdown(socket.SHUT_WR)

    def read_head(self) -> tuple[int, dict[str, str]]:
        while b"\r\n\r\n" not in self._received:
            self._receive()
        head, _, self._received = self._received.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split()[1]), headers

    def read_reply(self) -> Reply:
        status, headers = self.read_head()
        length = int(headers["content-length"])
        while len(self._received) < length:
            self._receive()
        body, self._received = self._received[:length], self._received[length:]
        envelope = json.loads(body)
        return Reply(status, envelope["code"], envelope["data"], envelope["message"], headers)

    def is_closed_by_server(self) -> bool:
        """Wait until the server closes the connection; return False if it sends data instead."""
        return not self._received and self._socket.recv(1) == b""

    def _receive(self) -> None:
        data = self._socket.recv(65536)
        assert data, f"closed after {self._received!r}"
        self._received += data


def exchange(endpoint: str, data: bytes) -> Reply:
    """Send one request on a new connection and read the response."""
    with Wire(endpoint) as wire:
        wire.send(data)
        return wire.read_reply()
