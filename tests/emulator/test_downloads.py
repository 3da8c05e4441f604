"""Downloads, with ranges (PROTOCOL.md section 1, RFC 9110 section 14)."""

from __future__ import annotations

import hashlib
import time

import pytest
from emulator.wire import APPID, BUCKET, exchange, fileid, read_reply, request, sign

CONTENT = bytes(range(256)) * 40
PATH = "/folder/a file.bin"
URL = f"/{BUCKET}-{APPID}.file.myqcloud.com/folder/a%20file.bin"


@pytest.fixture
def api(api):
    api.create("/folder/")
    api.upload(PATH, CONTENT)
    return api


def test_a_whole_file(api):
    response = api.download(PATH)
    assert response.status_code == 200
    assert response.content == CONTENT
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert response.headers["Accept-Ranges"] == "bytes"
    assert response.headers["ETag"] == f'"{hashlib.sha1(CONTENT).hexdigest()}"'
    assert response.headers["x-cos-request-id"]


def test_head_has_only_the_headers(api):
    response = api.http.head(api.endpoint + URL)
    assert response.headers["Content-Length"] == str(len(CONTENT))
    assert response.content == b""
    assert api.download(PATH).content == CONTENT, "the connection is still in step"


@pytest.mark.parametrize(
    ("header", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=5-9", 5, 10),
        ("bytes=100-", 100, 10240),
        ("bytes=-7", 10233, 10240),
        ("bytes=-99999", 0, 10240),
        ("bytes=10239-99999", 10239, 10240),
        ("Bytes = 5-9", 5, 10),
        ("bytes=0-" + "9" * 5000, 0, 10240),
        ("bytes=-" + "9" * 5000, 0, 10240),
        ("bytes=" + "0" * 5000 + "5-9", 5, 10),
        ("bytes=5-9223372036854775808", 5, 10240),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_range(api, header, start, end):
    response = api.download(PATH, Range=header)
    assert response.status_code == 206
    assert response.content == CONTENT[start:end]
    assert response.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=10240-", "bytes=99999-100000", "bytes=-0"),
        *("bytes=" + "9" * 5000 + "-", "bytes=18446744073709551616-", "bytes=-" + "0" * 5000),
    ],
    ids=lambda value: value[:40],
)
def test_a_range_that_cannot_be_satisfied(api, header):
    response = api.download(PATH, Range=header)
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{len(CONTENT)}"
    assert response.content == b""


@pytest.mark.parametrize(
    "header",
    [
        *("bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "bytes"),
        *("bytes=\u0661-\u0669", "bytes=\u00b2-", "bytes=-\uff15", "bytes=\u00a05-9"),
        *("byte\u017f=1-2", "bytes=+5-9", "bytes=5-+9", "bytes=0x5-9", "bytes=1_0-20"),
        *("bytes=5.0-9", "bytes=5--9", "bytes=" + "9" * 5000 + "-5"),
    ],
    ids=lambda value: value[:40],
)
def test_an_invalid_range_is_ignored(api, header):
    response = api.download(PATH, Range=header.encode())
    assert (response.status_code, response.content) == (200, CONTENT)


def test_if_range_guards_against_another_content(api):
    etag = api.download(PATH).headers["ETag"]
    assert api.download(PATH, Range="bytes=0-3", **{"If-Range": etag}).status_code == 206
    assert api.download(PATH, Range="bytes=0-3", **{"If-Range": '"other"'}).status_code == 200


def test_head_has_no_ranges(api):
    """HTTP defines ranges for GET only."""
    head = api.http.head(api.endpoint + URL, headers={"Range": "bytes=0-3"})
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(CONTENT)))


def test_a_range_of_an_empty_file(api):
    api.upload("/empty", b"")
    assert api.download("/empty").content == b""
    assert api.download("/empty", Range="bytes=0-").status_code == 416


def test_a_missing_file_is_404_in_the_envelope(api):
    for path in ("/none", "/folder/"):
        reply = read_reply(api.download(path))
        assert (reply.status, reply.code) == (404, -197)


def test_by_the_host_header(api, emulator):
    for host in (f"{BUCKET}-{APPID}.file.myqcloud.com", f"{BUCKET}-{APPID}.cosgz.myqcloud.com:80"):
        response = api.http.get(f"{emulator.endpoint}/folder/a%20file.bin", headers={"Host": host})
        assert response.content == CONTENT


def test_by_an_http_proxy_setting(api, emulator):
    url = f"http://{BUCKET}-{APPID}.cossh.myqcloud.com/folder/a%20file.bin"
    response = api.http.get(url, proxies={"http": emulator.endpoint})
    assert response.content == CONTENT


def test_a_signature_is_verified_if_it_is_sent(api):
    def code(signature):
        response = api.http.get(api.endpoint + URL, params={"sign": signature})
        return 0 if response.ok else read_reply(response).code

    assert code(sign(PATH)) == 0
    assert code(sign(fileid(PATH))) == 0
    assert code(sign()) == 0
    assert code(sign("/another")) == -63
    assert code(sign(key="wrong")) == -97
    assert code(sign(expires=int(time.time()) - 5)) == -96
    assert code(sign(PATH, once=True)) == -74


def test_downloads_accept_only_get_and_head(emulator, api):
    assert api.stat(PATH).code == 0
    assert exchange(emulator.endpoint, request(URL, b"")).code == -5993


def test_a_download_continues_while_the_file_is_replaced(api):
    big = hashlib.shake_128(b"big").digest(4_000_000)
    api.upload("/big", big)
    response = api.http.get(f"{api.endpoint}/{BUCKET}-{APPID}.file.myqcloud.com/big", stream=True)
    begun = response.raw.read(1000)
    assert api.upload("/big", b"small", insertOnly="0").code == 0
    assert begun + response.raw.read() == big
    assert api.download("/big").content == b"small"
