"""Injected faults: the effect of each kind, and the record of those that have fired."""

from __future__ import annotations

import json
import socket
import time
from urllib.parse import urlsplit

import pytest
import requests
from emulated import BUCKET, connect, start_emulator

import cosfast
from cosfast.emulator import faults
from cosfast.emulator.faults.kinds import KINDS

MIB = 1024 * 1024
ONCE = {"retry": cosfast.NO_RETRY}


@pytest.fixture
def emulator():
    with start_emulator(faults_over_http=True) as server:
        yield server


def upload(emulator, size=10, **options):
    with connect(emulator.endpoint, **{**ONCE, **options}) as client:
        return client.upload(bytes(size), BUCKET, "file")


def exists(emulator):
    with connect(emulator.endpoint, **ONCE) as client:
        try:
            client.stat(BUCKET, "file")
        except cosfast.NotFoundError:
            return False
        return True


OUTCOMES = [
    (faults.HttpStatus(503), cosfast.AnswerError, False),
    (faults.Refusal(-71), cosfast.ThrottledError, False),
    (faults.Refusal(-97), cosfast.AuthenticationError, False),
    (faults.ResetAfter(5), cosfast.TransportError, False),
    (faults.Stall(0.05), cosfast.TransportError, False),
    (faults.TruncatedJson(), cosfast.AnswerError, True),
    (faults.TruncatedJson(done=False), cosfast.AnswerError, False),
    (faults.NotJson(), cosfast.AnswerError, False),
    (faults.NotJson(done=True), cosfast.AnswerError, True),
    (faults.EmptyAnswer(), cosfast.AnswerError, True),
    (faults.EmptyAnswer(done=False), cosfast.AnswerError, False),
    (faults.LostAnswer(), cosfast.TransportError, True),
]


@pytest.mark.parametrize(
    ("fault", "error", "done"), OUTCOMES, ids=[repr(outcome[0]) for outcome in OUTCOMES]
)
def test_each_fault_has_its_effect_and_does_the_work_or_not(emulator, fault, error, done):
    emulator.faults.add("upload", fault)
    with pytest.raises(error):
        upload(emulator)
    emulator.faults.check_all_fired()
    assert exists(emulator) is done


def test_a_reset_within_a_body(emulator):
    emulator.faults.add("upload", faults.ResetAfter(MIB))
    with pytest.raises(cosfast.TransportError):
        upload(emulator, 8 * MIB)
    assert not exists(emulator)


@pytest.mark.parametrize("kind", [faults.TruncatedJson, faults.NotJson, faults.EmptyAnswer])
def test_refusals_and_downloads_can_be_malformed_too(emulator, kind):
    upload(emulator)
    emulator.faults.add("upload", kind(done=True))
    with pytest.raises(cosfast.AnswerError):
        upload(emulator)
    for done in (True, False):
        emulator.faults.add("download", kind(done=done))
        with connect(emulator.endpoint, **ONCE) as client, pytest.raises(cosfast.AnswerError):
            client.read(BUCKET, "file")
    emulator.faults.check_all_fired()


def test_latency_and_bandwidth_take_their_time(emulator):
    emulator.faults.add("upload", faults.Latency(0.2))
    started = time.monotonic()
    upload(emulator)
    assert time.monotonic() - started >= 0.2
    emulator.faults.add("upload", faults.Bandwidth(10 * MIB))
    started = time.monotonic()
    with connect(emulator.endpoint) as client:
        client.upload(bytes(3 * MIB), BUCKET, "other")
    assert time.monotonic() - started >= 0.25


def test_a_session_can_be_lost_and_a_slice_size_be_wrong(emulator):
    with connect(emulator.endpoint, **ONCE) as client:
        emulator.faults.add("upload_slice_init", faults.WrongSliceSize(524288))
        opened = client.slice_init(BUCKET, "file", filesize=2 * MIB)
        assert opened.slice_size == 524288
        emulator.faults.add("upload_slice_data", faults.SessionExpired())
        with pytest.raises(cosfast.SessionError):
            client.slice_data(BUCKET, "file", session=opened.session, offset=0, content=bytes(MIB))
        with pytest.raises(cosfast.NotFoundError):
            client.slice_list(BUCKET, "file")
    emulator.faults.check_all_fired()


