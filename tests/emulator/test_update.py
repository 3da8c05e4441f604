"""update, and what downloads then carry (PROTOCOL.md section 5)."""

from __future__ import annotations

import gzip
import json

import pytest
from emulator.wire import APPID, BUCKET, fileid, read_reply, sign

PATH = "/a.txt"


@pytest.fixture
def api(api):
    api.upload(PATH, b"content", biz_attr="old")
    return api


def update(api, path=PATH, **fields):
    return api.json(path, sign(fileid(path), once=True), op="update", **fields)


def test_update_changes_only_the_given_fields(api):
    assert update(api, biz_attr="new").code == 0
    assert api.stat(PATH).data["biz_attr"] == "new"
    assert update(api, authority="eWPrivateRPublic").code == 0
    stat = api.stat(PATH).data
    assert (stat["biz_attr"], stat["authority"]) == ("new", "eWPrivateRPublic")
    assert update(api, biz_attr="").code == 0
    assert api.stat(PATH).data["biz_attr"] == ""


def test_update_of_a_folder(api):
    api.create("/f/")
    assert update(api, "/f/", biz_attr="new").code == 0
    assert api.stat("/f/").data["biz_attr"] == "new"
    assert update(api, "/f/", authority="eWRPrivate").code == -5993


def test_update_takes_a_once_signature(api):
    assert api.json(PATH, sign(), op="update", biz_attr="new").code == -73


EITHER_FORM = pytest.mark.parametrize("form", [lambda headers: headers, json.dumps])


@EITHER_FORM
def test_downloads_carry_custom_headers(api, form):
    headers = {
        "Cache-Control": "no-cache",
        "content-type": "text/plain",
        "Content-Disposition": 'attachment; filename="a.txt"',
        "Content-Language": "zh-CN",
        "x-cos-meta-Mine": "yes",
    }
    assert update(api, custom_headers=form(headers)).code == 0
    received = api.download(PATH).headers
    for name, value in headers.items():
        assert received[name] == value
    assert api.stat(PATH).data["custom_headers"]["x-cos-meta-mine"] == "yes"


@EITHER_FORM
def test_the_empty_list_of_php_is_an_empty_object(api, form):
    assert update(api, custom_headers={"Cache-Control": "no-cache"}).code == 0
    assert update(api, custom_headers=form([])).code == 0
    assert update(api, biz_attr="new", custom_headers=form([])).code == 0
    stat = api.stat(PATH).data
    assert (stat["biz_attr"], stat["custom_headers"]) == ("new", {"Cache-Control": "no-cache"})
    assert update(api, custom_headers=form([[]])).code == -5993


@pytest.mark.parametrize("name", ["Content-Encoding", "content-encoding"])
def test_encoded_content_is_served_as_it_is_stored(api, name):
    """Ranges and lengths are those of the stored bytes; nothing is encoded or decoded."""
    stored = gzip.compress(b"text " * 1000)
    api.upload("/z.txt", stored)
    headers = {"Content-Type": "text/plain", name: "gzip"}
    assert update(api, "/z.txt", custom_headers=headers).code == 0
    assert api.stat("/z.txt").data["custom_headers"]["Content-Encoding"] == "gzip"
    assert api.stat("/z.txt").data["filesize"] == len(stored)
    for accepted in ("identity", "gzip", "*", ""):
        host = f"{BUCKET}-{APPID}.file.myqcloud.com"
        headers = {"Accept-Encoding": accepted}
        url = f"{api.endpoint}/{host}/z.txt"
        with api.http.get(url, headers=headers, stream=True) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
            assert answer.headers["Content-Length"] == str(len(stored))
            assert answer.raw.read(decode_content=False) == stored
        headers["Range"] = "bytes=5-9"
        with api.http.get(url, headers=headers, stream=True) as answer:
            assert answer.raw.read(decode_content=False) == stored[5:10]
    assert api.download("/z.txt").content == b"text " * 1000, "a browser decodes it"


def test_the_standard_headers_replace_one_another_as_a_set(api):
    update(api, custom_headers={"Cache-Control": "no-cache", "x-cos-meta-a": "1"})
    update(api, custom_headers={"Content-Language": "en", "x-cos-meta-b": "2"})
    expected = {"Content-Language": "en", "x-cos-meta-a": "1", "x-cos-meta-b": "2"}
    assert api.stat(PATH).data["custom_headers"] == expected
    update(api, custom_headers={"x-cos-meta-b": "3"})
    assert api.stat(PATH).data["custom_headers"] == {**expected, "x-cos-meta-b": "3"}
    update(api, custom_headers={"Content-Encoding": "gzip"})
    rest = {"x-cos-meta-a": "1", "x-cos-meta-b": "3"}
    assert api.stat(PATH).data["custom_headers"] == {"Content-Encoding": "gzip", **rest}


@pytest.mark.parametrize(
    "headers",
    [
        {"Set-Cookie": "a=b"},
        {"Content-Length": "5"},
        {"Content-Type": "text/plain\r\nX-Injected: yes"},
        {"Content-Encoding": "gzip\r\nX-Injected: yes"},
        {"Transfer-Encoding": "gzip"},
        {"x-cos-meta-": "1"},
        {"x-cos-meta-a b": "1"},
        {"x-cos-meta-a": 5},
        {"x-cos-meta-a": "\ud800"},
        {"x-cos-meta-a": "x" * 5000},
        ["Content-Type"],
        "not JSON",
        "[" * 50_000,
    ],
)
def test_invalid_headers_are_refused(api, headers):
    assert update(api, custom_headers=headers).code == -5993
    assert api.stat(PATH).data["custom_headers"] == {}


def test_update_refuses_invalid_fields(api):
    assert update(api, authority="everybody").code == -5993
    assert update(api, biz_attr="\ud800").code == -5993
    assert update(api, "/none", biz_attr="x").code == -197
    assert update(api, "/", biz_attr="x").code == -197


def test_a_private_file_needs_a_signature(api):
    assert update(api, authority="eWRPrivate").code == 0
    assert read_reply(api.download(PATH)).code == -81
    url = f"{api.endpoint}/{BUCKET}-{APPID}.file.myqcloud.com{PATH}"
    assert api.http.get(url, params={"sign": sign(PATH)}).content == b"content"
    assert read_reply(api.http.get(url, params={"sign": sign(key="wrong")})).code == -97
    update(api, authority="eInvalid")
    assert api.download(PATH).content == b"content"
