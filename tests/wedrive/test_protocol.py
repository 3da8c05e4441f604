"""Calls as bytes and answers as values, with no socket."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worked_values import wedrive_example

import cosfast
from cosfast import wedrive
from cosfast.transfer.bodies import ENCODED_AT_ONCE, Base64JsonBody, base64_length
from cosfast.transfer.request import HttpResponse
from cosfast.wedrive.protocol import files, uploads
from cosfast.wedrive.protocol.codes import ErrCode
from cosfast.wedrive.protocol.targets import Document, Folder, Ticket, upload_target
from cosfast.wedrive.upload import is_numbered

BLOCK = cosfast.WEDRIVE_BLOCK_SIZE
FOLDER = Folder("s.1", "s.1_d.2")


def sent(request):
    body = request.encode()
    data = b"".join(body)
    assert len(data) == len(body)
    assert body.content_type == "application/json"
    return json.loads(data)


def answered(request, document, status=200):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return request.read_response(HttpResponse(status, {}, body))


def test_the_vendors_example():
    example = wedrive_example()
    parts = cosfast.uploadparts(example["content"], slice_size=BLOCK)
    init = sent(
        uploads.upload_init(FOLDER, "文件.txt", size=parts.filesize, block_sha=parts.datashas)
    )
    assert init == {
        "spaceid": "s.1",
        "fatherid": "s.1_d.2",
        "file_name": "文件.txt",
        "size": example["size"],
        "block_sha": example["block_sha"],
    }
    block = memoryview(example["content"])[BLOCK : 2 * BLOCK]
    part = sent(uploads.upload_part(FOLDER, "x", key="K", index=2, content=block))
    assert part["file_base64_content"].startswith("OTANCjEyMzQ1Njc4OTAN")
    assert len(part["file_base64_content"]) == 2_796_204
    assert (part["upload_key"], part["index"]) == ("K", 2)
    assert sent(uploads.upload_finish(FOLDER, "x", key="K")) == {"upload_key": "K"}


@given(st.binary(max_size=1000), st.sampled_from([1, 2, 400, 900]))
def test_base64_is_made_in_pieces(data, times):
    content = memoryview(data * times)
    body = Base64JsonBody({"index": 1, "key": '"\\汉'}, "content", content)
    chunks = list(body)
    assert json.loads(b"".join(chunks)) == {
        "index": 1,
        "key": '"\\汉',
        "content": base64.b64encode(content).decode(),
    }
    assert sum(map(len, chunks)) == len(body)
    assert max(map(len, chunks)) <= base64_length(ENCODED_AT_ONCE)


@pytest.mark.parametrize(
    ("target", "service", "fields"),
    [
        (FOLDER, "wedrive", {"spaceid": "s.1", "fatherid": "s.1_d.2"}),
        (Folder("s.1"), "wedrive", {"spaceid": "s.1", "fatherid": "s.1"}),
        (Ticket("t"), "wedrive", {"selected_ticket": "t"}),
        (Document("d"), "wedoc", {"docid": "d"}),
    ],
)
def test_targets(target, service, fields):
    request = uploads.upload_init(target, "x", size=1, block_sha=["0" * 40])
    assert request.path == f"/cgi-bin/{service}/file_upload_init"
    assert fields.items() <= sent(request).items()
    assert "skip_push_card" not in sent(request)
    assert uploads.upload_part(
        target, "x", key="k", index=1, content=memoryview(b"")
    ).path.startswith(f"/cgi-bin/{service}/")


def test_init_answers():
    request = uploads.upload_init(FOLDER, "x", size=1, block_sha=["0" * 40])
    ok = {"errcode": 0, "errmsg": "ok"}
    assert answered(request, {**ok, "hit_exist": True, "fileid": "f"}) == uploads.Uploaded("f")
    assert answered(request, {**ok, "upload_key": "k"}) == uploads.UploadKey("k")
    twin = uploads.upload_init(Document("d"), "x", size=1, block_sha=["0" * 40])
    assert answered(twin, {**ok, "hit_exist": True, "file_url": "u"}) == uploads.Uploaded("u")
    for broken in (
        {},
        {"hit_exist": True},
        {"hit_exist": "yes", "fileid": "f"},
        {"upload_key": 5},
        {"upload_key": ""},
        {"upload_key": "\ud800"},
    ):
        with pytest.raises(cosfast.AnswerError):
            answered(request, {**ok, **broken})


@pytest.mark.parametrize(
    ("body", "status", "lost"),
    [
        (b"", 200, True),
        (b"<html>", 200, True),
        (b'{"errcode": 0', 200, True),
        (b"<html>", 502, True),
        (b"<html>", 403, False),
        (b'{"errco', 403, True),
        (b"[]", 200, False),
        (b"{}", 200, False),
        (b'{"errcode": "x"}', 200, False),
        (b'{"errcode": null}', 200, False),
    ],
)
def test_answers_that_are_none(body, status, lost):
    with pytest.raises(cosfast.AnswerError) as caught:
        answered(files.file_info("f"), body, status)
    assert caught.value.lost is lost


def test_the_errcode_decides_and_not_the_status():
    request = uploads.upload_finish(FOLDER, "x", key="k")
    answer = {"errcode": 0, "errmsg": "ok", "fileid": "f"}
    assert answered(request, answer, 500).location == "f"
    with pytest.raises(wedrive.QuotaError):
        answered(request, {"errcode": 640019, "errmsg": "quota"}, 200)
    with pytest.raises(wedrive.QuotaError):
        answered(request, {"errcode": "640019"}, 200)


@pytest.mark.parametrize("code", [code for code in ErrCode if code not in (0, -1)], ids=str)
def test_every_code_has_a_kind(code):
    with pytest.raises(wedrive.WeDriveError) as caught:
        answered(files.file_info("f"), {"errcode": int(code), "errmsg": "words"})
    assert type(caught.value) is not wedrive.WeDriveError
    assert (caught.value.errcode, caught.value.errmsg) == (code, "words")
    assert f"wedrive/file_info wedrive:f: {int(code)} words" in str(caught.value)


def test_what_the_service_repeats_is_not_shown():
    key, ticket = "a-key", "a-ticket"
    request = uploads.upload_part(Ticket(ticket), "x", key=key, index=1, content=memoryview(b""))
    with pytest.raises(wedrive.WeDriveError) as caught:
        answered(request, {"errcode": 640027, "errmsg": f"no upload {key} of {ticket}"})
    assert caught.value.errmsg == "no upload [...] of [...]"
    with pytest.raises(cosfast.AnswerError) as caught:
        answered(request, f"<html>{key}".encode())
    assert key not in str(caught.value)
    for shown in (repr(request), repr(uploads.UploadKey(key)), repr(Ticket(ticket))):
        assert key not in shown
        assert ticket not in shown


ENTRY = {"fileid": "f", "file_name": "n", "file_type": 2, "file_size": "5", "sha": "AB" * 20}


def test_entries():
    found = answered(files.file_info("f"), {"errcode": 0, "file_info": ENTRY})
    assert (found.fileid, found.name, found.size, found.sha1) == ("f", "n", 5, "ab" * 20)
    assert found.is_file
    assert not found.is_folder
    for broken in ({"sha": "xy"}, {"file_size": -1}, {"fileid": ""}, {"file_type": None}):
        with pytest.raises(cosfast.AnswerError):
            answered(files.file_info("f"), {"errcode": 0, "file_info": {**ENTRY, **broken}})


LOCATION = {"download_url": "http://h/p?q=1", "cookie_name": "n", "cookie_value": "v"}


def test_locations():
    found = answered(files.file_download("f"), {"errcode": 0, **LOCATION})
    assert (found.url, found.cookie) == ("http://h/p?q=1", "n=v")
    assert "q=1" not in repr(found)
    for broken in (
        {"download_url": "ftp://h/p"},
        {"download_url": "http://user:password@h/p"},
        {"download_url": "http://h/p?a b"},
        {"cookie_value": "v; other=x"},
        {"cookie_value": "a\r\nb"},
        {"cookie_name": ""},
    ):
        with pytest.raises(cosfast.AnswerError):
            answered(files.file_download("f"), {"errcode": 0, **LOCATION, **broken})


def test_tokens():
    request = files.gettoken("id", "secret of it&=")
    assert request.encode() is None
    assert request.query == "corpid=id&corpsecret=secret+of+it%26%3D"
    assert "secret" not in repr(request)
    for broken in ("", "a b", "x" * 513, "é", 5):
        with pytest.raises(cosfast.AnswerError):
            answered(request, {"errcode": 0, "access_token": broken, "expires_in": 7200})


def test_upload_targets():
    assert upload_target("s.1", None, None) == Folder("s.1", "s.1")
    assert upload_target(None, None, "t") == Ticket("t")


@pytest.mark.parametrize(
    ("given_name", "wanted", "numbered"),
    [
        ("a.txt", "a.txt", True),
        ("a(1).txt", "a.txt", True),
        ("a(23)", "a", True),
        ("a.tar(1).gz", "a.tar.gz", True),
        ("b.txt", "a.txt", False),
        ("a(x).txt", "a.txt", False),
        ("a.txt(1)", "a.txt", False),
    ],
)
def test_names_with_numbers(given_name, wanted, numbered):
    assert is_numbered(given_name, wanted) is numbered
