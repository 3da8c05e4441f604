"""The server: start, stop, several at once, logs without secrets."""

from __future__ import annotations

import base64
import errno
import logging
import os
import pickle
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
import requests
from emulator.wire import APPID, BUCKET, MIB, SECRET_KEY, Api, sign, with_parts

import cosfast
from cosfast.emulator import Emulator, EmulatorError, RootInUseError, SchemaError, faults


def test_start_and_stop():
    emulator = Emulator()
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.endpoint
    emulator.start()
    api = Api(emulator.endpoint)
    assert emulator.endpoint.startswith("http://127.0.0.1:")
    assert api.stat("/").code == 0
    with pytest.raises(RuntimeError, match="already"):
        emulator.start()
    emulator.stop()
    emulator.stop()
    with pytest.raises(requests.ConnectionError):
        api.stat("/")


def test_it_can_be_started_again(tmp_path):
    emulator = Emulator(tmp_path)
    for content in (b"first", b"second"):
        with emulator:
            assert Api(emulator.endpoint).upload("/a", content, insertOnly="0").code == 0
    with emulator:
        assert Api(emulator.endpoint).download("/a").content == b"second"


def test_reset_removes_everything_and_the_server_continues(tmp_path, two_slices):
    content, once = two_slices["content"], sign(f"/{APPID}/{BUCKET}/a", once=True)
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        for round_ in range(2):
            api.json("/folder/", op="create")
            assert api.upload("/a", b"content").code == 0
            assert api.json("/a", once, op="update", biz_attr="x").code == 0
            session = api.init("/b", content, **with_parts(two_slices)).data["session"]
            assert api.data("/b", session, MIB, content[MIB:]).code == 0
            done = api.init("/c", b"c").data["session"]
            api.data("/c", done, 0, b"c")
            assert api.finish("/c", done, b"c").code == 0
            emulator.faults.add("upload", faults.LostAnswer(), times=round_ + 1)
            emulator.reset()
            emulator.faults.check_all_fired()
            assert emulator.faults.fired == []
            assert api.get("/", op="list").data["infos"] == []
            assert api.list_slices("/b").status == 404
            assert api.data("/b", session, 0, content[:MIB]).code == -290
            assert api.finish("/c", done, b"c").code == -290
            assert list((tmp_path / "files").iterdir()) == []
    with Emulator(tmp_path) as emulator:
        assert Api(emulator.endpoint).get("/", op="list").data["infos"] == []


def test_the_server_works_after_a_reset_under_load(two_slices):
    content = two_slices["content"]

    def upload(index):
        api, codes = Api(emulator.endpoint), set()
        for number in range(15):
            path = f"/{index}-{number}"
            codes.add(api.upload(path, bytes(1000)).code)
            data = api.init(f"{path}-slices", content, **with_parts(two_slices)).data
            if "session" not in data:
                continue
            for offset in (0, MIB):
                piece = content[offset : offset + MIB]
                codes.add(api.data(f"{path}-slices", data["session"], offset, piece).code)
        return codes

    with Emulator() as emulator, ThreadPoolExecutor(4) as pool:
        uploads = [pool.submit(upload, index) for index in range(4)]
        while not all(done.done() for done in uploads):
            emulator.reset()
            time.sleep(0.01)
        assert set().union(*(done.result() for done in uploads)) <= {0, -290}
        emulator.reset()
        api = Api(emulator.endpoint)
        assert api.get("/", op="list").data["infos"] == []
        assert api.upload("/a", b"content").code == 0
        assert api.download("/a").content == b"content"


def test_a_stopped_server_cannot_be_reset():
    emulator = Emulator()
    with pytest.raises(EmulatorError, match="not running"):
        emulator.reset()
    with emulator:
        emulator.reset()
    with pytest.raises(EmulatorError, match="not running"):
        emulator.reset()


def test_several_at_once():
    with Emulator() as one, Emulator() as two:
        Api(one.endpoint).upload("/a", b"one")
        assert Api(two.endpoint).stat("/a").status == 404


def test_stop_ends_threads_and_removes_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    before = threading.active_count()
    with Emulator() as emulator:
        Api(emulator.endpoint).upload("/a", b"x")
        assert list(tmp_path.iterdir())
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == before


