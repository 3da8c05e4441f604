"""Requests as real clients send them (PROTOCOL.md section 6), on raw sockets."""

from __future__ import annotations

import json
import sys
import time
from importlib.metadata import version

import pytest
from emulator.wire import (
    APPID,
    BOUNDARY,
    BUCKET,
    MIB,
    Wire,
    exchange,
    fileid,
    multipart,
    part,
    request,
    sign,
    target,
)
from packaging.version import Version

from cosfast.emulator import Emulator, Limits

PATH = "/file.bin"
UPLOAD = multipart(part("op", b"upload"), part("filecontent", b"content"))


@pytest.fixture
def endpoint(emulator):
    return emulator.endpoint


# -- forms


def test_the_request_in_the_documentation_as_it_stands(endpoint):
    """Wrong Content-Length headers of its parts are accepted; its invalid sha is refused."""
    sha = b"e98c925a97a8ae4ffec264ae674e28b8f975eba3"
    parts = b'[{"offset":0,"datalen":26585,"datasha":"%s"}]' % sha

    def init(sha):
        body = multipart(
            part("op", b"upload_slice_init", "Content-Length: 17"),
            part("sha", sha, "Content-Length: 40"),
            part("slice_size", b"1048576", "Content-Length: 7"),
            part("filesize", b"26585", "Content-Length: 5"),
            part("uploadparts", parts, "Content-Length: 83"),
        )
        return exchange(endpoint, request(target("/uploader1500000000"), body))

    reply = init(b"1")
    assert (reply.code, "sha" in reply.message) == (-5993, True)
    assert init(sha).code == 0


def test_parts_may_count_their_bytes_wrongly(endpoint):
    body = multipart(
        part("op", b"upload", "Content-Length: 1"),
        part("filecontent", b"content", "Content-Length: 4000"),
    )
    assert exchange(endpoint, request(target(PATH), body)).code == 0


def test_the_order_of_the_parts_does_not_matter(api, endpoint, two_slices):
    session = api.init(PATH, two_slices["content"]).data["session"].encode()
    body = multipart(
        part("filecontent", two_slices["content"][:MIB], "Content-Type: application/octet-stream"),
        part("offset", b"0"),
        part("session", session),
        part("op", b"upload_slice_data"),
    )
    assert exchange(endpoint, request(target(PATH), body)).code == 0
    assert api.list_slices(PATH).data["listparts"] == [{"offset": 0, "datalen": MIB}]


@pytest.mark.parametrize("name", ["filecontent", "fileContent", "FILECONTENT"])
def test_filecontent_in_any_case_and_decided_by_name(api, endpoint, name):
    content = f'Content-Disposition: form-data; filename="op"; name="{name}"'.encode()
    body = multipart(
        part("op", b"upload"), f"--{BOUNDARY}\r\n".encode() + content + b"\r\n\r\n12\r\n"
    )
    assert exchange(endpoint, request(target(PATH), body)).code == 0
    assert api.download(PATH).content == b"12"


def test_a_field_with_a_filename_is_a_field(endpoint):
    op = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="op"; filename="op"\r\n\r\n'
    body = multipart(op.encode() + b"upload\r\n")
    assert exchange(endpoint, request(target(PATH), body)).code == 0


def test_a_chunked_body(api, endpoint):
    chunks = b"".join(
        f"{len(piece):x}\r\n".encode() + piece + b"\r\n"
        for piece in (UPLOAD[:5], UPLOAD[5:100], UPLOAD[100:])
    )
    head = request(target(PATH), b"", "Transfer-Encoding: chunked", "Content-Length:")
    head = head.replace(b"Content-Length:\r\n", b"")
    assert exchange(endpoint, head + chunks + b"0\r\n\r\n").code == 0
    assert api.download(PATH).content == b"content"


def test_an_urlencoded_form(api, endpoint):
    body = b"op=create&biz_attr=a+b%26c"
    kind = "Content-Type: application/x-www-form-urlencoded"
    assert exchange(endpoint, request(target("/folder/"), body, kind)).code == 0
    assert api.stat("/folder/").data["biz_attr"] == "a b&c"


@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json; charset=utf-8",
    ],
)
def test_json_under_any_name(endpoint, kind):
    body = json.dumps({"op": "create", "biz_attr": "x"}).encode()
    assert exchange(endpoint, request(target("/folder/"), body, f"Content-Type: {kind}")).code == 0


