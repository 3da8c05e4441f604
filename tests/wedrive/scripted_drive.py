"""A small WeDrive in memory that answers as it is told to: for what a real server rarely does."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from cosfast.wedrive import Client

CORPID, SECRET = "ww-corp-for-tests", "secret-of-the-app-that-must-not-show"
LOST = object()
"""In the place of an answer: the connection closes, nothing is done."""
DONE_BUT_LOST = object()
"""The work is done, the answer never comes."""


@dataclass
class Drive:
    """What the server has, and what it answers next.

    Attributes:
        script: For each operation, answers that it gives first: a dict, bytes, `LOST`, or
            `DONE_BUT_LOST`.
        calls: Operation and JSON of each call.
    """

    endpoint: str = ""
    tokens: set[str] = field(default_factory=set)
    files: dict[str, dict] = field(default_factory=dict)
    keys: dict[str, dict] = field(default_factory=dict)
    script: dict[str, list] = field(default_factory=lambda: defaultdict(list))
    calls: list[tuple[str, dict]] = field(default_factory=list)
    expires_in: int = 7200
    minted: list[str] = field(default_factory=list)
    lock: threading.RLock = field(default_factory=threading.RLock)

    def operations(self):
        return [name for name, _ in self.calls]

    def mint(self, kind):
        self.minted.append(f"{kind}-{len(self.minted)}-" + "x" * 50)
        return self.minted[-1]

    def answer(self, path, query, body, cookie, content_range):
        with self.lock:
            if path.startswith("/files/"):
                return self.serve(path, cookie, content_range)
            operation = path.removeprefix("/cgi-bin/")
            asked = json.loads(body) if body else query
            self.calls.append((operation, asked))
            scripted = self.script[operation].pop(0) if self.script[operation] else None
            if scripted is LOST:
                return None
            if isinstance(scripted, (dict, bytes)):
                return scripted
            if operation != "gettoken" and query.get("access_token") not in self.tokens:
                return {"errcode": 40014, "errmsg": "invalid access_token"}
            done = getattr(self, operation.rpartition("/")[2])(asked, operation)
            return None if scripted is DONE_BUT_LOST else {"errcode": 0, "errmsg": "ok", **done}

    def gettoken(self, asked, operation):
        if (asked["corpid"], asked["corpsecret"]) != (CORPID, SECRET):
            return {"errcode": 40001, "errmsg": f"bad secret {asked['corpsecret']}"}
        token = self.mint("token")
        self.tokens.add(token)
        return {"access_token": token, "expires_in": self.expires_in}

    def file_upload_init(self, asked, operation):
        sha1 = asked["block_sha"][-1]
        for known in list(self.files.values()):
            if known["sha"] == sha1 and known["file_size"] == asked["size"]:
                made = self.make(asked, known["content"])
                return {"hit_exist": True, **self.place(operation, made)}
        key = self.mint("key")
        self.keys[key] = {**asked, "parts": {}}
        return {"hit_exist": False, "upload_key": key}

    def file_upload_part(self, asked, operation):
        if asked["upload_key"] not in self.keys:
            return {"errcode": 640027, "errmsg": f"unknown upload_key {asked['upload_key']}"}
        content = base64.b64decode(asked["file_base64_content"], validate=True)
        self.keys[asked["upload_key"]]["parts"][asked["index"]] = content
        return {}

    def file_upload_finish(self, asked, operation):
        upload = self.keys.get(asked["upload_key"])
        if upload is None or len(upload["parts"]) < len(upload["block_sha"]):
            return {"errcode": 640027, "errmsg": f"cannot finish {asked['upload_key']}"}
        del self.keys[asked["upload_key"]]
        content = b"".join(upload["parts"][index] for index in sorted(upload["parts"]))
        return self.place(operation, self.make(upload, content))

    def file_upload(self, asked, operation):
        content = base64.b64decode(asked["file_base64_content"], validate=True)
        return {"fileid": self.make(asked, content)}

    def make(self, asked, content, file_type=2):
        fileid = f"s.1_{'d' if file_type == 1 else 'f'}.{len(self.files)}"
        self.files[fileid] = {
            "fileid": fileid,
            "file_name": asked["file_name"],
            "spaceid": asked.get("spaceid", ""),
            "fatherid": asked.get("fatherid", ""),
            "file_size": len(content),
            "ctime": 1_700_000_000 + len(self.files),
            "mtime": 1_700_000_000,
            "file_type": file_type,
            "file_status": 1,
            "sha": hashlib.sha1(content).hexdigest() if file_type != 1 else "",
            "content": content,
        }
        return fileid

    def place(self, operation, fileid):
        return {"file_url" if operation.startswith("wedoc") else "fileid": fileid}

    def shown(self, fileid):
        return {name: value for name, value in self.files[fileid].items() if name != "content"}

    def file_list(self, asked, operation):
        found = [
            self.shown(fileid)
            for fileid, file in self.files.items()
            if file["fatherid"] == asked["fatherid"]
        ]
        page = found[asked["start"] : asked["start"] + asked["limit"]]
        end = asked["start"] + len(page)
        return {"has_more": end < len(found), "next_start": end, "file_list": {"item": page}}

    def file_info(self, asked, operation):
        if asked["fileid"] not in self.files:
            return {"errcode": 640002, "errmsg": "no such file"}
        return {"file_info": self.shown(asked["fileid"])}

    def space_create(self, asked, operation):
        return {"spaceid": "s.9"}

    def file_create(self, asked, operation):
        return {"fileid": self.make(asked, b"", asked["file_type"])}

    def file_delete(self, asked, operation):
        for fileid in asked["fileid"]:
            if self.files.pop(fileid, None) is None:
                return {"errcode": 640003, "errmsg": "deleted"}
        return {}

    def file_download(self, asked, operation):
        return {
            "download_url": f"{self.endpoint}/files/{asked['fileid']}?sign={self.mint('sign')}",
            "cookie_name": "auth",
            "cookie_value": self.mint("cookie"),
        }

    def serve(self, path, cookie, content_range):
        scripted = self.script["download"].pop(0) if self.script["download"] else None
        if scripted is not None or not cookie or cookie.partition("=")[2] not in self.minted:
            return 403, b"<html>forbidden</html>", {}
        content = self.files[path.removeprefix("/files/")]["content"]
        start, _, end = content_range.removeprefix("bytes=").partition("-")
        piece = content[int(start) : int(end) + 1]
        where = f"bytes {start}-{int(start) + len(piece) - 1}/{len(content)}"
        return 206, piece, {"Content-Range": where}


@contextmanager
def scripted_drive():
    """Yield a running `Drive`."""
    drive = Drive()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            self.do_POST()

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            answer = drive.answer(
                parts.path, query, body, self.headers.get("Cookie"), self.headers.get("Range")
            )
            if answer is None:
                self.close_connection = True
                return
            status, content, headers = 200, answer, {}
            if isinstance(answer, tuple):
                status, content, headers = answer
            elif isinstance(answer, dict):
                content = json.dumps(answer).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        drive.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield drive
        finally:
            server.shutdown()
            thread.join()


def connect(drive, token=None, **options):
    from emulated import QUICK

    from cosfast.wedrive import CorpToken

    token = CorpToken(CORPID, SECRET) if token is None else token
    return Client(token, endpoint=drive.endpoint, **{"retry": QUICK, "journal": None, **options})
