"""Whatever comes in, an envelope goes out: never a traceback, a 500 or a stuck connection.

COSFAST_EMULATOR_FUZZ sets how many requests are made of each kind; the seed is fixed.
"""

from __future__ import annotations

import json
import logging
import os
import random

import pytest
from emulator.wire import (
    BOUNDARY,
    MIB,
    Api,
    Wire,
    fileid,
    multipart,
    part,
    request,
    sign,
    target,
)

from cosfast.emulator import Emulator, Limits

REQUESTS = int(os.environ.get("COSFAST_EMULATOR_FUZZ", "500"))

OPS = [
    "upload_slice_init",
    "upload_slice_list",
    "upload_slice_data",
    "upload_slice_finish",
    "upload_slice",
    "upload",
    "stat",
    "update",
    "delete",
    "create",
    "list",
    "move",
    "copy",
]
SHA = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
ABSURD = [
    b"",
    b"0",
    b"-1",
    b"1e9",
    b"99999999999999999999999",
    b"\0",
    b"\xff\xfe",
    b"[]",
    b"{}",
    b"null",
    b"true",
    b"../../etc/passwd",
    b"%00",
    b"a" * 5000,
    "文件".encode(),
    b"'; DROP TABLE entries; --",
    b"[" * 3000,
    b'[{"offset":0}]',
    b"1048576",
    SHA.encode(),
    b"/",
    b"//",
    b" ",
    b"\r\n",
    b"NaN",
]
FIELDS = {
    "op": [op.encode() for op in OPS],
    "filesize": [b"0", b"5", b"1048576", b"5242880"],
    "slice_size": [b"524288", b"1048576"],
    "sha": [SHA.encode()],
    "uploadparts": [b"[]", json.dumps([{"offset": 0, "datalen": 5, "datasha": SHA}]).encode()],
    "session": [b"0" * 56],
    "offset": [b"0", b"1048576"],
    "filecontent": [b"", b"hello"],
    "insertOnly": [b"0", b"1"],
    "biz_attr": [b"attr"],
    "datamd5": [b"0" * 32],
    "authority": [b"eWRPrivate"],
    "custom_headers": [b'{"Content-Type":"a/b"}'],
    "dest_fileid": [b"/moved", b"beside"],
    "to_over_write": [b"1"],
    "num": [b"5"],
    "context": [b""],
}
PATHS = ["/", "/a", "/folder/", "/folder/b", "/none/c", "/%E6%96%87", "/..", "/%00", "/a%2Fb"]


def some_fields(rng):
    """Pick fields that make some sense, then spoil a few of them."""
    names = ["op", *rng.sample(sorted(FIELDS), rng.randrange(len(FIELDS)))]
    fields = [(name, rng.choice(FIELDS[name])) for name in names]
    for _ in range(rng.randrange(3)):
        at = rng.randrange(len(fields))
        kind = rng.randrange(4)
        if kind == 0:
            fields[at] = (fields[at][0], rng.choice(ABSURD))
        elif kind == 1:
            fields.append((fields[at][0], rng.choice(ABSURD)))
        elif kind == 2:
            fields[at] = (fields[at][0], rng.randbytes(rng.randrange(40)))
        elif len(fields) > 1:
            del fields[at]
    rng.shuffle(fields)
    return fields


def json_value(rng, value):
    kinds = [value.decode("latin-1"), 5, -1, 1.5, True, None, [], {}, 10**30, "\ud800"]
    return kinds[0] if rng.random() < 0.7 else rng.choice(kinds)


def some_body(rng, fields):
    """Return a Content-Type and a body."""
    kind = rng.randrange(4)
    if kind == 0:
        body = json.dumps({name: json_value(rng, value) for name, value in fields}).encode()
        return "application/json", body
    if kind == 1:
        return "application/x-www-form-urlencoded", b"&".join(
            name.encode() + b"=" + value for name, value in fields
        )
    return f"multipart/form-data; boundary={BOUNDARY}", multipart(
        *(part(name, value) for name, value in fields)
    )


def spoil(rng, data):
    """Damage a request's bytes: flip, cut, double, insert."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 6)):
        at = rng.randrange(len(data))
        kind = rng.randrange(4)
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[at : at + rng.randrange(1, 30)]
        elif kind == 2:
            data[at:at] = data[at : at + rng.randrange(1, 30)]
        else:
            data[at:at] = rng.randbytes(rng.randrange(1, 9))
        if not data:
            return b"\r\n\r\n"
    return bytes(data)


def whole_request(rng):
    path = rng.choice(PATHS)
    kind, body = some_body(rng, some_fields(rng))
    decoded = path.replace("%E6%96%87", "文")
    signature = sign(fileid(decoded), once=rng.random() < 0.4)
    if rng.random() < 0.5:
        signature = sign()
    headers = [f"Content-Type: {kind}", f"Authorization: {signature}"]
    if rng.random() < 0.1:
        headers.append("Expect: 100-continue")
    method = rng.choice(["POST"] * 8 + ["GET", "PUT", "HEAD"])
    return request(target(path), body, *headers, method=method)


def check_answer(endpoint, data):
    """Send a request and all there is of it; the answer is an envelope, or a closed connection."""
    with Wire(endpoint) as wire:
        try:
            wire.send(data)
            wire.end_sending()
        except OSError:
            pass  # refused before all of it was read, which is the server's right
        try:
            status, headers = wire.read_head()
            while status == 100:
                status, headers = wire.read_head()
        except (AssertionError, ConnectionResetError):
            assert b"\r\n\r\n" not in data, f"no answer to {data!r}"
            return None
        assert status in {200, 206, 400, 403, 404, 416}, (status, data)
        assert "x-cos-request-id" in headers
        return status


@pytest.fixture
def fuzzed(tmp_path, caplog):
    """A server that has to come out of it as it went in."""
    caplog.set_level(logging.WARNING)
    limits = Limits(idle_timeout=2, upload_size=MIB, fields_size=100_000)
    with Emulator(tmp_path, limits=limits) as emulator:
        api = Api(emulator.endpoint)
        assert api.create("/folder/").code == 0
        yield emulator
        assert api.upload("/folder/last", b"alive", insertOnly="0").code == 0
        assert api.download("/folder/last").content == b"alive"
    ours = [record for record in caplog.records if record.name.startswith("cosfast")]
    assert not ours, "nothing here is the server's fault"
    before = len(list((tmp_path / "files").iterdir()))
    with Emulator(tmp_path):
        assert len(list((tmp_path / "files").iterdir())) == before, "no file was leaked"


def test_fields_missing_doubled_and_absurd(fuzzed):
    rng = random.Random(1)
    statuses = {check_answer(fuzzed.endpoint, whole_request(rng)) for _ in range(REQUESTS)}
    assert {200, 400, 403, 404} <= statuses


def test_damaged_bytes(fuzzed):
    rng = random.Random(2)
    statuses = {
        check_answer(fuzzed.endpoint, spoil(rng, whole_request(rng))) for _ in range(REQUESTS)
    }
    assert {200, 400} <= statuses


def test_requests_cut_off_anywhere(fuzzed):
    rng = random.Random(3)
    for _ in range(REQUESTS):
        data = whole_request(rng)
        check_answer(fuzzed.endpoint, data[: rng.randrange(1, len(data))])


def test_random_bytes(fuzzed):
    rng = random.Random(4)
    for _ in range(REQUESTS):
        check_answer(fuzzed.endpoint, rng.randbytes(rng.randrange(1, 2000)))
