"""Lost responses, responses whose size depends on the request, and server texts in errors."""

from __future__ import annotations

import hashlib
import json
import pickle

import pytest
from emulated import BUCKET, connect
from scripted import http, scripted
from worked_values import content

import cosfast
from cosfast.emulator import faults

MIB = 1024 * 1024
SMALL = 1 * MIB
SLICED = 9 * MIB


# Answers that tell nothing about what the server did

LOST = {
    "html after": faults.NotJson(done=True),
    "html instead": faults.NotJson(),
    "truncated after": faults.TruncatedJson(),
    "truncated instead": faults.TruncatedJson(done=False),
    "empty after": faults.EmptyAnswer(),
    "empty instead": faults.EmptyAnswer(done=False),
    "reset after": faults.LostAnswer(),
}


@pytest.fixture(params=LOST.values(), ids=LOST.keys())
def lost(request):
    return request.param


@pytest.mark.parametrize("size", [0, SMALL])
def test_a_small_upload_survives_it(emulator, client, lost, size):
    data = content(size)
    emulator.faults.add("upload", lost, times=2)
    result = client.upload(data, BUCKET, "file")
    emulator.faults.check_all_fired()
    assert result.sha1 == client.stat(BUCKET, "file").sha1 == hashlib.sha1(data).hexdigest()


@pytest.mark.parametrize(
    "options",
    [
        {"integrity": integrity, "overwrite": overwrite}
        for integrity in ("parts", "stream", "none")
        for overwrite in (False, True)
    ],
    ids=str,
)
@pytest.mark.parametrize(
    "operation", ["upload_slice_init", "upload_slice_data", "upload_slice_finish"]
)
def test_an_upload_in_slices_survives_it(emulator, client, lost, operation, options):
    data = content(SLICED)
    emulator.faults.add(operation, lost, times=3)
    client.upload(data, BUCKET, "file", **options)
    emulator.faults.check_all_fired()
    assert client.stat(BUCKET, "file").sha1 == hashlib.sha1(data).hexdigest()


def test_an_instant_upload_survives_it(emulator, client, lost):
    data = content(SLICED)
    client.upload(data, BUCKET, "first")
    emulator.faults.add("upload_slice_init", lost, times=2)
    assert client.upload(data, BUCKET, "second").instant
    emulator.faults.check_all_fired()


def test_other_content_that_was_there_is_not_taken_for_ours(emulator, client, lost):
    for size in (SMALL, SLICED):
        client.upload(bytes(size), BUCKET, "file", overwrite=True)
        for operation in ("upload", "upload_slice_init"):
            emulator.faults.add(operation, lost)
        with pytest.raises(cosfast.ExistsError):
            client.upload(content(size), BUCKET, "file")
        emulator.faults.clear()


def test_a_resumed_upload_survives_it(emulator, client, lost):
    data = content(SLICED)
    parts = cosfast.uploadparts(data)
    client.slice_init(BUCKET, "file", filesize=SLICED, parts=parts)
    emulator.faults.add("upload_slice_list", lost, times=3)
    client.upload(data, BUCKET, "file")
    emulator.faults.check_all_fired()
    assert client.stat(BUCKET, "file").sha1 == parts.sha1


def test_an_unfinished_upload_is_replaced_in_spite_of_it(emulator, client, lost):
    data = content(SLICED)
    client.slice_init(BUCKET, "file", filesize=20 * MIB)
    for operation in ("upload_slice_init", "upload_slice_list", "delete"):
        emulator.faults.add(operation, lost, times=2)
    client.upload(data, BUCKET, "file", overwrite=True, integrity="none")
    assert client.stat(BUCKET, "file").sha1 == hashlib.sha1(data).hexdigest()


def test_folders_survive_it(emulator, client, lost):
    emulator.faults.add("create", lost, times=2)
    client.create_folder(BUCKET, "a", biz_attr="mine")
    emulator.faults.check_all_fired()
    emulator.faults.add("create", lost, times=2)
    client.create_folder(BUCKET, "b/c/d", parents=True)
    emulator.faults.check_all_fired()
    assert client.exists(BUCKET, "b/c/d/")
    emulator.faults.add("create", lost)
    with pytest.raises(cosfast.ExistsError):
        client.create_folder(BUCKET, "a", biz_attr="another")
    emulator.faults.add("delete", lost, times=2)
    client.delete(BUCKET, "a/")
    emulator.faults.check_all_fired()
    assert not client.exists(BUCKET, "a/")
    emulator.faults.add("delete", lost)
    client.delete(BUCKET, "b", recursive=True)
    assert not client.exists(BUCKET, "b/")