def test_the_op_may_be_in_the_query_of_a_post(endpoint):
    reply = exchange(endpoint, request(target("/folder/") + "?op=create", b"", "Content-Type: x/y"))
    assert reply.code == 0


# -- HTTP


def test_expect_100_continue_is_answered_at_once(endpoint):
    with Wire(endpoint) as wire:
        head, body = request(target(PATH), UPLOAD, "Expect: 100-continue").split(b"\r\n\r\n", 1)
        wire.send(head + b"\r\n\r\n")
        began = time.monotonic()
        assert wire.read_head() == (100, {})
        assert time.monotonic() - began < 0.5
        wire.send(body)
        assert wire.read_reply().code == 0


def test_expect_is_refused_without_asking_for_the_body(endpoint):
    with Wire(endpoint) as wire:
        data = request(target(PATH), UPLOAD, "Expect: 100-continue", "Authorization: bad")
        began = time.monotonic()
        wire.send(data.split(b"\r\n\r\n")[0] + b"\r\n\r\n")
        assert wire.read_reply().code == -97
        assert wire.is_closed_by_server()
        assert time.monotonic() - began < 1


def test_many_requests_on_one_connection(endpoint):
    with Wire(endpoint) as wire:
        for index in range(20):
            wire.send(request(target(f"/{index}"), UPLOAD))
            assert wire.read_reply().code == 0


def test_a_refusal_keeps_the_connection_where_the_body_was_read(endpoint):
    with Wire(endpoint) as wire:
        for code in (0, -177, -177):
            wire.send(request(target(PATH), UPLOAD))
            assert wire.read_reply().code == code


def test_a_refusal_before_the_body_keeps_the_connection_in_step(endpoint):
    with Wire(endpoint) as wire:
        wire.send(request(target(PATH), UPLOAD, "Authorization: bad"))
        assert wire.read_reply().code == -97
        wire.send(request(target(PATH), UPLOAD))
        assert wire.read_reply().code == 0


def test_broken_json_is_answered_and_the_connection_closed(endpoint):
    """A client that counts characters leaves bytes unread, which must not be read as a request."""
    whole = json.dumps({"op": "create", "biz_attr": "文件"}, ensure_ascii=False)
    body = whole.encode()
    with Wire(endpoint) as wire:
        wire.send(
            request(
                target("/folder/"),
                body[: len(whole)],
                "Content-Type: application/json",
            )
        )
        reply = wire.read_reply()
        assert (reply.status, reply.code) == (400, -5993)
        assert reply.headers["connection"] == "close"
        assert wire.is_closed_by_server()


def test_bytes_behind_a_short_count_do_no_harm(api, endpoint):
    whole = json.dumps({"op": "create", "biz_attr": "文件"}, ensure_ascii=False)
    length = f"Content-Length: {len(whole)}"
    with Wire(endpoint) as wire:
        wire.send(request(target("/f/"), whole.encode(), "Content-Type: application/json", length))
        assert wire.read_reply().status == 400
        assert wire.is_closed_by_server()
    assert api.stat("/f/").status == 404


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"5", b'"op"', b"null", b"\xff\xfe", b"[" * 50_000, b'{"a":' * 50_000]
)
def test_json_that_is_no_object_is_refused(endpoint, body):
    reply = exchange(endpoint, request(target("/f/"), body, "Content-Type: application/json"))
    assert (reply.status, reply.code) == (400, -5993)


@pytest.mark.parametrize("value", [["create"], {"a": 1}, True, None, 1.5])
def test_json_values_of_the_wrong_kind_are_refused(endpoint, value):
    body = json.dumps({"op": value}).encode()
    reply = exchange(endpoint, request(target("/f/"), body, "Content-Type: application/json"))
    assert reply.code in {-5993, -5980}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no form",
        UPLOAD[:-10],
        multipart(part("op", b"upload"), part("op", b"delete")),
        multipart(part("op", b"upload"), part("filecontent", b"1"), part("fileContent", b"1")),
        multipart(*(part(f"x{index}", b"") for index in range(100))),
    ],
)
def test_a_broken_form_is_refused(endpoint, body):
    reply = exchange(endpoint, request(target(PATH), body))
    assert (reply.status, reply.code) == (400, -5993)