def test_a_root_that_is_in_use_is_refused(tmp_path):
    with Emulator(tmp_path) as emulator:
        with pytest.raises(RuntimeError, match="another server"):
            Emulator(tmp_path).start()
        with pytest.raises(RootInUseError, match=re.escape(str(tmp_path))) as caught:
            Emulator(tmp_path).start()
        assert isinstance(caught.value, (EmulatorError, cosfast.CosError))
        assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)
        assert Api(emulator.endpoint).stat("/").code == 0
    with Emulator(tmp_path) as emulator:
        assert Api(emulator.endpoint).stat("/").code == 0


def test_a_port_that_is_taken_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="address"):
        Emulator(port=taken.getsockname()[1]).start()


def test_a_root_that_is_a_file_is_refused(tmp_path):
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(FileExistsError):
        Emulator(path).start()


def test_a_root_of_another_version_is_refused(tmp_path):
    with Emulator(tmp_path):
        pass
    with sqlite3.connect(tmp_path / "metadata.sqlite3") as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(RuntimeError, match="version 99"):
        Emulator(tmp_path).start()


def _text_file(root):
    (root / "metadata.sqlite3").write_text("this is no database " * 100)


def _other_database(root):
    with closing(sqlite3.connect(root / "metadata.sqlite3")) as connection:
        connection.execute("CREATE TABLE entries (x)")
        connection.commit()


def _damaged_database(root):
    with Emulator(root):
        pass
    path = root / "metadata.sqlite3"
    path.write_bytes(path.read_bytes()[:100] + b"\xff" * 5000)


@pytest.mark.parametrize("spoil", [_text_file, _other_database, _damaged_database])
def test_a_root_with_a_foreign_database_is_refused(tmp_path, spoil):
    spoil(tmp_path)
    for _ in range(2):  # the folder is let go of
        with pytest.raises(SchemaError, match="metadata.sqlite3"):
            Emulator(tmp_path).start()


def test_a_failed_start_releases_the_folder(tmp_path, monkeypatch):
    before = threading.active_count()
    with monkeypatch.context() as patched:
        patched.setattr("cosfast.emulator.store.sync_folder", _raise(PermissionError("no")))
        with pytest.raises(PermissionError):
            Emulator(tmp_path).start()
    assert threading.active_count() == before
    with Emulator(tmp_path) as emulator:
        assert Api(emulator.endpoint).stat("/").code == 0


def test_a_lock_that_fails_for_another_reason_says_so(tmp_path, monkeypatch):
    """On a file system without locks the error is not that of a folder in use."""
    error = OSError(errno.ENOLCK, "No locks available")
    monkeypatch.setattr("cosfast.emulator.store.files._lock", _raise(error))
    with pytest.raises(OSError, match="No locks") as caught:
        Emulator(tmp_path).start()
    assert not isinstance(caught.value, RootInUseError)


def _raise(error):
    def fail(*_):
        raise error

    return fail


@pytest.mark.parametrize(
    "setting",
    [
        *({"appid": "abc"}, {"appid": ""}, {"appid": "\u0661\u00b2"}, {"appid": "1" * 5000}),
        *({"appid": 1250000000}, {"secret_id": ""}, {"secret_key": ""}, {"slice_size": 1000}),
        *({"port": -1}, {"port": 65536}, {"port": 10**30}, {"port": "80"}, {"port": True}),
        *({"host": "a\0b"}, {"host": None}, {"root": "a\0b"}, {"corpid": ""}, {"corpid": 1}),
        *({"corpsecret": "a b"}, {"token": "\u0661"}, {"token": "a\n"}, {"token": "a" * 513}),
    ],
    ids=lambda setting: str(setting)[:40],
)
def test_invalid_settings_are_refused(setting):
    with pytest.raises(ValueError, match=next(iter(setting))) as caught:
        Emulator(**setting)
    assert isinstance(caught.value, cosfast.InputError)


@pytest.mark.parametrize("host", ["a" * 70, "a..b", "no-such-host.invalid", "256.1.1.1", "\u0661"])
def test_an_invalid_host_is_refused(host):
    with pytest.raises((cosfast.InputError, OSError)):
        Emulator(host=host).start()