def test_files_survive_it(emulator, client, lost):
    client.upload(b"data", BUCKET, "file", biz_attr="old")
    for operation in ("stat", "list", "update", "copy", "move", "delete", "download"):
        emulator.faults.add(operation, lost, times=2)
    client.update(BUCKET, "file", biz_attr="new")
    assert client.stat(BUCKET, "file").biz_attr == "new"
    client.copy(BUCKET, "file", "copied")
    client.move(BUCKET, "file", "moved")
    assert {entry.name for entry in client.list(BUCKET)} == {"copied", "moved"}
    assert client.read(BUCKET, "copied") == b"data"
    client.delete(BUCKET, "copied")
    emulator.faults.check_all_fired()
    assert [entry.name for entry in client.list(BUCKET)] == ["moved"]


def test_a_download_to_a_path_survives_it(emulator, client, lost, tmp_path):
    data = content(SLICED)
    client.upload(data, BUCKET, "file")
    emulator.faults.add("download", lost, times=3)
    client.download(BUCKET, "file", tmp_path / "file")
    emulator.faults.check_all_fired()
    assert (tmp_path / "file").read_bytes() == data


def test_what_is_lost_is_told_when_the_tries_are_used_up(emulator):
    emulator.faults.add("stat", faults.NotJson(), times=9)
    with connect(emulator.endpoint) as client, pytest.raises(cosfast.AnswerError) as caught:
        client.stat(BUCKET, "file")
    assert caught.value.lost
    assert caught.value.tried_before
    assert pickle.loads(pickle.dumps(caught.value)).lost
    assert len(emulator.faults.fired) == 4


# Responses whose size depends on the request


def envelope(data):
    return json.dumps({"code": 0, "message": "", "request_id": "r", "data": data}).encode()


def test_a_page_of_a_thousand_large_entries_is_read():
    entry = {"ctime": 1, "mtime": 1, "biz_attr": "\u4f60" * 4000}
    infos = [{"name": f"{number:04}" + "\u597d" * 330, **entry} for number in range(1000)]
    body = envelope({"infos": infos, "listover": True, "context": ""})
    assert len(body) > 20 * MIB
    with scripted(http(body)) as (endpoint, _), connect(endpoint) as client:
        assert sum(1 for _ in client.list(BUCKET)) == 1000


def test_the_slices_of_a_large_upload_are_read():
    size = 64 << 30
    parts = [
        {"offset": str(offset), "datalen": "524288", "datasha": "0" * 40}
        for offset in range(0, size, 524288)
    ]
    data = {"session": "s", "slice_size": 524288, "filesize": size, "listparts": parts}
    with scripted(http(envelope(data))) as (endpoint, _), connect(endpoint) as client:
        assert len(client.slice_list(BUCKET, "file").parts) == len(parts)


# Texts of a server in errors


LONG = "long " * 200_000
CHATTY = {
    "request_id": {"code": -97, "message": "", "request_id": LONG},
    "request_id of another type": {"code": -97, "message": "", "request_id": [LONG]},
    "message": {"code": -97, "message": LONG, "request_id": ""},
    "code": f'{{"code": {"9" * 4000}}}'.encode(),
    "text": {"code": 0, "data": {"infos": [{"name": "/" + LONG}]}},
    "time": {"code": 0, "data": {"infos": [{"name": "a", "ctime": int("9" * 4000)}]}},
    "not JSON": b"<html>" + LONG.encode(),
}


@pytest.mark.parametrize("answer", CHATTY.values(), ids=CHATTY.keys())
def test_a_servers_text_in_an_error_is_bounded(answer):
    answer = http(answer, "200 OK", f"X-Note: {LONG[:60000]}")
    with scripted(answer) as (endpoint, _):
        with connect(endpoint, retry=cosfast.NO_RETRY) as client:
            with pytest.raises(cosfast.RequestError) as caught:
                list(client.list(BUCKET))
    attributes = [value for value in vars(caught.value).values() if isinstance(value, str)]
    assert all(len(text) < 2500 for text in [str(caught.value), repr(caught.value), *attributes])


@pytest.mark.parametrize(
    "head", ["HTTP/1.1 " + LONG[:60000], LONG[:60000], "HTTP/1.1 200 OK\r\n" + LONG[:60000]]
)
def test_a_malformed_head_in_an_error_is_bounded(head):
    with scripted(head.encode() + b"\r\n\r\n") as (endpoint, _):
        with connect(endpoint, retry=cosfast.NO_RETRY) as client:
            with pytest.raises(cosfast.RequestError) as caught:
                client.stat(BUCKET, "file")
    assert len(str(caught.value)) < 2500


def test_the_request_id_that_a_header_has_is_bounded():
    answer = http({"code": -97}, "200 OK", "x-cos-request-id: " + "a b" * 10_000)
    with scripted(answer) as (endpoint, _), connect(endpoint) as client:
        with pytest.raises(cosfast.AuthenticationError) as caught:
            client.upload(b"data", BUCKET, "file")
    assert len(str(caught.value)) < 2500
    assert caught.value.request_id.startswith("a b")
