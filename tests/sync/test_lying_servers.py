"""Servers that make up what they list: typed errors, and never a wrong file."""

from __future__ import annotations

import json
import os
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest
from emulated import BUCKET, connect
from trees import errors_of, put_tree, read_tree, write_tree

import cosfast
from cosfast.sync.filters import check_local_name

ROOT = f"/files/v2/1250000000/{BUCKET}/"
SHA1_OF_HELLO = "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d"


def file_entry(name, **changes):
    entry = {"name": name, "ctime": 1, "mtime": 1, "filesize": 5, "filelen": 5}
    return {**entry, "sha": SHA1_OF_HELLO, **changes}


@contextmanager
def listing(pages):
    """Serve ``pages(path, context)``, the data of each list; every download is ``hello``."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def do_GET(self):
            url = urlsplit(self.path)
            if not url.path.startswith(ROOT):
                self.send(206, b"hello", ("Content-Range", "bytes 0-4/5"))
                return
            query = parse_qs(url.query, keep_blank_values=True)
            data = pages(url.path[len(ROOT) :], query.get("context", [""])[0])
            for info in data.get("infos", []):
                if "filelen" in info:
                    host = self.headers["Host"]
                    info.setdefault("access_url", f"http://{host}/bytes/{len(info['name'])}")
            self.send(200, json.dumps({"code": 0, "message": "", "data": data}).encode())

        def send(self, status, body, *headers):
            self.send_response(status)
            for header in (*headers, ("Content-Length", str(len(body)))):
                self.send_header(*header)
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
        server.server_close()
        thread.join()


def one_page(*entries):
    return lambda path, _context: {
        "infos": [dict(entry) for entry in entries] if path == "" else [],
        "context": "",
        "listover": True,
    }


def test_an_honest_list(tmp_path):
    with listing(one_page(file_entry("a"), {"name": "b/", "ctime": 1, "mtime": 1})) as client:
        assert not errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path, delete=True))
    assert read_tree(tmp_path) == {"a": b"hello", "b/": None}


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../a", "/a", "a\0", ""])
def test_names_that_lead_elsewhere(tmp_path, name):
    write_tree(tmp_path / "tree", {"mine": b"1"})
    with listing(one_page(file_entry("a"), file_entry(name))) as client:
        with pytest.raises(cosfast.AnswerError):
            list(cosfast.sync_down(client, BUCKET, "/", tmp_path / "tree", delete=True))
    assert read_tree(tmp_path) == {"tree/": None, "tree/mine": b"1"}


@pytest.mark.parametrize(
    "name", [".x.cosfast-part", ".x.cosfast-of", chr(0xDC80), chr(0xD800), "a?"]
)
def test_names_that_cannot_be_files_here(tmp_path, name):
    with listing(one_page(file_entry("x"), file_entry(name))) as client:
        errors = errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path))
    assert set(errors) == {name}
    assert isinstance(errors[name], cosfast.InputError)
    assert read_tree(tmp_path) == {"x": b"hello"}


def test_a_folder_with_a_name_that_cannot_be_is_not_looked_into(tmp_path):
    folder = {"name": ".x.cosfast-part/", "ctime": 1, "mtime": 1}
    with listing(one_page(folder, file_entry("x"))) as client:
        errors = errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path))
    assert set(errors) == {".x.cosfast-part/"}
    assert read_tree(tmp_path) == {"x": b"hello"}


@pytest.mark.parametrize("name", ["a" * 256, "ü" * 200])
def test_names_that_are_invalid_on_every_system(tmp_path, name):
    with listing(one_page(file_entry("x"), file_entry(name))) as client:
        errors = errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path))
    assert set(errors) == {name}
    assert isinstance(errors[name], OSError)
    assert read_tree(tmp_path) == {"x": b"hello"}


@pytest.mark.parametrize(
    "lie",
    [
        {"filesize": 4, "filelen": 4},
        {"filesize": 6, "filelen": 6},
        {"filesize": 0, "filelen": 0},
        {"filelen": 4},
        {"sha": "0" * 40},
        {"sha": ""},
    ],
    ids=str,
)
def test_wrong_sizes_and_digests(tmp_path, lie):
    write_tree(tmp_path, {"a": b"before"})
    with listing(one_page(file_entry("a", **lie), file_entry("b"))) as client:
        errors = errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path, delete=True))
    assert "a" in errors
    assert isinstance(errors["a"], (cosfast.AnswerError, cosfast.IntegrityError))
    tree = {name: data for name, data in read_tree(tmp_path).items() if not name.startswith(".")}
    assert tree == {"a": b"before", "b": b"hello"}


@pytest.mark.parametrize(
    "lie",
    [
        {"filesize": 2**63, "filelen": 2**63},
        {"filesize": 10**30},
        {"filelen": "9" * 5000},
        {"mtime": 2**63 - 1},
        {"ctime": "\u0663"},
        {"sha": "x" * 40},
        {"biz_attr": chr(0xD800)},
        {"access_url": "http://[::1"},
        {"access_url": "http://[zz]/"},
        {"access_url": "http://127.0.0.1:99999/"},
    ],
    ids=str,
)
def test_an_invalid_entry_is_a_failure_of_its_own(tmp_path, lie):
    write_tree(tmp_path, {"a": b"before", "mine": b"1"})
    with listing(one_page(file_entry("a", **lie), file_entry("b"))) as client:
        errors = errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path, delete=True))
    assert isinstance(errors["a"], cosfast.AnswerError)
    tree = {name: data for name, data in read_tree(tmp_path).items() if not name.startswith(".")}
    # what else there is in the bucket is not known for sure, so nothing is deleted
    assert tree == {"a": b"before", "b": b"hello", "mine": b"1"}


def test_an_invalid_folder_is_a_failure_of_its_own(tmp_path):
    write_tree(tmp_path, {"d/mine": b"1"})
    folder = {"name": "d/", "ctime": 2**63, "mtime": 1}
    with listing(one_page(folder, file_entry("b"))) as client:
        errors = errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path, delete=True))
    assert isinstance(errors["d/"], cosfast.AnswerError)
    assert read_tree(tmp_path) == {"b": b"hello", "d/": None, "d/mine": b"1"}


def test_an_invalid_entry_in_the_target_is_not_deleted(tmp_path):
    write_tree(tmp_path, {"b": b"hello"})
    entries = (file_entry("a", filesize=2**63), file_entry("b"))
    with listing(one_page(*entries)) as client:
        steps = list(cosfast.sync_up(client, tmp_path, BUCKET, delete=True, dry_run=True))
    assert {step.name: type(step.error) for step in steps} == {
        "a": cosfast.AnswerError,
        "b": type(None),
    }


def test_folders_without_end(tmp_path):
    folder = {"name": "d/", "ctime": 1, "mtime": 1}

    def pages(_path, _context):
        return {"infos": [dict(folder)], "context": "", "listover": True}

    with listing(pages) as client:
        steps = cosfast.sync_down(client, BUCKET, "/", tmp_path, dry_run=True)
        [error] = errors_of(steps).values()
        assert isinstance(error, cosfast.AnswerError)
        write_tree(tmp_path, {"a": b""})
        up = cosfast.sync_up(client, tmp_path, BUCKET, delete=True, dry_run=True)
        assert isinstance(next(up).error, cosfast.AnswerError)


def test_pages_in_a_loop(tmp_path):
    def pages(_path, context):
        number = (int(context or 0) + 1) % 3
        return {"infos": [file_entry(f"f{number}")], "context": str(number), "listover": False}

    with listing(pages) as client:
        with pytest.raises(cosfast.AnswerError, match="repeats|loop"):
            list(cosfast.sync_down(client, BUCKET, "/", tmp_path))
    assert read_tree(tmp_path) == {}


@pytest.mark.parametrize("filelen", [0, 3])
def test_an_unfinished_upload_in_a_list_is_sent_again(tmp_path, filelen):
    write_tree(tmp_path, {"a": b"hello"})
    with listing(one_page(file_entry("a", filelen=filelen))) as client:
        [step] = cosfast.sync_up(client, tmp_path, BUCKET, dry_run=True)
    assert (step.action, step.reason) == (cosfast.SyncAction.UPLOAD, "unfinished upload")


def test_a_digest_that_the_server_does_not_know_differs(tmp_path):
    write_tree(tmp_path, {"a": b"hello", "b": b"hello"})
    with listing(one_page(file_entry("a", sha=""), file_entry("b"))) as client:
        steps = {s.name: s.reason for s in cosfast.sync_up(client, tmp_path, BUCKET, dry_run=True)}
    assert steps == {"a": "SHA-1 not known", "b": "same"}


def test_a_file_that_changes_after_it_was_listed(client, tmp_path):
    put_tree(client, "/", {"a": b"before", "b": b"1"})
    steps = cosfast.sync_down(client, BUCKET, "/", tmp_path / "tree", max_workers=1)
    next(steps)
    put_tree(client, "/", {"a": b"after!"})
    errors = errors_of(steps)
    assert isinstance(errors["a"], cosfast.IntegrityError)
    assert not os.path.exists(tmp_path / "tree" / "a")
    assert not errors_of(cosfast.sync_down(client, BUCKET, "/", tmp_path / "tree", delete=True))
    assert read_tree(tmp_path / "tree") == {"a": b"after!", "b": b"1"}


@pytest.mark.parametrize(
    "name",
    [
        "C:",
        "C:x",
        "a\\b",
        "CON",
        "con.txt",
        "nul",
        "COM1",
        "conin$",
        "a.",
        "a ",
        "a:b",
        'a"',
        "x\x1f",
    ],
)
def test_names_with_another_meaning_on_windows(name):
    with pytest.raises(cosfast.InputError):
        check_local_name(name, windows=True)


@pytest.mark.parametrize(
    "name", ["a", ".a", "con-", "common", "a b", "名", "com10", "x.cosfast-part"]
)
def test_names_that_are_valid_on_every_system(name):
    check_local_name(name, windows=True)
    check_local_name(name, windows=False)