def test_the_same_field_twice_with_one_value_is_fine(endpoint):
    body = multipart(part("op", b"upload"), part("op", b"upload"))
    assert exchange(endpoint, request(target(PATH), body)).code == 0


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        pytest.param(
            b"GET http://[bad/ HTTP/1.1\r\nHost: h\r\n\r\n",
            marks=pytest.mark.skipif(
                sys.version_info < (3, 11) or Version(version("aiohttp")) < Version("3.14.5"),
                reason="older Pythons let such a host pass, an older aiohttp drops the connection",
            ),
        ),
    ],
)
def test_input_that_is_not_http_gets_an_envelope_too(endpoint, data):
    reply = exchange(endpoint, data)
    assert (reply.status, reply.code) == (400, -5993)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_refused(endpoint, method):
    with Wire(endpoint) as wire:
        wire.send(request(target(PATH) + "?op=stat", b"", method=method))
        status, headers = wire.read_head()
        assert (status, headers["connection"]) == (400, "close")


def test_an_unknown_address_is_404(endpoint):
    for line in ("/", "/files/", "/favicon.ico", "/a/b/c"):
        reply = exchange(endpoint, request(line, b"", method="GET"))
        assert (reply.status, reply.code) == (404, -197)


def test_a_client_may_close_its_side_after_the_request(endpoint):
    with Wire(endpoint) as wire:
        wire.send(request(target(PATH), UPLOAD))
        wire.end_sending()
        assert wire.read_reply().code == 0
        assert wire.is_closed_by_server()


def test_a_body_that_is_cut_off_is_answered_at_once(api, endpoint):
    with Wire(endpoint) as wire:
        wire.send(request(target(PATH), UPLOAD)[:-30])
        wire.end_sending()
        assert wire.read_reply().code == -5993
    assert api.stat(PATH).status == 404


def test_a_broken_chunk_is_answered_at_once(endpoint):
    head = request(target(PATH), b"", "Transfer-Encoding: chunked").replace(
        b"Content-Length: 0\r\n", b""
    )
    with Wire(endpoint) as wire:
        wire.send(head + b"5\r\nhello\r\n")
        time.sleep(0.1)
        began = time.monotonic()
        wire.send(b"ZZZ\r\n")
        assert wire.read_reply().code == -5993
        assert time.monotonic() - began < 1


# -- addresses


@pytest.mark.parametrize("scheme", ["http", "https", "HTTP"])
def test_an_absolute_form_target(api, endpoint, scheme):
    absolute = f"{scheme}://gz.file.myqcloud.com{target(PATH)}"
    assert exchange(endpoint, request(absolute, UPLOAD)).code == 0
    assert api.stat(PATH).code == 0


def test_an_absolute_form_download(api, endpoint):
    api.upload(PATH, b"content")
    with Wire(endpoint) as wire:
        address = f"http://{BUCKET}-{APPID}.file.myqcloud.com{PATH}"
        wire.send(request(address, b"", method="GET", host="127.0.0.1"))
        status, headers = wire.read_head()
        assert (status, headers["content-length"]) == (200, "7")


@pytest.mark.parametrize("prefix", ["/.file.myqcloud.com", "//.file.myqcloud.com"])
def test_a_server_given_as_region(api, endpoint, prefix):
    assert exchange(endpoint, request(prefix + target(PATH), UPLOAD)).code == 0
    assert api.stat(PATH).code == 0


@pytest.mark.parametrize(
    "written", ["//a//b.bin", "/a%2Fb.bin", "/%61/b%2ebin", "/a/b.bin", "/a///b.bin"]
)
def test_one_path_in_several_spellings(api, endpoint, written):
    api.create("/a/")
    assert exchange(endpoint, request(target(written), UPLOAD)).code == 0
    assert api.stat("/a/b.bin").code == 0


@pytest.mark.parametrize(
    "written",
    [
        "/a/../b",
        "/..",
        "/%2e%2e/b",
        "/.",
        "/a%00b",
        "/a%0ab",
        "/%ff",
        "/%20",
        "/a/%20%20/b",
        "/a%3Fb",
        "/a*b",
        "/a:b",
        "/a%7Cb",
        "/a%5Cb",
        "/a%3Cb",
        "/a%3Eb",
        "/a%22b",
        "/" + "x" * 1100,
        "/" + "%E6%96%87" * 400,
    ],
)
def test_forbidden_paths(endpoint, written):
    reply = exchange(endpoint, request(target(written), UPLOAD))
    assert (reply.status, reply.code) == (400, -180)