@pytest.mark.parametrize("size", [100_032, 524288, 3 * MIB])
def test_a_session_that_has_another_slice_size_can_be_finished(emulator, size):
    emulator.faults.add("upload_slice_init", faults.SessionSliceSize(size))
    content = bytes(range(256)) * 12_000  # above 2 MiB, and no multiple of any of the sizes
    with connect(emulator.endpoint, **ONCE) as client:
        opened = client.slice_init(BUCKET, "file", filesize=len(content))
        assert opened.slice_size == size
        assert client.slice_list(BUCKET, "file").slice_size == size
        for offset in range(0, len(content), size):
            piece = content[offset : offset + size]
            client.slice_data(BUCKET, "file", session=opened.session, offset=offset, content=piece)
        client.slice_finish(BUCKET, "file", session=opened.session, filesize=len(content))
        assert client.read(BUCKET, "file") == content
    emulator.faults.check_all_fired()


def test_an_upload_follows_the_slice_size_of_its_session(emulator):
    emulator.faults.add("upload_slice_init", faults.SessionSliceSize(699_968))
    content = bytes(range(256)) * 50_000
    with connect(emulator.endpoint, **ONCE) as client:
        client.upload(content, BUCKET, "file")
        assert client.read(BUCKET, "file") == content
    emulator.faults.check_all_fired()


def test_faults_fire_in_order_and_once_each(emulator):
    emulator.faults.add("upload", faults.HttpStatus(500))
    emulator.faults.add("upload", faults.Refusal(-71), times=2)
    for error in (cosfast.AnswerError, cosfast.ThrottledError, cosfast.ThrottledError):
        with pytest.raises(error):
            upload(emulator)
    upload(emulator)
    assert [entry.fault for entry in emulator.faults.fired] == [
        faults.HttpStatus(500),
        faults.Refusal(-71),
        faults.Refusal(-71),
    ]


def test_a_fault_that_never_fired_fails_the_test(emulator):
    emulator.faults.add("upload_slice_finish", faults.LostAnswer())
    upload(emulator)
    with pytest.raises(AssertionError, match="1 faults never fired.*upload_slice_finish"):
        emulator.faults.check_all_fired()
    emulator.faults.clear()
    emulator.faults.check_all_fired()


def test_over_http(emulator):
    url = f"{emulator.endpoint}/_emulator/faults"
    entry = {"operation": "upload", "fault": "status", "status": 502, "times": 2}
    assert requests.post(url, json=[entry], timeout=10).status_code == 200
    with pytest.raises(cosfast.AnswerError):
        upload(emulator)
    told = requests.get(url, timeout=10).json()
    expected = {"operation": "upload", "fault": "status", "status": 502, "retry_after": 0}
    assert told == {"waiting": [expected], "fired": [expected]}
    assert requests.delete(url, timeout=10).json() == {"waiting": [], "fired": []}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_asked_for_over_http(emulator, kind):
    url = f"{emulator.endpoint}/_emulator/faults"
    answer = requests.post(url, json={"operation": "stat", "fault": kind}, timeout=10)
    assert answer.json()["waiting"][0]["fault"] == kind


@pytest.mark.parametrize(
    "entry",
    [
        "text",
        [],
        {},
        {"operation": "upload"},
        {"operation": "no-such", "fault": "status"},
        {"operation": "upload", "fault": "no-such"},
        {"operation": "upload", "fault": "status", "colour": 1},
        {"operation": "upload", "fault": "status", "status": "x"},
        {"operation": "upload", "fault": "status", "times": 0},
        {"operation": "upload", "fault": "latency", "seconds": -1},
        {"operation": "upload", "fault": "bandwidth", "bytes_per_second": 0},
        {"operation": "upload", "fault": "status", "times": 10**9},
        {"operation": "upload", "fault": "status", "times": 10**30},
        {"operation": "upload", "fault": "status", "status": 99},
        {"operation": "upload", "fault": "status", "status": 10**30},
        {"operation": "upload", "fault": "status", "status": 503.5},
        {"operation": "upload", "fault": "status", "status": True},
        {"operation": "upload", "fault": "code", "code": -(10**30)},
        {"operation": "upload", "fault": "latency", "seconds": 10**400},
        {"operation": "upload", "fault": "latency", "seconds": float("nan")},
        {"operation": "upload", "fault": "latency", "seconds": float("inf")},
        {"operation": "upload", "fault": "slice-size", "size": 1.5},
        {"operation": "upload", "fault": "session-slice-size", "size": 0},
        {"operation": "upload", "fault": "session-slice-size", "size": 2**63},
        {"operation": "upload", "fault": "not-json", "done": 1},
        {"operation": "upload", "fault": "latency", "seconds": True},
    ],
    ids=str,
)
def test_invalid_faults_are_refused_as_a_whole(emulator, entry):
    url = f"{emulator.endpoint}/_emulator/faults"
    good = {"operation": "upload", "fault": "status"}
    as_json = {"Content-Type": "application/json"}
    text = json.dumps([good, entry])  # requests' own `json` refuses NaN
    assert requests.post(url, data=text, headers=as_json, timeout=10).status_code == 400
    answer = requests.post(url, data="not json", headers=as_json, timeout=10)
    assert answer.status_code == 400
    assert emulator.faults.waiting == []


