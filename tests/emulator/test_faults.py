"""Faults on demand: what each does to a request, and that it is told which have fired."""

from __future__ import annotations

import time

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
    (faults.NotJson(), cosfast.AnswerError, False),
    (faults.LostAnswer(), cosfast.TransportError, True),
]


@pytest.mark.parametrize(
    ("fault", "error", "done"), OUTCOMES, ids=[outcome[0].kind for outcome in OUTCOMES]
)
def test_what_a_client_meets_and_whether_the_work_was_done(emulator, fault, error, done):
    emulator.faults.add("upload", fault)
    with pytest.raises(error):
        upload(emulator)
    emulator.faults.check_all_fired()
    assert exists(emulator) is done


def test_a_reset_comes_in_the_midst_of_a_body(emulator):
    emulator.faults.add("upload", faults.ResetAfter(MIB))
    with pytest.raises(cosfast.TransportError):
        upload(emulator, 8 * MIB)
    assert not exists(emulator)


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


def test_they_fire_in_order_and_each_once(emulator):
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


def test_one_that_never_fired_fails_the_test(emulator):
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
    ],
)
def test_what_makes_no_sense_is_refused_whole(emulator, entry):
    url = f"{emulator.endpoint}/_emulator/faults"
    good = {"operation": "upload", "fault": "status"}
    assert requests.post(url, json=[good, entry], timeout=10).status_code == 400
    assert requests.post(url, data="not json", timeout=10).status_code == 400
    assert emulator.faults.waiting == []


def test_only_where_it_was_asked_for():
    with start_emulator() as server:
        answer = requests.get(f"{server.endpoint}/_emulator/faults", timeout=10)
        assert answer.json()["code"] < 0