def test_a_target_that_is_not_encoded_is_refused(endpoint):
    assert exchange(endpoint, request(target("/文件"), UPLOAD)).code == -5993


def test_unicode_forms_are_different_names(api):
    composed, decomposed = "/\u00e9", "/e\u0301"
    api.upload(composed, b"one")
    assert api.stat(decomposed).status == 404


@pytest.mark.parametrize(
    "line", [f"/files/v2/{APPID}/", f"/files/v2/{APPID}/a.b/", f"/files/v2/{APPID}/%2F/"]
)
def test_a_bad_bucket_is_refused(endpoint, line):
    assert exchange(endpoint, request(line, UPLOAD)).code == -180


@pytest.mark.parametrize("line", ["/files/v2/", "/files/v2/abc/bucket/x", "/files/v2//bucket/x"])
def test_a_bad_appid_is_refused(endpoint, line):
    assert exchange(endpoint, request(line, UPLOAD)).code == -80


# -- bounds


def test_a_body_above_the_limit_is_refused_before_it_is_read(endpoint):
    length = f"Content-Length: {100 * MIB}"
    with Wire(endpoint) as wire:
        began = time.monotonic()
        wire.send(request(target(PATH), b"", length))
        reply = wire.read_reply()
        assert (reply.status, reply.code) == (400, -285)
        assert time.monotonic() - began < 1


def test_a_chunked_body_above_the_limit_is_cut_off(tmp_path):
    with Emulator(tmp_path, limits=Limits(upload_size=MIB, fields_size=1000)) as emulator:
        head = request(target(PATH), b"", "Transfer-Encoding: chunked").replace(
            b"Content-Length: 0\r\n", b""
        )
        body = multipart(part("op", b"upload"), part("filecontent", bytes(2 * MIB)))
        chunk = f"{len(body):x}\r\n".encode() + body + b"\r\n0\r\n\r\n"
        assert exchange(emulator.endpoint, head + chunk).code == -285
        fields = multipart(part("op", b"upload"), part("biz_attr", bytes(2000)))
        assert exchange(emulator.endpoint, request(target(PATH), fields)).code == -285
        assert list((tmp_path / "files").iterdir()) == []


def test_a_stuck_client_times_out():
    with Emulator(limits=Limits(idle_timeout=0.3)) as emulator, Wire(emulator.endpoint) as wire:
        wire.send(request(target(PATH), UPLOAD)[:-30])
        reply = wire.read_reply()
        assert (reply.status, reply.code) == (400, -5993)
        assert wire.is_closed_by_server()


def test_a_trickling_client_times_out():
    limits = Limits(body_grace=0.5, body_rate=10_000_000)
    with Emulator(limits=limits) as emulator, Wire(emulator.endpoint) as wire:
        data = request(target(PATH), multipart(part("op", b"upload"), part("x", bytes(500))))
        began = time.monotonic()
        for at in range(0, len(data), 20):
            if time.monotonic() - began > 0.6:
                break
            wire.send(data[at : at + 20])
            time.sleep(0.03)
        assert wire.read_reply().code == -5993


def test_an_idle_connection_is_closed():
    limits = Limits(keepalive_timeout=0.3)
    with Emulator(limits=limits) as emulator, Wire(emulator.endpoint) as wire:
        assert wire.is_closed_by_server()


def test_stuck_clients_do_not_block_others(two_slices):
    limits = Limits(content_memory=2 * MIB, workers=4)
    with Emulator(limits=limits) as emulator:
        content = two_slices["content"][:MIB]
        data = request(target(PATH), multipart(part("op", b"upload"), part("filecontent", content)))
        stuck = [Wire(emulator.endpoint) for _ in range(40)]
        try:
            for wire in stuck:
                wire.send(data[:-30])
            assert exchange(emulator.endpoint, data).code == 0
        finally:
            for wire in stuck:
                wire.__exit__()


def test_once_signature_over_the_wire(api, endpoint):
    api.upload(PATH, b"x")
    body = b'{"op":"delete"}'
    signature = f"Authorization: {sign(fileid(PATH), once=True)}"
    data = request(target(PATH), body, "Content-Type: application/json", signature)
    assert [exchange(endpoint, data).code for _ in range(2)] == [0, -77]
