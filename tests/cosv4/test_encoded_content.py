"""A file that is served with `Content-Encoding` is downloaded as it is stored."""

from __future__ import annotations

import gzip
import hashlib
import io
import random

import pytest
import requests
from emulated import BUCKET, connect
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

import cosfast
from cosfast.transfer.download_ranges import PIECE_SIZE

TEXT = random.Random(1).randbytes(PIECE_SIZE + PIECE_SIZE // 2)
STORED = gzip.compress(TEXT)


class CopyingAdapter(HTTPAdapter):
    """Gives answers of its own making, as adapters that cache or record do."""

    def send(self, request, **options):
        response = super().send(request, **options)
        raw = response.raw
        response.raw = HTTPResponse(
            body=io.BytesIO(raw.read(decode_content=False)),
            headers=raw.headers,
            status=raw.status,
            preload_content=False,
        )
        raw.release_conn()
        return response


@pytest.fixture(params=[None, HTTPAdapter, CopyingAdapter], ids=["own", "requests", "copying"])
def client(emulator, request):
    session = None
    if request.param:
        session = requests.Session()
        session.mount("http://", request.param())
    with connect(emulator.endpoint, session=session) as made:
        made.upload(STORED, BUCKET, "file.gz")
        made.update(BUCKET, "file.gz", headers={"Content-Encoding": "gzip"})
        yield made


def test_size_and_sha_are_of_the_stored_bytes(client):
    stat = client.stat(BUCKET, "file.gz")
    assert stat.headers == {"Content-Encoding": "gzip"}
    assert stat.filesize == len(STORED)
    assert stat.sha1 == hashlib.sha1(STORED).hexdigest()


def test_whole_and_in_part(client, tmp_path):
    client.download(BUCKET, "file.gz", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == STORED
    assert gzip.decompress(client.read(BUCKET, "file.gz")) == TEXT
    start, length = PIECE_SIZE - 100, 200
    part = client.read(BUCKET, "file.gz", start=start, length=length)
    assert part == STORED[start : start + length]
    received = io.BytesIO()
    client.download(BUCKET, "file.gz", received)
    assert received.getvalue() == STORED


def test_an_encoding_that_is_not_true_does_no_harm(client):
    """What a header says of the bytes is not looked at."""
    for encoding in ("br", "deflate", "zstd", "gzip, gzip", "no-such"):
        client.update(BUCKET, "file.gz", headers={"Content-Encoding": encoding})
        assert client.read(BUCKET, "file.gz", start=0, length=1000) == STORED[:1000]


def test_copies_keep_it(client):
    client.copy(BUCKET, "file.gz", "copy.gz")
    assert client.stat(BUCKET, "copy.gz").headers == {"Content-Encoding": "gzip"}
    assert client.read(BUCKET, "copy.gz", start=0, length=10) == STORED[:10]


def test_a_session_that_asks_for_compression_gets_none(emulator):
    session = requests.Session()
    session.headers["Accept-Encoding"] = "gzip, deflate, br"
    with connect(emulator.endpoint, session=session) as client:
        client.upload(STORED, BUCKET, "file.gz")
        client.update(BUCKET, "file.gz", headers={"content-encoding": "gzip"})
        assert client.read(BUCKET, "file.gz") == STORED


def test_it_can_be_set_with_the_others(client):
    headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip"}
    client.update(BUCKET, "file.gz", headers=headers)
    assert client.stat(BUCKET, "file.gz").headers == headers
    with pytest.raises(cosfast.InputError, match="control"):
        client.update(BUCKET, "file.gz", headers={"Content-Encoding": "gzip\r\n"})
