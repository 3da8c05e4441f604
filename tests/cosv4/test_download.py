"""Downloads: whole, checked, resumed; stopped, limited; and from servers that lie."""

from __future__ import annotations

import hashlib
import io
import json
import logging
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from emulated import BUCKET, CREDENTIALS, connect
from worked_values import content

import cosfast
from cosfast.emulator import faults
from cosfast.transfer.download_ranges import PIECE_SIZE
from cosfast.transfer.partial_file import partial_paths

MIB = 1024 * 1024
DATA = content(2 * PIECE_SIZE + 12345)
SIZE = len(DATA)
SHA = hashlib.sha1(DATA).hexdigest()
LARGE = content(6 * PIECE_SIZE + 77)


@pytest.fixture
def stored(client):
    client.upload(DATA, BUCKET, "file")
    return client


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leave_part(target, data, *, sha=SHA, filesize=SIZE):
    """Leave beside `target` what a download that died would have left."""
    part, identity = map(Path, partial_paths(str(target)))
    part.write_bytes(data)
    identity.write_text(json.dumps({"sha1": sha, "filesize": filesize}))


# To a path


@pytest.mark.parametrize("size", [0, 1, PIECE_SIZE - 1, PIECE_SIZE, PIECE_SIZE + 1, 9 * MIB])
@pytest.mark.parametrize("concurrency", [1, 4])
def test_to_a_path(client, tmp_path, size, concurrency):
    data = content(size)
    client.upload(data, BUCKET, "folder/ü b")
    target = tmp_path / "here"
    seen = []
    result = client.download(
        BUCKET, "folder/ü b", target, concurrency=concurrency, progress=seen.append
    )
    assert target.read_bytes() == data
    assert names(tmp_path) == ["here"]
    assert result == cosfast.DownloadResult(target, size, hashlib.sha1(data).hexdigest(), 0, size)
    assert sum(seen) == size


def test_a_private_file_is_downloaded(stored, tmp_path):
    stored.update(BUCKET, "file", authority=cosfast.Authority.PRIVATE)
    stored.download(BUCKET, "file", str(tmp_path / "here"))
    assert (tmp_path / "here").read_bytes() == DATA


