"""The page for people: what it shows, and to whom."""

from __future__ import annotations

import shutil
import subprocess

import pytest
import requests
from emulated import BUCKET, connect, start_emulator

from cosfast.emulator import faults, page

MIB = 1024 * 1024


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
    assert "30 percent has arrived" in text
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
    assert page.may_see("127.0.0.1")
    assert page.may_see("::1")
    assert not page.may_see("192.0.2.7")
    assert not page.may_see(None)


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
