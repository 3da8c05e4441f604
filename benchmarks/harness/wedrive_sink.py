"""A server that takes WeDrive's uploads in blocks and keeps nothing of them but their count.

Run as a program: it prints its address, and serves until it is ended. A block is read in one or
two calls of the system, and only the first bytes of its JSON are looked at.
"""

from __future__ import annotations

import json
import re
import socket
import sys
from threading import Lock, Thread
from typing import Any

from harness.sink import Connection, Incoming, Sink

BLOCK = 2 * 1024 * 1024

_PART = re.compile(rb'\{"upload_key":"(\d+)","index":(\d+),"file_base64_content":"')


class WeDriveSink(Sink):
    """Answers requests; threads share it."""

    def __init__(self) -> None:
        super().__init__("", 0)
        self._blocks_lock = Lock()
        self._blocks: dict[int, set[int]] = {}  # the missing ones, by upload_key
        self._calls = 0

    def answer(self, request: Incoming) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the answer."""
        operation = request.path.rpartition("/")[2]
        if operation == "watch":
            return 200, {"calls": self._calls}
        with self._blocks_lock:
            self._calls += 1
            if operation == "file_upload_init":
                count = len(json.loads(bytes(request.body))["block_sha"])
                key = len(self._blocks)
                self._blocks[key] = set(range(1, count + 1))
                return 200, {"errcode": 0, "hit_exist": False, "upload_key": str(key)}
            if operation == "file_upload_part":
                head = _PART.match(bytes(request.body[:200]))
                if head is None or bytes(request.body[-2:]) != b'"}':
                    return 200, {"errcode": 640011, "errmsg": "bad JSON"}
                self._blocks[int(head[1])].discard(int(head[2]))
                return 200, {"errcode": 0}
            if operation == "file_upload_finish":
                missing = self._blocks[int(json.loads(bytes(request.body))["upload_key"])]
                code = 640027 if missing else 0
                return 200, {"errcode": code, "fileid": "s.1_f.1"}
        return 200, {"errcode": 640027, "errmsg": "no such operation"}

    def broken_off(self, request: Incoming) -> None:
        """Take no note of it."""


def main() -> None:
    """Serve."""
    sink = WeDriveSink()
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        sys.stdout.write(f"listening on http://127.0.0.1:{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            client, _ = listener.accept()
            Thread(target=Connection(client, sink, 0.0).serve, daemon=True).start()


if __name__ == "__main__":
    main()