def test_a_file_is_replaced_and_keeps_its_mode(stored, tmp_path):
    target, link = tmp_path / "here", tmp_path / "link"
    target.write_bytes(b"before")
    target.chmod(0o600)
    link.symlink_to(target)
    stored.download(BUCKET, "file", link, overwrite=True)
    assert link.is_symlink()
    assert target.read_bytes() == DATA
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="who has what open is not told")
def test_where_open_files_cannot_be_renamed_or_removed(stored, tmp_path, monkeypatch):
    monkeypatch.setattr("cosfast.transfer.partial_file.CLOSES_FIRST", True)

    def refusing(real):
        def call(path, *others):
            opened = {os.path.realpath(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd")}
            assert os.path.realpath(path) not in opened, f"{path} is still open"
            return real(path, *others)

        return call

    for name in ("replace", "remove"):
        monkeypatch.setattr(os, name, refusing(getattr(os, name)))
    for before in (None, b"before"):
        if before is not None:
            (tmp_path / "new").write_bytes(before)
        stored.download(BUCKET, "file", tmp_path / "new", overwrite=True)
        assert (tmp_path / "new").read_bytes() == DATA
    with pytest.raises(ZeroDivisionError):
        stored.download(BUCKET, "file", tmp_path / "b", verify=False, progress=lambda _: 1 / 0)
    assert [path.name for path in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("size", [6, SIZE])
@pytest.mark.parametrize("keywords", [{}, {"overwrite": False}, {"verify": False}])
def test_different_content_is_not_replaced(stored, tmp_path, size, keywords):
    target, seen = tmp_path / "here", []
    target.write_bytes(bytes(size))
    with pytest.raises(FileExistsError, match=r"different content.*overwrite=True") as caught:
        stored.download(BUCKET, "file", target, progress=seen.append, **keywords)
    assert caught.value.filename == str(target)
    assert target.read_bytes() == bytes(size)
    assert sum(seen) == 0
    stored.download(BUCKET, "file", tmp_path / "there", **keywords)
    assert names(tmp_path) == ["here", "there"]
    stored.download(BUCKET, "file", target, **{**keywords, "overwrite": True})
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("link", [False, True])
def test_the_same_content_is_done_without_a_transfer(stored, emulator, tmp_path, overwrite, link):
    target, seen = tmp_path / "here", []
    target.write_bytes(DATA)
    os.utime(target, (1, 1))
    if link:
        target = tmp_path / "link"
        target.symlink_to("here")
    emulator.faults.add("download", faults.Refusal(-97), times=1)
    result = stored.download(BUCKET, "file", target, overwrite=overwrite, progress=seen.append)
    assert (result.existed, result.received_bytes, result.resumed_bytes) == (True, 0, 0)
    assert (result.sha1, result.filesize, sum(seen)) == (SHA, SIZE, SIZE)
    assert target.stat().st_mtime == 1
    emulator.faults.clear()
    fresh = stored.download(BUCKET, "file", tmp_path / "new", overwrite=overwrite)
    assert (fresh.existed, fresh.received_bytes) == (False, SIZE)


def test_without_verification_a_file_is_hashed_only_if_it_may_not_be_replaced(stored, tmp_path):
    target = tmp_path / "here"
    target.write_bytes(DATA)
    kept = stored.download(BUCKET, "file", target, verify=False)
    assert (kept.existed, kept.received_bytes, kept.sha1) == (True, 0, SHA)
    replaced = stored.download(BUCKET, "file", target, verify=False, overwrite=True)
    assert (replaced.existed, replaced.received_bytes, replaced.sha1) == (False, SIZE, "")


def test_the_deadline_holds_for_a_comparison(stored, tmp_path):
    target = tmp_path / "here"
    target.write_bytes(DATA)
    token = cosfast.CancelToken()
    with pytest.raises(cosfast.Cancelled):
        stored.download(BUCKET, "file", target, cancel=token, progress=lambda _: token.cancel())
    assert target.read_bytes() == DATA


@pytest.mark.skipif(os.name == "nt", reason="named pipes of POSIX")
def test_a_target_that_becomes_a_pipe_is_not_waited_for(stored, tmp_path, monkeypatch):
    target, real = tmp_path / "here", os.path.exists
    target.write_bytes(DATA)

    def exchange(path):
        if os.fspath(path) == str(target) and target.is_file():
            target.unlink()
            os.mkfifo(target)
            return True
        return real(path)

    monkeypatch.setattr("cosfast.transfer.download.os.path.exists", exchange)
    with pytest.raises(FileExistsError):
        stored.download(BUCKET, "file", target)


def test_a_target_that_cannot_be(stored, tmp_path):
    with pytest.raises(cosfast.InputError, match="not a regular file"):
        stored.download(BUCKET, "file", tmp_path)
    with pytest.raises(FileNotFoundError):
        stored.download(BUCKET, "file", tmp_path / "none" / "here")
    for wrong in (7, None, io.StringIO()):
        with pytest.raises(cosfast.InputError, match="target"):
            stored.download(BUCKET, "file", wrong)
    assert names(tmp_path) == []


@pytest.mark.parametrize(
    "option", [{"concurrency": 0}, {"max_rate": 0}, {"deadline": -1}, {"cancel": True}], ids=str
)
def test_an_option_that_cannot_be(stored, tmp_path, option):
    with pytest.raises(cosfast.InputError, match=next(iter(option))):
        stored.download(BUCKET, "file", tmp_path / "here", **option)
    assert names(tmp_path) == []


def test_nothing_there_leaves_nothing(client, tmp_path):
    with pytest.raises(cosfast.NotFoundError):
        client.download(BUCKET, "none", tmp_path / "here")
    with pytest.raises(cosfast.InputError, match="folder"):
        client.download(BUCKET, "folder/", tmp_path / "here")
    assert names(tmp_path) == []


def test_the_longest_names(stored, tmp_path):
    target = tmp_path / ("ü" * 127)
    stored.download(BUCKET, "file", target)
    assert names(tmp_path) == [target.name]


def test_unverified_is_not_hashed(stored, tmp_path):
    result = stored.download(BUCKET, "file", tmp_path / "here", verify=False)
    assert (tmp_path / "here").read_bytes() == DATA
    assert result.sha1 == ""


def test_two_at_a_time_to_one_file(stored, tmp_path):
    target = tmp_path / "here"
    refused = []

    def second(_count):
        if not refused:
            with pytest.raises(BlockingIOError) as caught:
                stored.download(BUCKET, "file", target)
            refused.append(caught.value)

    stored.download(BUCKET, "file", target, progress=second)
    assert refused
    assert target.read_bytes() == DATA


# To a file, to memory


def test_to_a_binary_file(stored, tmp_path):
    with (tmp_path / "here").open("wb") as file:
        file.write(b"before")
        result = stored.download(BUCKET, "file", file)
        assert result.target is file
    assert (tmp_path / "here").read_bytes() == b"before" + DATA


def test_to_a_file_that_takes_a_little_at_a_time(stored):
    class Reluctant(io.RawIOBase):
        taken = b""

        def writable(self):
            return True

        def write(self, data):
            self.taken += bytes(data[:1_000_000])
            return min(len(data), 1_000_000)

    file = Reluctant()
    stored.download(BUCKET, "file", file)
    assert file.taken == DATA


@pytest.mark.parametrize(
    ("start", "length"),
    [
        (0, None),
        (0, 0),
        (0, 1),
        (5, 10),
        (PIECE_SIZE - 1, 2),
        (len(DATA) - 3, 100),
        (len(DATA), None),
        (len(DATA) + 5, 7),
        (1, None),
    ],
)
def test_to_memory(stored, start, length):
    expected = DATA[start:] if length is None else DATA[start : start + length]
    assert stored.read(BUCKET, "file", start, length) == expected
    known = stored.stat(BUCKET, "file")
    assert stored.read(BUCKET, "file", start, length, known=known) == expected


def test_a_range_that_cannot_be(stored):
    for wrong in ((-1, None), (0, -1), (0.5, 1)):
        with pytest.raises(cosfast.InputError):
            stored.read(BUCKET, "file", *wrong)


# Resumed


@pytest.mark.parametrize("there", [1, MIB, PIECE_SIZE + 7, len(DATA) - 1, len(DATA)])
def test_goes_on_where_it_was(stored, tmp_path, there):
    target = tmp_path / "here"
    leave_part(target, DATA[:there])
    seen = []
    result = stored.download(BUCKET, "file", target, progress=seen.append)
    assert target.read_bytes() == DATA
    assert (result.resumed_bytes, result.received_bytes) == (there, len(DATA) - there)
    assert sum(seen) == len(DATA)
    assert names(tmp_path) == ["here"]


@pytest.mark.parametrize(
    ("part", "identity"),
    [
        (b"x" * 1000, {"sha": "0" * 40}),
        (DATA[:1000], {"filesize": 7}),
        (DATA + b"more", {}),
    ],
    ids=["other content", "other size", "too long"],
)
def test_what_is_of_something_else_is_thrown_away(stored, tmp_path, part, identity):
    target = tmp_path / "here"
    leave_part(target, part, **identity)
    result = stored.download(BUCKET, "file", target)
    assert (target.read_bytes(), result.resumed_bytes) == (DATA, 0)
    assert names(tmp_path) == ["here"]


@pytest.mark.parametrize("said", ["", "{", "7", "null", '{"sha1": null}'])
def test_an_identity_that_says_nothing_is_thrown_away(stored, tmp_path, said):
    target = tmp_path / "here"
    leave_part(target, DATA[:1000])
    Path(partial_paths(str(target))[1]).write_text(said)
    assert stored.download(BUCKET, "file", target).resumed_bytes == 0
    assert target.read_bytes() == DATA


@pytest.mark.parametrize("there", [MIB, len(DATA)])
def test_a_beginning_that_is_not_what_it_says_is_fetched_anew(stored, tmp_path, there):
    target = tmp_path / "here"
    leave_part(target, bytes(1) + DATA[1:there])
    seen = []
    result = stored.download(BUCKET, "file", target, progress=seen.append)
    assert (target.read_bytes(), result.resumed_bytes) == (DATA, 0)
    assert sum(seen) == len(DATA)


# Stopped and limited


@pytest.mark.parametrize("concurrency", [1, 4])
def test_cancel_and_go_on(stored, tmp_path, concurrency):
    target, token, here = tmp_path / "here", cosfast.CancelToken(), []

    def progress(count):
        here.append(count)
        if sum(here) > PIECE_SIZE:
            token.cancel()

    with pytest.raises(cosfast.Cancelled):
        stored.download(
            BUCKET, "file", target, cancel=token, progress=progress, concurrency=concurrency
        )
    assert not target.exists()
    stored.download(BUCKET, "file", target)
    assert target.read_bytes() == DATA


def test_max_rate_and_deadline(stored, tmp_path):
    begin = time.monotonic()
    with pytest.raises(cosfast.DeadlineExceeded):
        stored.download(BUCKET, "file", tmp_path / "here", max_rate=1 * MIB, deadline=0.3)
    assert 0.25 < time.monotonic() - begin < 3
    assert not (tmp_path / "here").exists()


def test_max_rate(client):
    client.upload(content(MIB), BUCKET, "file")
    begin = time.monotonic()
    client.download(BUCKET, "file", io.BytesIO(), max_rate=2 * MIB)
    assert 0.3 < time.monotonic() - begin < 3


def test_a_failing_callback_leaves_no_file(stored, tmp_path):
    def progress(_count):
        raise RuntimeError("from the callback")

    with pytest.raises(RuntimeError, match="from the callback"):
        stored.download(BUCKET, "file", tmp_path / "here", progress=progress)
    assert not (tmp_path / "here").exists()


def test_a_disk_that_is_full_leaves_no_file(stored, tmp_path, monkeypatch):
    def write(_descriptor, _view):
        raise OSError(28, "no space")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(OSError, match="no space"):
            stored.download(BUCKET, "file", tmp_path / "here")
    assert names(tmp_path) == []


# Servers that lie


@contextmanager
def lying(tell, *, size=SIZE, sha=SHA, filelen=None):
    """Serve `stat` honestly, as given here, and let ``tell(start, end, n)`` answer downloads.

    It returns the bytes of the whole answer, to the n-th download; the connection is closed then.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    heads, lock = [], threading.Lock()
    about = {"name": "file", "ctime": 1, "mtime": 1, "filesize": size, "sha": sha}
    about.update(filelen=size if filelen is None else filelen)
    about.update(access_url=f"{base}/there/file", source_url=f"{base}/there/file")

    def answer(connection):
        with connection, suppress(OSError):
            connection.settimeout(10)
            head = b""
            while b"\r\n\r\n" not in head:
                block = connection.recv(65536)
                if not block:
                    return
                head += block
            if b"op=stat" in head:
                body = json.dumps({"code": 0, "data": about}).encode()
                connection.sendall(http("200 OK", body))
                return
            with lock:
                heads.append(head.decode())
                number = len(heads)
            start, end = map(int, re.search(rb"bytes=(\d+)-(\d+)", head).groups())
            connection.sendall(tell(start, end, number))

    def serve():
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        with connect(base, timeout=(5, 5)) as client:
            yield client, heads
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


def http(status, body, *headers, length=None):
    lines = [f"HTTP/1.1 {status}", "Connection: close", *headers]
    if length != "none":
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def ranged(start, end, body, *headers, total=SIZE, length=None):
    given = f"Content-Range: bytes {start}-{end}/{total}"
    return http("206 Partial Content", body, given, *headers, length=length)


def honest(start, end, _number=0):
    return ranged(start, end, DATA[start : end + 1])


def chunked(start, end, body):
    coded = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return ranged(start, end, coded, "Transfer-Encoding: chunked", length="none")


LIES = {
    "range ignored": (lambda s, e, n: http("200 OK", DATA), cosfast.AnswerError),
    "no Content-Range": (
        lambda s, e, n: http("206 Partial Content", DATA[s : e + 1]),
        cosfast.AnswerError,
    ),
    "another range": (lambda s, e, n: ranged(s + 1, e, DATA[s + 1 : e + 1]), cosfast.AnswerError),
    "another size": (
        lambda s, e, n: ranged(s, e, DATA[s : e + 1], total=len(DATA) + 1),
        cosfast.AnswerError,
    ),
    "short body": (lambda s, e, n: ranged(s, e, DATA[s:e]), cosfast.AnswerError),
    "long body": (lambda s, e, n: ranged(s, e, DATA[s : e + 1] + b"x"), cosfast.AnswerError),
    "long body without a length": (
        lambda s, e, n: ranged(s, e, DATA[s : e + 1] + b"x", length="none"),
        cosfast.AnswerError,
    ),
    "long chunked body": (
        lambda s, e, n: chunked(s, e, DATA[s : e + 1] + b"x"),
        cosfast.AnswerError,
    ),
    "body that breaks off": (
        lambda s, e, n: ranged(s, e, DATA[s:e], length=e + 1 - s),
        cosfast.TransportError,
    ),
    "short body without a length": (
        lambda s, e, n: ranged(s, e, DATA[s:e], length="none"),
        cosfast.TransportError,
    ),
    "short chunked body": (lambda s, e, n: chunked(s, e, DATA[s:e]), cosfast.TransportError),
    "other bytes": (lambda s, e, n: ranged(s, e, bytes(e + 1 - s)), cosfast.IntegrityError),
    "a success in JSON": (
        lambda s, e, n: http("404 Not Found", b'{"code": 0, "data": {}}'),
        cosfast.AnswerError,
    ),
    "a refusal": (
        lambda s, e, n: http("404 Not Found", b'{"code": -197, "message": "gone"}'),
        cosfast.NotFoundError,
    ),
    "a redirect": (
        lambda s, e, n: http("302 Found", b"", "Location: http://127.0.0.1:1/"),
        cosfast.AnswerError,
    ),
    "nothing": (lambda s, e, n: b"", cosfast.TransportError),
}


@pytest.mark.parametrize(("tell", "error"), LIES.values(), ids=LIES)
@pytest.mark.parametrize("concurrency", [1, 3])
def test_a_lie_leaves_no_file(tmp_path, tell, error, concurrency):
    with lying(tell) as (client, _), pytest.raises(error, match="download cos://bucket/file"):
        client.download(BUCKET, "file", tmp_path / "here", concurrency=concurrency)
    assert not (tmp_path / "here").exists()


def test_other_bytes_are_not_kept_for_the_next(tmp_path):
    with lying(LIES["other bytes"][0]) as (client, _), pytest.raises(cosfast.IntegrityError):
        client.download(BUCKET, "file", tmp_path / "here")
    with lying(honest) as (client, _):
        assert client.download(BUCKET, "file", tmp_path / "here").resumed_bytes == 0
    assert (tmp_path / "here").read_bytes() == DATA


def test_chunked_answers_are_taken(tmp_path):
    with lying(lambda s, e, n: chunked(s, e, DATA[s : e + 1])) as (client, _):
        client.download(BUCKET, "file", tmp_path / "here")
    assert (tmp_path / "here").read_bytes() == DATA


@pytest.mark.parametrize(
    "failure",
    [
        b"",
        http("503 Busy", b"<html>"),
        http("400 Bad Request", b'{"code": -71}'),
        None,
    ],
    ids=["nothing", "503", "-71", "half"],
)
def test_is_tried_again_and_signed_afresh(tmp_path, failure):
    def tell(start, end, number):
        if number % 2 == 0:
            return honest(start, end)
        return honest(start, end)[: (end - start) // 2] if failure is None else failure

    seen = []
    with lying(tell) as (client, heads):
        client.download(BUCKET, "file", tmp_path / "here", concurrency=1, progress=seen.append)
    assert (tmp_path / "here").read_bytes() == DATA
    assert (len(heads), sum(seen)) == (6, len(DATA))
    assert len({re.search("Authorization: (.*)\r", head)[1] for head in heads}) == 6
    assert all("Accept-Encoding: identity\r\n" in head for head in heads)


def test_a_file_that_changes_is_noticed_without_a_sha(tmp_path):
    def tell(start, end, number):
        return ranged(start, end, DATA[start : end + 1], f'ETag: "{number}"')

    with lying(tell, sha="") as (client, _):
        with pytest.raises(cosfast.AnswerError, match="verify=False"):
            client.download(BUCKET, "file", tmp_path / "here")
        with pytest.raises(cosfast.AnswerError, match="changed"):
            client.download(BUCKET, "file", tmp_path / "here", verify=False)
        with pytest.raises(cosfast.AnswerError, match="changed"):
            client.read(BUCKET, "file")
    assert names(tmp_path) == []


def test_an_unfinished_upload_is_no_file(tmp_path):
    with lying(honest, filelen=7) as (client, _):
        with pytest.raises(cosfast.AnswerError, match="not complete"):
            client.download(BUCKET, "file", tmp_path / "here")


def test_no_signature_shows_anywhere(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    def tell(start, end, number):
        body = json.dumps({"code": -97, "message": f"not {heads[-1]}"}).encode()
        return http("403 Forbidden", body)

    with lying(tell) as (client, heads):
        with pytest.raises(cosfast.AuthenticationError) as caught:
            client.download(BUCKET, "file", tmp_path / "here")
    signature = re.search("Authorization: (.*)\r", heads[0])[1]
    assert signature not in caplog.text + str(caught.value) + repr(caught.value)
    assert CREDENTIALS.secret_key not in caplog.text


# Killed

KILLED = """
import sys, cosfast
credentials = cosfast.Credentials(*sys.argv[1:4])
with cosfast.Client(credentials, endpoint=sys.argv[4], journal=None) as client:
    print("begins", flush=True)
    client.download("bucket", "file", sys.argv[5], concurrency=2, max_rate=100 << 20)
"""


def kill_and_go_on(client, endpoint, target, delays):
    account = (CREDENTIALS.appid, CREDENTIALS.secret_id, CREDENTIALS.secret_key)
    client.upload(LARGE, BUCKET, "file")
    resumed = 0
    for delay in delays:
        target.unlink(missing_ok=True)
        command = [sys.executable, "-c", KILLED, *account, endpoint, str(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout.readline() == "begins\n"
            time.sleep(delay)
            process.kill()
        if target.exists():  # it was quicker
            assert target.read_bytes() == LARGE
        result = client.download(BUCKET, "file", target)
        assert target.read_bytes() == LARGE
        assert names(target.parent) == [target.name]
        resumed += 0 < result.resumed_bytes < len(LARGE)
    return resumed


def test_killed_and_gone_on_with(client, emulator, tmp_path):
    delays = [0.0, 0.12, 0.17]
    kill_and_go_on(client, emulator.endpoint, tmp_path / "here", delays)


@pytest.mark.slow
def test_killed_at_a_hundred_instants(client, emulator, tmp_path):
    delays = [0.0028 * number for number in range(100)]
    assert kill_and_go_on(client, emulator.endpoint, tmp_path / "here", delays) > 10