def test_faults_over_http_are_off_by_default():
    with start_emulator() as server:
        answer = requests.get(f"{server.endpoint}/_emulator/faults", timeout=10)
        assert answer.json()["code"] < 0


# -- pages of strangers in a browser on the same machine


ENTRY = {"operation": "upload", "fault": "status"}


def of_page(origin, **headers):
    """Return the headers that a browser adds to requests from a page of this origin."""
    return {"Origin": origin, "Sec-Fetch-Mode": "cors", **headers}


@pytest.mark.parametrize(
    "headers",
    [
        of_page("http://evil.example"),
        of_page("null"),
        of_page("http://127.0.0.1:1"),
        of_page("https://{host}"),
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Content-Type": "text/plain"},
        {"Content-Type": "text/plain;application/json"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "multipart/form-data; boundary=x"},
        {"Content-Type": ""},
        {"Host": "evil.example"},
    ],
    ids=str,
)
def test_faults_are_not_taken_from_a_foreign_page(emulator, headers):
    host = urlsplit(emulator.endpoint).netloc
    headers = {name: value.format(host=host) for name, value in headers.items()}
    headers = {"Content-Type": "application/json", **headers}
    url = f"{emulator.endpoint}/_emulator/faults"
    answer = requests.post(url, data=json.dumps(ENTRY), headers=headers, timeout=10)
    assert answer.status_code in {403, 415}
    assert emulator.faults.waiting == []


def test_faults_are_not_cleared_for_a_foreign_page(emulator):
    emulator.faults.add("upload", faults.HttpStatus(503))
    url = f"{emulator.endpoint}/_emulator/faults"
    for headers in (of_page("http://evil.example"), {"Sec-Fetch-Site": "cross-site"}):
        assert requests.delete(url, headers=headers, timeout=10).status_code == 403
    assert len(emulator.faults.waiting) == 1
    emulator.faults.clear()


def test_a_page_of_the_server_itself_may_change_them(emulator):
    headers = of_page(emulator.endpoint, **{"Sec-Fetch-Site": "same-origin"})
    url = f"{emulator.endpoint}/_emulator/faults"
    assert requests.post(url, json=ENTRY, headers=headers, timeout=10).status_code == 200
    assert len(emulator.faults.waiting) == 1
    emulator.faults.clear()


@pytest.mark.parametrize("method", ["POST", "DELETE", "GET"])
def test_a_cors_preflight_is_refused(emulator, method):
    headers = of_page(
        "http://evil.example",
        **{
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "content-type",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    url = f"{emulator.endpoint}/_emulator/faults"
    answer = requests.options(url, headers=headers, timeout=10)
    assert not answer.ok
    assert not [name for name in answer.headers if name.lower().startswith("access-control")]


def test_a_body_in_two_pieces_is_read_whole(emulator):
    body = json.dumps([ENTRY] * 100).encode()
    address = urlsplit(emulator.endpoint)
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        head = (
            f"POST /_emulator/faults HTTP/1.1\r\nHost: {address.netloc}\r\nConnection: close\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        connection.sendall(head.encode() + body[:20])
        time.sleep(0.1)
        connection.sendall(body[20:])
        assert connection.recv(1000).startswith(b"HTTP/1.1 200 ")
    assert len(emulator.faults.waiting) == 100
    emulator.faults.clear()


def test_a_body_above_the_limit_is_refused(emulator):
    url = f"{emulator.endpoint}/_emulator/faults"
    answer = requests.post(url, json=[ENTRY] * 10_000, timeout=10)
    assert answer.status_code == 400
    assert emulator.faults.waiting == []
