"""Whatever comes in, an envelope goes out: never a traceback, a 500 or a stuck connection.

COSFAST_EMULATOR_FUZZ sets how many requests are made of each kind; the seed is fixed.
"""

from __future__ import annotations

import json
import logging
import os
import random
from dataclasses import fields
from urllib.parse import quote

import pytest
from emulator.wire import (
    APPID,
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
from cosfast.emulator.faults.kinds import KINDS

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
    """Choose valid fields, then corrupt some of them."""
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
    """Corrupt the bytes of a request: flip, cut, duplicate, insert."""
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
    """Send a request and end the stream; check for an envelope, or a closed connection."""
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
        assert status in {200, 206, 304, 400, 403, 404, 412, 416}, (status, data)
        assert "x-cos-request-id" in headers
        return status


@pytest.fixture
def fuzzed(tmp_path, caplog):
    """A server that must still work after the tests."""
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


# -- numbers and dates, wherever one is read


HOSTILE_NUMBERS = [
    *("9" * 5000, "-" + "9" * 5000, "0" * 5000, "0" * 5000 + "1", "9" * 19, "1" + "0" * 18),
    *("9223372036854775807", "9223372036854775808", "18446744073709551615"),
    *("18446744073709551616", "340282366920938463463374607431768211456", "1" + "0" * 400),
    *("-1", "-0", "+1", "1e5", "1e999", "-1e999", "1.0", "0x10", "0b1", "1_000", "1,000"),
    *("NaN", "Infinity", "-Infinity", "1 2", " 5", "5\t", "5\0", "\0", "5L", "1/2", ""),
    *("\u0661\u0662", "\uff11", "\u00b2", "\u2462", "\u096b", "\u00a05", "5\u2003", "\U0001d7d9"),
]
NUMBER_FIELDS = [
    *(("upload_slice_init", name) for name in ("filesize", "slice_size", "insertOnly")),
    *(("upload_slice", name) for name in ("filesize", "slice_size", "offset", "session")),
    *(("upload_slice_data", "offset"), ("upload_slice_finish", "filesize")),
    *(("upload", "insertOnly"), ("list", "num"), ("list", "context")),
    *(("move", "to_over_write"), ("copy", "to_over_write"), ("update", "biz_attr")),
]
URLENCODED = "application/x-www-form-urlencoded"
SIGNED_NUMBERS = ["e", "t", "r", "a"]
NUMBER_HEADERS = [
    *("Range: bytes={}-", "Range: bytes=-{}", "Range: bytes=0-{}", "Range: bytes={0}-{0}"),
    *("If-Range: {}", "If-Modified-Since: {}", "If-Unmodified-Since: {}", 'If-None-Match: "{}"'),
    *("If-Match: {}", "If-Modified-Since: Sun, 06 Nov {} 08:49:37 GMT", "Content-Length: {}"),
    *("If-Modified-Since: Sun, {} Nov 2030 08:49:37 GMT", "Expect: {}", "Host: h:{}", "Host: {}"),
    *("Keep-Alive: timeout={}", "Max-Forwards: {}", "Age: {}", "Content-Type: a/b; boundary={}"),
]
HOSTILE_TARGETS = [
    *("http://h:{}/files/v2/" + f"{tail}" for tail in (f"{APPID}/bucket/a?op=stat", "")),
    *("http://{}/files/v2/1250000000/bucket/a?op=stat", "http://bucket-{}.file.myqcloud.com/a"),
    *("/files/v2/{}/bucket/a?op=stat", "/bucket-{}.file.myqcloud.com/a", "/_emulator/{}"),
    *("/bucket-1250000000.file.myqcloud.com:{}/a", "http://h:{}/_emulator/"),
    *("http://gz.file.myqcloud.com:{}/files/v2/1250000000/bucket/a?op=stat", "http://[::{}]/"),
    "http://[{}]/files/v2/1250000000/bucket/a?op=stat",
]


def percent(text):
    return quote(text.encode("utf-8", "surrogateescape"), safe="")


@pytest.mark.parametrize(("op", "name"), NUMBER_FIELDS, ids="-".join)
def test_hostile_numbers_in_the_field(fuzzed, op, name):
    """In a body of any kind, or the query; as text, or as a JSON number."""
    rng = random.Random(f"{op} {name}")
    given = {"op": op, "filesize": "5", "slice_size": "1048576", "session": "0" * 56}
    for number in HOSTILE_NUMBERS:
        given[name] = number
        query = "&".join(f"{key}={percent(value)}" for key, value in given.items())
        text = json.dumps(given)
        bare = text.replace(json.dumps(number), number or "0")
        form = multipart(*(part(key, value.encode()) for key, value in given.items()))
        data = rng.choice(
            [
                request(target("/a"), form),
                request(target("/a"), text.encode(), "Content-Type: application/json"),
                request(target("/a"), bare.encode(), "Content-Type: application/json"),
                request(target("/a"), query.encode(), f"Content-Type: {URLENCODED}"),
                request(f"{target('/a')}?{query}", b""),
            ]
        )
        check_answer(fuzzed.endpoint, data)


@pytest.mark.parametrize("name", ["offset", "datalen"])
def test_hostile_numbers_in_parts_lists(fuzzed, name):
    right = {"offset": 0, "datalen": 5}
    for number in HOSTILE_NUMBERS:
        for value in (number or "-", json.dumps(number)):
            text = json.dumps({**right, name: "HERE", "datasha": SHA}).replace('"HERE"', value)
            body = multipart(
                *(part("op", b"upload_slice_init"), part("filesize", b"5")),
                *(part("slice_size", b"1048576"), part("sha", SHA.encode())),
                part("uploadparts", f"[{text}]".encode()),
            )
            is_right = value.strip() == str(right[name])
            if not is_right and (name, value) != ("offset", "-0"):  # which is 0 in JSON
                assert check_answer(fuzzed.endpoint, request(target("/p"), body)) == 400, value


def test_hostile_numbers_in_signatures(fuzzed):
    for name in SIGNED_NUMBERS:
        for number in HOSTILE_NUMBERS:
            signature = sign(**{name: number})
            header = f"Authorization: {signature}"
            stat = target("/a") + "?op=stat"
            check_answer(fuzzed.endpoint, request(stat, b"", header, method="GET"))
            in_query = f"/bucket-{APPID}.file.myqcloud.com/folder/b?sign={percent(signature)}"
            check_answer(fuzzed.endpoint, request(in_query, b"", "Authorization:", method="GET"))


@pytest.mark.parametrize("form", NUMBER_HEADERS)
def test_hostile_numbers_in_the_header(fuzzed, form):
    assert Api(fuzzed.endpoint).upload("/ranged", bytes(100), insertOnly="0").code == 0
    download = f"/bucket-{APPID}.file.myqcloud.com/ranged"
    for number in HOSTILE_NUMBERS:
        header = form.format(number)
        for method in ("GET", "HEAD"):
            data = request(download, b"", header, "Authorization:", method=method)
            check_answer(fuzzed.endpoint, data)
        check_answer(fuzzed.endpoint, request(target("/a"), b"", header))


@pytest.mark.parametrize("form", HOSTILE_TARGETS)
def test_hostile_numbers_in_targets(fuzzed, form):
    for number in HOSTILE_NUMBERS:
        for text in (percent(number), number):
            if any(character <= " " for character in text):
                continue  # that ends the target
            data = request(form.format(text), b"", method="GET")
            check_answer(fuzzed.endpoint, data)


def test_hostile_numbers_in_chunks(fuzzed):
    for number in HOSTILE_NUMBERS:
        head = request(target("/a"), b"", "Transfer-Encoding: chunked", "Content-Length:")
        head = head.replace(b"Content-Length:\r\n", b"")
        check_answer(fuzzed.endpoint, head + number.encode() + b"\r\nhello\r\n0\r\n\r\n")


def test_hostile_numbers_in_faults(tmp_path, caplog):
    caplog.set_level(logging.WARNING)
    with Emulator(tmp_path, faults_over_http=True) as emulator:
        url = f"{emulator.endpoint}/_emulator/faults"
        api = Api(emulator.endpoint)
        rng = random.Random(5)
        attributes = [(name, field.name) for name, kind in KINDS.items() for field in fields(kind)]
        for kind, name in [*attributes, ("not-json", "times")]:
            for number in HOSTILE_NUMBERS:
                value = rng.choice([number or "0", json.dumps(number)])
                entry = f'{{"operation": "stat", "fault": "{kind}", "{name}": {value}}}'
                headers = {"Content-Type": "application/json"}
                answer = api.http.post(url, data=entry.encode(), headers=headers)
                assert answer.status_code in {200, 400}, entry
        for entry in emulator.faults.waiting:
            assert isinstance(entry.fault, tuple(KINDS.values()))
        emulator.faults.clear()
    assert not [record for record in caplog.records if record.name.startswith("cosfast")]


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
