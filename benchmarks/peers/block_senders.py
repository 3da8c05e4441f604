"""Bare sockets that send WeDrive's blocks, whose bodies are encoded beforehand."""

from __future__ import annotations

import base64
import re
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from harness.wedrive_sink import BLOCK

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER_BYTES = 4096
_SUCCESS = re.compile(rb'"errcode": ?0\b')


def encoded_blocks(path: Path) -> list[bytes]:
    """Return the base64 text of each block of a file."""
    data = memoryview(path.read_bytes())
    return [base64.b64encode(data[at : at + BLOCK]) for at in range(0, len(data), BLOCK)]


def send_blocks(endpoint: str, blocks: list[bytes], connections: int) -> str:
    """Send them by as many sockets, between an init and a finish; return the fileid."""
    key = _post(endpoint, "file_upload_init", block_sha=[""] * len(blocks))["upload_key"]
    numbered = iter(enumerate(blocks, start=1))
    lock = Lock()
    address = urlsplit(endpoint)

    def take_blocks() -> None:
        with socket.create_connection((str(address.hostname), address.port or 80)) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                with lock:
                    index, text = next(numbered, (0, b""))
                if not index:
                    return
                fields = b'{"upload_key":"%s","index":%d,"file_base64_content":"'
                head = fields % (key.encode(), index)
                request = (
                    "POST /cgi-bin/wedrive/file_upload_part?access_token=t HTTP/1.1\r\n"
                    f"Host: {address.netloc}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(head) + len(text) + 2}\r\n\r\n"
                )
                connection.sendall(request.encode() + head)
                connection.sendall(text)
                connection.sendall(b'"}')
                answer = connection.recv(_ANSWER_BYTES)
                assert _SUCCESS.search(answer), answer

    with ThreadPoolExecutor(connections) as pool:
        for done in [pool.submit(take_blocks) for _ in range(connections)]:
            done.result()
    return str(_post(endpoint, "file_upload_finish", upload_key=key)["fileid"])


def _post(endpoint: str, operation: str, **fields: Any) -> Any:
    url = f"{endpoint}/cgi-bin/wedrive/{operation}"
    answer = requests.post(url, params={"access_token": "t"}, json=fields, timeout=60).json()
    assert answer["errcode"] == 0, answer
    return answer
