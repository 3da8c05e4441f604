"""Folders listed: in pages, in depth, by prefix; honest servers and others."""

from __future__ import annotations

import itertools
import json
import threading
import tracemalloc
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from emulated import BUCKET, connect

import cosfast

TREE = (".hidden", "a/1", "a/10", "a/2", "a/b/3", "a/b/c/4", "a/ü 5", "d/6", "e")


@pytest.fixture
def tree(client):
    for path in TREE:
        client.upload(path.encode(), BUCKET, path)
    return client


def paths(entries):
    return [entry.path for entry in entries]


@pytest.mark.parametrize("page_size", [1, 2, 1000])
def test_a_folder_page_by_page(tree, page_size):
    assert sorted(paths(tree.list(BUCKET, page_size=page_size))) == ["/.hidden", "/a/", "/d/", "/e"]
    listed = tree.list(BUCKET, "a", page_size=page_size)
    assert sorted(paths(listed)) == ["/a/1", "/a/10", "/a/2", "/a/b/", "/a/ü 5"]


@pytest.mark.parametrize("page_size", [1, 1000])
def test_in_depth(tree, page_size):
    listed = paths(tree.list(BUCKET, recursive=True, page_size=page_size))
    folders = ["/a/", "/a/b/", "/a/b/c/", "/d/"]
    assert sorted(listed) == sorted(folders + ["/" + path for path in TREE])
    for path in listed:
        folder = path.rstrip("/").rpartition("/")[0] + "/"
        assert folder == "/" or listed.index(folder) < listed.index(path)


@pytest.mark.parametrize(
    ("folder", "prefix", "recursive", "expected"),
    [
        ("a", "1", False, ["/a/1", "/a/10"]),
        ("a", "ü ", False, ["/a/ü 5"]),
        ("a", "b", False, ["/a/b/"]),
        ("a", "b", True, ["/a/b/", "/a/b/3", "/a/b/c/", "/a/b/c/4"]),
        ("/", ".", False, ["/.hidden"]),
        ("/", " ", False, []),
        ("a", "none", True, []),
    ],
)
def test_by_prefix(tree, folder, prefix, recursive, expected):
    listed = tree.list(BUCKET, folder, prefix=prefix, recursive=recursive)
    assert sorted(paths(listed)) == expected


def test_an_entry_is_what_stat_says(tree):
    for entry in tree.list(BUCKET, recursive=True):
        assert entry == tree.stat(BUCKET, entry.path)


def test_what_is_wrong_is_said_at_once(client):
    for wrong in ({"page_size": 0}, {"prefix": "a/b"}, {"prefix": "a?"}):
        with pytest.raises(cosfast.InputError):
            client.list(BUCKET, **wrong)


def test_no_such_folder(client):
    with pytest.raises(cosfast.NotFoundError):
        next(client.list(BUCKET, "none"))


# Servers that make their lists up


@contextmanager
def listing(answer):
    """Serve ``answer(context, path)``, the `data` of each list; everything else succeeds."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self):
            url = urlsplit(self.path)
            query = parse_qs(url.query, keep_blank_values=True)
            self._send(answer(query["context"][0], url.path))

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self._send({})

        def _send(self, data):
            body = json.dumps({"code": 0, "message": "", "data": data}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        with connect(f"http://127.0.0.1:{server.server_port}") as client:
            yield client
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def infos(*names):
    return [
        {"name": name, "ctime": 1, "mtime": 1, "filesize": 1, "filelen": 1, "sha": ""}
        for name in names
    ]


def pages(*given):
    """Answer with these pages, each a context and names, whatever is asked for."""
    remaining = iter(given)

    def answer(_context, _path):
        context, *names = next(remaining)
        return {"infos": infos(*names), "context": context, "listover": not context}

    return answer


@pytest.mark.parametrize(
    "given",
    [
        [("c", "a"), ("c", "b")],
        [("c1", "a"), ("c2", "a")],
        [("c1", "a", "b"), ("c2", "c", "d"), ("c3", "a", "b")],
        [("c1", "a", "b"), ("c2", "b", "c")],
        [("c1", "a", "a")],
        [("c1",)],
    ],
    ids=str,
)
def test_a_list_that_goes_round_is_an_error(given):
    with listing(pages(*given)) as client, pytest.raises(cosfast.AnswerError, match="list|empty"):
        list(client.list(BUCKET))


def test_a_server_that_knows_no_contexts_is_noticed():
    def answer(_context, _path):
        return {"infos": infos("a", "b"), "context": "always", "listover": False}

    with listing(answer) as client, pytest.raises(cosfast.AnswerError):
        list(client.list(BUCKET))


def test_a_folder_within_itself_is_noticed():
    def answer(_context, _path):
        entry = {"name": "again/", "ctime": 1, "mtime": 1}
        return {"infos": [entry], "context": "", "listover": True}

    with listing(answer) as client:
        with pytest.raises(cosfast.AnswerError, match="deep"):
            list(client.list(BUCKET, recursive=True))
        with pytest.raises(cosfast.AnswerError, match="deep"):
            client.delete(BUCKET, "folder", recursive=True)


def test_a_deleted_file_that_is_still_listed_is_noticed():
    def answer(_context, _path):
        return {"infos": infos("a"), "context": "", "listover": True}

    with listing(answer) as client, pytest.raises(cosfast.AnswerError, match="deleted"):
        client.delete(BUCKET, "folder", recursive=True)


def test_a_name_that_leads_elsewhere_is_an_error():
    with listing(pages(("", "../../etc/passwd"))) as client:
        with pytest.raises(cosfast.AnswerError, match="name"):
            list(client.list(BUCKET))


@pytest.mark.slow
def test_a_hundred_thousand_entries_stream():
    count, size = 100_000, 1000

    def answer(context, _path):
        begin = int(context or 0)
        end = min(begin + size, count)
        last = end == count
        names = (f"name-{number:09}" for number in range(begin, end))
        return {"infos": infos(*names), "context": "" if last else str(end), "listover": last}

    with listing(answer) as client:
        entries = client.list(BUCKET)
        head = list(itertools.islice(entries, 5 * size))
        del head
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        rest = sum(1 for _ in entries)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert rest == count - 5 * size
    assert peak - before < 8 * 1024 * 1024


@pytest.mark.parametrize("recursive", [False, True])
def test_entries_that_make_no_sense_are_raised_or_handed_over(recursive):
    def lying(_context, _path):
        known = {"ctime": 1, "mtime": 1, "filesize": 5, "filelen": 5}
        infos = [{"name": "a", **known, "filesize": 2**63}, {"name": "b", **known}]
        return {"infos": infos, "context": "", "listover": True}

    with listing(lying) as client:
        with pytest.raises(cosfast.AnswerError, match="filesize"):
            list(client.list(BUCKET, recursive=recursive))
        bad = []
        assert paths(client.list(BUCKET, recursive=recursive, onerror=bad.append)) == ["/b"]
    assert [(entry.path, entry.is_folder, "filesize" in str(entry.error)) for entry in bad] == [
        ("/a", False, True)
    ]
