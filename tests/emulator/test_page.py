"""The status page: what it shows, and to which clients."""

from __future__ import annotations

import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
import requests
from emulated import BUCKET, connect, start_emulator

import cosfast
from cosfast.emulator import control, faults

MIB = 1024 * 1024
EVERYWHERE = "0.0.0.0"  # noqa: S104 - the address that a test is about


@pytest.fixture
def emulator():
    with start_emulator() as server:
        yield server


@pytest.fixture
def client(emulator):
    with connect(emulator.endpoint) as made:
        yield made


def shown(emulator):
    answer = requests.get(f"{emulator.endpoint}/_emulator/", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    return answer.text


def test_an_empty_server(emulator):
    assert shown(emulator).count("None.") == 4


def test_files_buckets_uploads_and_faults(emulator, client):
    client.upload(b"data", BUCKET, "folder/file")
    opened = client.slice_init(BUCKET, "large", filesize=10 * MIB)
    for index in (0, 1, 5):
        client.slice_data(
            BUCKET, "large", session=opened.session, offset=index * MIB, content=bytes(MIB)
        )
    emulator.faults.add("stat", faults.NotJson())
    text = shown(emulator)
    assert f"{BUCKET}/folder/file</a>" in text
    assert "30 percent received" in text
    assert "<rect x='0.00' width='200.00'" in text
    assert "<rect x='500.00' width='100.00'" in text
    assert "not-json" in text
    link = text.partition("<a href='")[2].partition("'")[0]
    assert requests.get(link, timeout=10).content == b"data"


def test_names_are_shown_as_text_and_no_script_is_needed(emulator, client):
    client.upload(b"data", BUCKET, "a&amp;b'c")
    text = shown(emulator)
    assert "a&amp;amp;b&#x27;c" in text
    assert "<script" not in text


def test_only_this_machine_sees_it():
    assert control.is_this_machine("127.0.0.1")
    assert control.is_this_machine("::1")
    assert control.is_this_machine("::ffff:127.0.0.1")
    assert not control.is_this_machine("192.0.2.7")
    assert not control.is_this_machine("::ffff:192.0.2.7")
    assert not control.is_this_machine(None)


def answer_to(emulator, host, target="/_emulator/"):
    """Send an HTTP/1.0 request with this Host header, or without one."""
    address = urlsplit(emulator.endpoint)
    head = f"GET {target} HTTP/1.0\r\n" + (f"Host: {host}\r\n" if host else "") + "\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=10) as connection:
        connection.sendall(head.encode())
        received = b""
        while data := connection.recv(65536):
            received += data
    return int(received.split()[1]), received.partition(b"\r\n\r\n")[2]


@pytest.fixture
def open_emulator():
    with start_emulator(faults_over_http=True, allowed_hosts=["cos.test", "192.0.2.7"]) as server:
        with connect(server.endpoint) as made:
            made.upload(b"data", BUCKET, "a-name-to-hide")
        yield server


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.0.0.1:8080", "127.1.2.3", "localhost", "LocalHost:1", "[::1]:80"),
        *("[0:0::1]", "cos.test", "COS.test:99", "cos.test.", "192.0.2.7:1"),
    ],
)
def test_it_is_served_at_loopback_and_allowed_hosts(open_emulator, host):
    for path in ("/_emulator/", "/_emulator/faults"):
        assert answer_to(open_emulator, host, path)[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.nip.io"),
        *("192.0.2.8", "127.0.0.1@evil.example", "[::2]", "[::1", EVERYWHERE, "", "127.0.0.1:x"),
        *("127.0.0.1:99999", "127.0.0.1, evil.example", "\u0661\u0662\u0667.0.0.1", "xcos.test"),
    ],
)
def test_it_is_not_served_at_other_hosts(open_emulator, host):
    """DNS rebinding: the Host header is the name of the hostile page."""
    for path in ("/_emulator/", "/_emulator/faults", "/%5Femulator/", "/_emulator/x"):
        status, body = answer_to(open_emulator, host, path)
        assert (status, b"a-name-to-hide" in body) == (403, False)


def test_the_host_of_an_absolute_target_counts(open_emulator):
    """A browser that uses the server as proxy sends an absolute target."""
    for target in ("http://evil.example/_emulator/", "http://evil.example:80/_emulator/faults"):
        assert answer_to(open_emulator, "127.0.0.1", target)[0] == 403
    assert answer_to(open_emulator, "evil.example", "http://localhost/_emulator/")[0] == 200


def test_two_host_headers_are_refused(open_emulator):
    assert answer_to(open_emulator, "127.0.0.1\r\nHost: 127.0.0.1")[0] in {400, 403}


def test_the_name_that_it_listens_at_is_allowed():
    with start_emulator(host="localhost") as server:
        assert answer_to(server, "localhost")[0] == 200
    with start_emulator(host=EVERYWHERE) as server:
        assert answer_to(server, EVERYWHERE)[0] == 403


@pytest.mark.parametrize("name", ["", "a b", "a:1", "::1::", "a/b", "\u0661", ".", None])
def test_a_host_that_cannot_be_allowed_is_refused(name):
    with pytest.raises(cosfast.InputError, match="allowed_hosts"):
        start_emulator(allowed_hosts=[name])


def test_allowed_hosts_is_not_one_string():
    """Each of its characters would be a host."""
    with pytest.raises(cosfast.InputError, match="allowed_hosts"):
        start_emulator(allowed_hosts="cos.test")


def test_a_file_of_that_path_is_a_file(emulator, client):
    client.create_folder(BUCKET, "_emulator")
    client.upload(b"a file", BUCKET, "_emulator/faults")
    host = f"{BUCKET}-1250000000.file.myqcloud.com"
    assert answer_to(emulator, host, "/_emulator/faults") == (200, b"a file")


def test_it_can_be_neither_framed_nor_embedded(emulator):
    headers = requests.get(f"{emulator.endpoint}/_emulator/", timeout=10).headers
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_browser_draws_it(emulator, client, tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no Chromium is installed")
    client.upload(b"data", BUCKET, "in-a-browser")
    drawn = subprocess.run(
        [
            browser,
            *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
            *("--disable-background-networking", "--disable-sync", "--disable-quic"),
            f"--user-data-dir={tmp_path}",
            "--dump-dom",
            f"{emulator.endpoint}/_emulator/",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert f"{BUCKET}/in-a-browser" in drawn.stdout
    assert "<h2>Unfinished uploads</h2>" in drawn.stdout