@pytest.mark.parametrize("moment", range(10))
def test_stop_finishes_requests_and_leaves_none_waiting(moment):
    """At any time: before a connection is set up, or within a body."""

    def upload(index):
        try:
            return Api(endpoint).upload(f"/{index}", bytes(200_000)).code
        except requests.ConnectionError:
            return "closed"

    with Emulator() as emulator, ThreadPoolExecutor(8) as pool:
        endpoint = emulator.endpoint
        uploads = [pool.submit(upload, index) for index in range(8)]
        time.sleep(moment / 500)
        emulator.stop()
        assert {upload.result(10) for upload in uploads} <= {0, "closed"}


def test_serve_runs_until_a_signal(tmp_path):
    code = (
        "import sys; from cosfast.emulator import serve;"
        "serve(host='127.0.0.1', port=0, root=sys.argv[1], appid='1250000000',"
        " secret_id='local-secret-id', secret_key='local-secret-key',"
        " on_ready=lambda endpoint: print(endpoint, flush=True)); print('stopped')"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    for number in (signal.SIGINT, signal.SIGTERM):
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )
        endpoint = process.stdout.readline().strip()
        assert Api(endpoint).stat("/").code == 0
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
        assert (process.returncode, out, err) == (0, "stopped\n", "")


def test_two_hundred_connections_at_once(two_slices):
    content = two_slices["content"][:MIB]
    with Emulator() as emulator, ThreadPoolExecutor(200) as pool:

        def upload(index):
            api = Api(emulator.endpoint)
            path = f"/{index}"
            session = api.init(path, content).data["session"]
            assert api.data(path, session, 0, content).code == 0
            return api.finish(path, session, content).code

        assert set(pool.map(upload, range(200))) == {0}


def test_the_log_has_one_line_a_request_and_no_secret(api, two_slices, caplog):
    caplog.set_level(logging.DEBUG)
    signature = sign()
    api.form("/a.bin", signature, op="upload", filecontent=b"content")
    address = f"{api.endpoint}/{BUCKET}-{APPID}.file.myqcloud.com/a.bin"
    api.http.get(address, params={"sign": signature})
    api.get("/a.bin", signature[:-9] + quote("broken\n"), op="stat")
    session = api.init("/b.bin", two_slices["content"], **with_parts(two_slices)).data["session"]
    api.data("/b.bin", session, 0, bytes(MIB))
    ours = [record for record in caplog.records if record.name == "cosfast.emulator"]
    lines = [record.getMessage() for record in ours]
    assert len(lines) == 5
    assert lines[0].startswith(
        f"POST {urlsplit(api.url('/a.bin')).path} op=upload status=200 code=0"
    )
    assert "op=download status=200" in lines[1]
    assert "op=- status=403 code=-97" in lines[2]
    assert "op=upload_slice_data status=400 code=-4016" in lines[4]
    plain = base64.b64decode(signature)[20:].decode()
    for line in lines:
        for secret in (SECRET_KEY, signature[:20], quote(signature[:20]), plain, session, "sign="):
            assert secret not in line


def test_repr_hides_the_key():
    keys = dict.fromkeys(("secret_key", "corpsecret", "token"), "not-to-be-seen")
    with Emulator(**keys) as emulator:
        assert "not-to-be-seen" not in repr(emulator) + repr(emulator.settings)
        assert emulator.endpoint in repr(emulator)


def test_an_internal_failure_gets_an_envelope_too(api, monkeypatch, caplog):
    def fail(*_):
        raise ZeroDivisionError("as if")

    monkeypatch.setattr("cosfast.emulator.store.tree.find", fail)
    reply = api.stat("/a")
    assert (reply.status, reply.code) == (500, -5997)
    assert "as if" not in reply.message
    assert "ZeroDivisionError" in caplog.text


def test_a_full_disk_is_an_error_and_no_loss(api, monkeypatch):
    api.upload("/a", b"before")

    monkeypatch.setattr("cosfast.emulator.store.files.RESERVE", 2**60)
    session = api.init("/b", b"content").data["session"]
    reply = api.data("/b", session, 0, b"content")
    assert (reply.status, reply.code) == (400, -4004)
    assert api.upload("/a", b"after", insertOnly="0").code == -4004
    assert api.download("/a").content == b"before"
    monkeypatch.undo()
    assert api.data("/b", session, 0, b"content").code == 0
    assert api.finish("/b", session, b"content").code == 0
