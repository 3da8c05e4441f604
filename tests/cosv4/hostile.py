"""A server whose answers are honest but for one place, and values to put there."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from emulated import BUCKET
from hypothesis import strategies as st

MIB = 1024 * 1024
CONTENT = b"hello"
LARGE = bytes(8 * MIB + 64)
SHA1_OF_LARGE = hashlib.sha1(LARGE).hexdigest()
_OP_IN_FORM = re.compile(rb'name="op"\r\n\r\n(\w+)|"op": "(\w+)"')
_OFFSET_IN_FORM = re.compile(rb'name="offset"\r\n\r\n([0-9]+)')


class Raw(str):
    """JSON that `json.dumps` would not write."""

    __slots__ = ()


def _file(host, **more):
    return {
        "name": "a",
        "ctime": 1,
        "mtime": 2,
        "biz_attr": "",
        "filesize": len(CONTENT),
        "filelen": len(CONTENT),
        "sha": hashlib.sha1(CONTENT).hexdigest(),
        "authority": "eInvalid",
        "access_url": f"http://{host}/bytes",
        "source_url": f"http://{host}/bytes",
        "custom_headers": {"Cache-Control": "x"},
        **more,
    }


def honest(host):
    """Return the data of each operation's answer, by name; ``folder`` is a folder's `stat`."""
    done = dict.fromkeys(
        ("access_url", "url", "source_url", "resource_path", "vid"), f"http://{host}"
    )
    folder = {"name": "d/", "ctime": 1, "mtime": 2, "biz_attr": ""}
    return {
        "stat": _file(host),
        "folder": folder,
        "list": {
            "infos": [_file(host), _file(host, name="b"), folder],
            "context": "next",
            "listover": True,
        },
        "inner list": {"infos": [], "context": "", "listover": True},
        "upload": done,
        "upload_slice_init": {"session": "s", "slice_size": 4 * MIB, "serial_upload": 1},
        "upload_slice_list": {
            "session": "s",
            "slice_size": 4 * MIB,
            "filesize": len(LARGE),
            "sha": SHA1_OF_LARGE,
            "serial_upload": 0,
            "listparts": [{"offset": 0, "datalen": 4 * MIB}, {"offset": 4 * MIB, "datalen": 64}],
        },
        "upload_slice_data": {"session": "s", "offset": 0, "datamd5": ""},
        "upload_slice_finish": done,
        **{operation: {} for operation in ("create", "update", "delete", "move", "copy")},
    }


def places(host):
    """Return where an answer can lie: pairs of an operation and a path in its envelope.

    A tuple in a path is of names that have the same value.
    """
    sizes = ("filesize", "filelen")
    found = [("stat", ("data", sizes)), ("list", ("data", "infos", 0, sizes))]
    for operation, data in honest(host).items():
        found += [(operation, path) for path in _paths(envelope(data))]
    return found


def envelope(data):
    return {"code": 0, "message": "SUCCESS", "request_id": "r", "data": data}


def _paths(value, path=()):
    yield path
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _paths(inner, (*path, key))


NUMBERS = [-1, 0, 2**63 - 1, 2**63, 10**30, 0.5, 1e300, True]
RAW = [
    Raw(text)
    for text in (
        "9" * 5000,
        "-1e999",
        "NaN",
        "-Infinity",
        '{"a": 1, "a": 2}',
        "[" * 900 + "]" * 900,
        '{"a":' * 20000 + "1" + "}" * 20000,
        '"\\ud800"',
        "[1,",
        "",
    )
]
TEXTS = [
    "",
    "9" * 5000,
    "٣",
    "²",
    "1_0",
    " 5",
    "+5",
    "\ud800",
    "x" * 100_000,
    "\0",
    "..",
    "\r\nX: y",
]
OTHERS = [None, False, [], {}, [None], {"": None}, "true", "\u200b"]
URLS = [
    "http://[::1",
    "http://[zz]/",
    "http://[::1%25x]:1/",
    "http://",
    "http:///x",
    "//x",
    "ftp://127.0.0.1/",
    "file:///etc",
    "http://127.0.0.1:٣/",
    "http://127.0.0.1:99999/",
    "http://127.0.0.1:0/",
    "http://127.0.0.1:-1/",
    "http://127.0.0.1:1_0/",
    "http://127.0.0.1:" + "9" * 5000,
    "http://127.0.0.1:1/",
    "HTTP://127.0.0.1:1/ü 5",
    "http://127.0.0.1:1/\ud800",
    "http://127.0.0.1:1/\r\nX: y",
    "http://127.0.0.1\\@x/",
    "http://u:p@127.0.0.1/",
    "http://a..b/",
    "http://" + "a" * 300 + "/",
    "http://ü/",
    "http://\uff10/",
]

VALUES = st.one_of(
    st.sampled_from(NUMBERS + RAW + TEXTS + OTHERS + URLS),
    st.integers(),
    st.floats(),
    st.text(max_size=30),
    st.text("0123456789-+_ ٣²", max_size=25),
    st.text("[]:%@/?#.0aü", max_size=20).map("http://".__add__),
)


def values_for(path):
    """Return the worst values for a place, all of which it is to be tried with."""
    is_url = bool(path) and str(path[-1]).endswith("url")
    return [*NUMBERS, *RAW, *TEXTS, *OTHERS, *(URLS if is_url else [])]


HEADER_NAMES = [
    "Retry-After",
    "Date",
    "Content-Range",
    "ETag",
    "x-cos-request-id",
    "Content-Type",
    "Content-Encoding",
    "Transfer-Encoding",
    "Location",
    "Connection",
]
HEADER_VALUES = [
    "9" * 5000,
    "-1",
    "²",
    "1_0",
    "NaN",
    "inf",
    "0",
    " ",
    "gzip",
    "chunked",
    "http://[::1",
    "Wed, 21 Oct 99999 07:28:00 GMT",
    "Wed, 21 Oct 2015 07:28:00 +9999999999",
    "Wed, 99 Foo -1 99:99:99 GMT",
    "Mon, 1 Jan 1 00:00:00 -9999",
    "0,0,0,0,0",
    ", , , ,",
    "bytes 0-4/" + "9" * 5000,
    "bytes " + "9" * 5000 + "-4/5",
    "bytes 0-4/*",
    "bytes */5",
    "bytes 0-²/5",
    "bytes 0-4/5, 0-4/5",
    "bytes 4-0/5",
    "bytes -0-4/5",
]
_LATIN = st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f\x85")
HEADERS = st.tuples(
    st.sampled_from(HEADER_NAMES),
    st.one_of(
        st.sampled_from(HEADER_VALUES),
        st.text(_LATIN),
        st.text("0123456789 ,:-+/*bytesGMT", max_size=40),
    ),
)


def spelled(document):
    """Return `document` as JSON, with each `Raw` as it is."""
    raw = []

    def mark(value):
        if isinstance(value, Raw):
            raw.append(value)
            return f"\0raw{len(raw) - 1}\0"
        if isinstance(value, dict):
            return {key: mark(inner) for key, inner in value.items()}
        return [mark(inner) for inner in value] if isinstance(value, list) else value

    text = json.dumps(mark(document))
    for number, value in enumerate(raw):
        text = text.replace(f'"\\u0000raw{number}\\u0000"', value)
    return text.encode("utf-8", "surrogatepass")


class Lies:
    """What is wrong with the answers; by default nothing.

    Attributes:
        place: an operation and a path in its envelope, and the value there; or None.
        header: a name and a value that each answer has; or None.
        status: each answer's, in place of 200.
        unfinished: whether each new slice upload is told of an unfinished one.
    """

    def __init__(self):
        self.clear()

    def clear(self):
        self.place = None
        self.header = None
        self.status = None
        self.unfinished = False

    def body(self, operation, host, *, offset=0):
        document = envelope(copy.deepcopy(honest(host)[operation]))
        if operation == "upload_slice_data":
            document["data"]["offset"] = offset
        if operation == "upload_slice_init" and self.unfinished:
            document["code"] = -4019
        if self.place is not None and self.place[0] == operation:
            _, path, value = self.place
            if not path:
                document = value
            else:
                inner = document
                for key in path[:-1]:
                    inner = inner[key]
                for key in path[-1] if isinstance(path[-1], tuple) else path[-1:]:
                    inner[key] = value
        return spelled(document)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        url = urlsplit(self.path)
        if not url.path.startswith("/files/v2/"):
            self.answer(206, CONTENT, ("Content-Range", "bytes 0-4/5"))
            return
        operation = parse_qs(url.query)["op"][0]
        if operation == "stat" and url.path.endswith("/"):
            operation = "folder"
        if operation == "list" and not url.path.endswith(f"/{BUCKET}/"):
            operation = "inner list"
        self.answer_json(operation)

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        found = _OP_IN_FORM.search(body)
        offset = _OFFSET_IN_FORM.search(body)
        self.answer_json((found[1] or found[2]).decode(), offset=int(offset[1]) if offset else 0)

    def answer_json(self, operation, **more):
        self.answer(200, self.server.lies.body(operation, self.headers["Host"], **more))

    def answer(self, status, body, *headers):
        lies = self.server.lies
        given = dict(headers)
        if lies.header is not None:
            given[lies.header[0]] = lies.header[1]
        self.send_response_only(lies.status or status)
        for header in (*given.items(), ("Content-Length", str(len(body)))):
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words):
        pass


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a client that has seen enough leaves


@contextmanager
def lying_server():
    """Yield the address of the server and its `Lies`."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.lies = Lies()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", server.lies
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
