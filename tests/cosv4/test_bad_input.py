"""What cannot be uploaded says so, in a typed error that names it."""

from __future__ import annotations

import io
import socket

import pytest
from emulated import BUCKET, CREDENTIALS, connect

import cosfast


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"slice_size": 524288}, "slice_size"),
        ({"slice_size": 0}, "slice_size"),
        ({"slice_size": 1000, "integrity": "none"}, "slice_size"),
        ({"integrity": "magic"}, "integrity"),
        ({"concurrency": 0}, "concurrency"),
        ({"concurrency": 2000}, "concurrency"),
        ({"concurrency": 1.5}, "concurrency"),
        ({"biz_attr": "\ud800"}, "biz_attr"),
        ({"biz_attr": 7}, "biz_attr"),
    ],
)
def test_options(client, options, names):
    with pytest.raises(cosfast.InputError, match=names):
        client.upload(b"data", BUCKET, "file", **options)


@pytest.mark.parametrize(
    ("bucket", "path", "names"),
    [
        ("a/b", "file", "a/b"),
        ("", "file", "bucket"),
        (BUCKET, "", "path"),
        (BUCKET, "folder/", "folder"),
        (BUCKET, "what?", "what"),
        (BUCKET, "a/ /b", "blanks"),
        (BUCKET, "a/../b", r"\.\."),
        (BUCKET, "nul\0", "control"),
        (BUCKET, "\udc80", "UTF-8"),
    ],
)
def test_destinations(client, bucket, path, names):
    with pytest.raises(cosfast.InputError, match=names):
        client.upload(b"data", bucket, path)


def test_sources(client, tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        client.upload(tmp_path / "nowhere", BUCKET, "file")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        client.upload(tmp_path, BUCKET, "file")
    with pytest.raises(cosfast.InputError, match="list"):
        client.upload([1, 2], BUCKET, "file")
    with pytest.raises(cosfast.InputError, match="text"):
        client.upload(io.StringIO("text"), BUCKET, "file")


class _Breaks(io.BytesIO):
    """A file that cannot be read beyond its middle, as on a disk that fails."""

    def readinto(self, buffer):
        if self.tell() > 5 << 20:
            raise OSError(5, "Input/output error", "the disk")
        return super().readinto(buffer)

    def read(self, size=-1):
        if self.tell() > 5 << 20:
            raise OSError(5, "Input/output error", "the disk")
        return super().read(size)


@pytest.mark.parametrize("integrity", ["parts", "stream", "none"])
def test_a_source_that_cannot_be_read_half_way(client, integrity):
    with pytest.raises(OSError, match="Input/output error"):
        client.upload(_Breaks(bytes(12 << 20)), BUCKET, "file", integrity=integrity)
    with pytest.raises(cosfast.NotFoundError):
        client.stat(BUCKET, "file")


@pytest.mark.parametrize(
    ("place", "names"),
    [
        ({}, "region.*endpoint"),
        ({"region": "a/b"}, "a/b"),
        ({"region": ""}, "region"),
        ({"endpoint": "ftp://x"}, "endpoint"),
        ({"endpoint": "localhost"}, "endpoint"),
        ({"endpoint": "http://user:secret@host"}, "endpoint"),
    ],
)
def test_servers(place, names):
    with pytest.raises(cosfast.InputError, match=names) as caught:
        cosfast.Client(CREDENTIALS, **place)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "numbers",
    [
        {"tries": 0},
        {"tries": 1.5},
        {"base_delay": -1},
        {"max_delay": float("nan")},
        {"budget": "1"},
    ],
)
def test_retry_policies(numbers):
    with pytest.raises(cosfast.InputError, match=next(iter(numbers))):
        cosfast.RetryPolicy(**numbers)


def test_a_wrong_key_is_named_and_not_shown(emulator):
    wrong = cosfast.Credentials(CREDENTIALS.appid, CREDENTIALS.secret_id, "another-key-entirely")
    with (
        cosfast.Client(wrong, endpoint=emulator.endpoint) as client,
        pytest.raises(cosfast.AuthenticationError, match="upload cos://bucket/file") as caught,
    ):
        client.upload(b"data", BUCKET, "file")
    assert caught.value.code == -97
    assert "another-key-entirely" not in f"{caught.value!r} {client!r} {wrong!r}"


def test_an_expired_clock(emulator, monkeypatch):
    now = 1_000_000_000
    monkeypatch.setattr("cosfast.cosv4.credentials.time.time", lambda: now)
    with connect(emulator.endpoint) as client, pytest.raises(cosfast.AuthenticationError) as caught:
        client.upload(b"data", BUCKET, "file")
    assert caught.value.code == -96


def test_a_bucket_with_the_number_of_the_account(client):
    """As other versions of the API have it; the server would only say that it knows no such one."""
    wrong = f"photos-{CREDENTIALS.appid}"
    for call in (
        lambda: client.upload(b"", wrong, "file"),
        lambda: client.stat(wrong, "file"),
        lambda: client.list(wrong),
        lambda: list(cosfast.sync_down(client, wrong, "/", "nowhere")),
    ):
        with pytest.raises(cosfast.InputError, match=f"'{wrong}'.*use 'photos'"):
            call()
    client.upload(b"", "photos-1251111111", "file")  # somebody else's number is nothing special


def test_no_server_at_all():
    with pytest.raises(cosfast.InputError, match=r"region='gz'.*endpoint=.*COSFAST_REGION"):
        cosfast.Client(CREDENTIALS)


@pytest.mark.parametrize(
    ("server", "host", "advice"),
    [
        ({"region": "ap-nowhere"}, "ap-nowhere.file.myqcloud.com", "'gz', 'sh' or 'tj'"),
        ({"endpoint": "http://no.such.host.invalid:1"}, "no.such.host.invalid", "the endpoint"),
    ],
)
def test_a_host_that_nobody_knows_is_named(server, host, advice, monkeypatch):
    def unknown(*_arguments, **_keywords):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with cosfast.Client(CREDENTIALS, retry=cosfast.NO_RETRY, journal=None, **server) as client:
        with pytest.raises(cosfast.TransportError) as caught:
            client.stat(BUCKET, "file")
    assert f"'{host}'" in str(caught.value)
    assert advice in str(caught.value)
    assert "Name or service not known" in str(caught.value)
