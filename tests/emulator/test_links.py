"""The URLs in responses depend on the address by which the client reached the server."""

from __future__ import annotations

import socket

import pytest
import requests
from emulated import connect, start_emulator
from emulator.wire import APPID, BUCKET, MIB, Api, Wire, exchange, multipart, part, request, target

from cosfast.emulator import Emulator

UPLOAD = multipart(part("op", b"upload"), part("filecontent", b"content"))
HOST = f"{BUCKET}-{APPID}"


def through_proxy(endpoint):
    session = requests.Session()
    session.trust_env = False
    session.proxies = {"http": endpoint}
    return session


@pytest.fixture
def proxied(emulator):
    """A client that uses the cloud's addresses, with the emulator as HTTP proxy."""
    api = Api("http://gz.file.myqcloud.com")
    api.http.proxies = {"http": emulator.endpoint}
    return api


def check(proxied, data, path):
    assert data["access_url"] == f"http://{HOST}.file.myqcloud.com{path}"
    assert data["source_url"] == f"http://{HOST}.cosgz.myqcloud.com{path}"
    for name in ("access_url", "source_url"):
        assert proxied.http.get(data[name]).content == b"content"


def test_every_operation_gives_the_cloud_s_urls_to_a_proxied_client(proxied):
    first = proxied.upload("/a", b"content").data
    check(proxied, first, "/a")
    assert first["url"] == proxied.url("/a")
    check(proxied, proxied.stat("/a").data, "/a")
    check(proxied, proxied.get("/", op="list").data["infos"][0], "/a")
    check(proxied, proxied.list_slices("/a").data, "/a")
    check(proxied, proxied.json("/a", op="copy", dest_fileid="/b").data, "/b")
    check(proxied, proxied.json("/b", op="move", dest_fileid="/c d").data, "/c%20d")
    session = proxied.init("/e", b"content").data["session"]
    assert proxied.data("/e", session, 0, b"content").code == 0
    check(proxied, proxied.finish("/e", session, b"content").data, "/e")
    check(proxied, proxied.finish("/e", session, b"content").data, "/e")
    sha = proxied.stat("/e").data["sha"]
    check(proxied, proxied.init("/instant", b"content", sha=sha).data, "/instant")


def test_a_client_of_ours_uploads_and_downloads_through_the_proxy():
    with start_emulator() as emulator:
        session = through_proxy(emulator.endpoint)
        with connect("http://gz.file.myqcloud.com", session=session) as client:
            done = client.upload(bytes(9 * MIB), BUCKET, "file")
            assert done.access_url == f"http://{HOST}.file.myqcloud.com/file"
            assert client.read(BUCKET, "file") == bytes(9 * MIB)


@pytest.mark.parametrize(
    ("origin", "access_url"),
    [
        ("http://sh.file.myqcloud.com:8080", f"http://{HOST}.file.myqcloud.com:8080/a"),
        ("https://sh.file.myqcloud.com", f"https://{HOST}.file.myqcloud.com/a"),
        ("HTTP://SH.file.myqcloud.com", f"http://{HOST}.file.myqcloud.com/a"),
        ("http://cos.test:99", f"http://cos.test:99/{HOST}.file.myqcloud.com/a"),
        ("http://[::1]:99", f"http://[::1]:99/{HOST}.file.myqcloud.com/a"),
    ],
)
def test_an_absolute_target_sets_the_origin_of_urls(emulator, origin, access_url):
    reply = exchange(emulator.endpoint, request(origin + target("/a"), UPLOAD))
    assert reply.data["access_url"] == access_url


@pytest.mark.parametrize(
    "origin",
    ["http://u:p@cos.test", "http://cos.test:99999", "http://", "http://a_b:", "http://-%"],
)
def test_an_invalid_origin_is_not_used_in_urls(emulator, origin):
    with Wire(emulator.endpoint) as wire:
        wire.send(request(origin + target("/a"), UPLOAD))
        reply = wire.read_reply()
    if reply.code == 0:
        assert reply.data["access_url"] == f"{emulator.endpoint}/{HOST}.file.myqcloud.com/a"
    else:
        assert reply.status == 400


def test_the_host_header_does_not_change_the_urls_of_a_server_at_one_address(api, emulator):
    reply = exchange(emulator.endpoint, request(target("/a"), UPLOAD, host="elsewhere.test"))
    assert reply.data["access_url"] == f"{emulator.endpoint}/{HOST}.file.myqcloud.com/a"


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 - the addresses that it is about
def test_a_server_on_all_addresses_uses_the_host_header(host):
    """It does not know at which address a client reaches it, for example in a container."""
    if host == "::" and not socket.has_ipv6:
        pytest.skip("there is no IPv6")
    with Emulator(host=host) as emulator:
        reply = exchange(emulator.endpoint, request(target("/a"), UPLOAD, host="cos.test:80"))
        assert reply.data["access_url"] == f"http://cos.test:80/{HOST}.file.myqcloud.com/a"
        stat = Api(emulator.endpoint).stat("/a").data
        assert requests.get(stat["access_url"], timeout=10).content == b"content"
        for bad in ("a b", "u@cos.test", "cos.test:x", "\u0661"):
            reply = exchange(emulator.endpoint, request(target(f"/{len(bad)}"), UPLOAD, host=bad))
            assert reply.code or reply.data["access_url"].startswith(emulator.endpoint)
