"""Large and compressed responses: their size is bounded, stored bytes are not changed."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import sys
import zlib

import pytest
import requests
from emulated import BUCKET, connect
from scripted import UPLOADED, header_of, http, scripted

import cosfast

MIB = 1024 * 1024


def envelope(data):
    return json.dumps({"code": 0, "message": "", "request_id": "r", "data": data}).encode()


def test_a_response_above_the_limit_is_refused():
    body = envelope({"access_url": "x" * (5 * MIB)})
    with scripted(http(body)) as (endpoint, seen), connect(endpoint) as client:
        with pytest.raises(cosfast.AnswerError, match="larger than 4 MiB"):
            client.upload(b"data", BUCKET, "file")
        assert len(seen) == 1


@pytest.mark.parametrize("own_session", [False, True])
def test_no_compression_is_requested(emulator, own_session):
    success = http(envelope(UPLOADED))
    session = requests.Session() if own_session else None
    with scripted(success) as (endpoint, seen), connect(endpoint, session=session) as client:
        client.upload(b"data", BUCKET, "file")
    assert header_of(seen[0], "Accept-Encoding") == "identity"


@pytest.mark.parametrize("coding", ["gzip", "deflate", "GZIP"])
def test_a_compressed_response_is_read_nevertheless(coding):
    body = envelope(UPLOADED)
    packed = zlib.compress(body) if coding == "deflate" else gzip.compress(body)
    answer = http(packed, "200 OK", f"Content-Encoding: {coding}")
    with scripted(answer) as (endpoint, _), connect(endpoint) as client:
        assert client.upload(b"data", BUCKET, "file").access_url == UPLOADED["access_url"]


@pytest.mark.parametrize(
    ("packed", "coding"), [(b"\x1f\x8bbroken", "gzip"), (b"\x00", "br")], ids=["broken", "unknown"]
)
def test_a_response_that_cannot_be_decompressed_counts_as_lost(packed, coding):
    answers = [http(packed, "200 OK", f"Content-Encoding: {coding}")] * 4
    with scripted(*answers) as (endpoint, seen), connect(endpoint) as client:
        with pytest.raises(cosfast.AnswerError, match="compress") as caught:
            client.upload(b"data", BUCKET, "file")
    assert caught.value.lost
    assert len(seen) == 4


BOMB = """
import resource, sys
import cosfast

client = cosfast.Client(
    cosfast.Credentials("1", "id", "key"), endpoint=sys.argv[1], retry=cosfast.NO_RETRY,
    journal=None,
)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    client.upload(b"data", "bucket", "file")
except cosfast.AnswerError as exc:
    print(exc)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""


def test_a_compressed_bomb_is_not_unpacked():
    packed = gzip.compress(bytes(256 * MIB), 9)
    assert len(packed) < 1 * MIB
    answer = http(packed, "200 OK", "Content-Encoding: gzip")
    with scripted(answer) as (endpoint, _):
        words = [sys.executable, "-c", BOMB, endpoint]
        out = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    text, taken = out.splitlines()
    assert "larger than 4 MiB" in text
    assert int(taken) < 100


def test_a_file_is_never_decoded_by_its_content_encoding(emulator, client):
    """The bytes of a range are those that are stored; nothing decompresses them."""
    packed = gzip.compress(bytes(64 * MIB))
    client.upload(packed, BUCKET, "file")
    known = client.stat(BUCKET, "file")
    last = len(packed) - 1
    head = [f"Content-Range: bytes 0-{last}/{len(packed)}", "Content-Encoding: gzip"]
    with scripted(http(packed, "206 Partial Content", *head)) as (endpoint, seen):
        served = type(known)(**{**vars(known), "access_url": f"{endpoint}/file"})
        target = io.BytesIO()
        client.download(BUCKET, "file", target, known=served)
    assert target.getvalue() == packed
    assert header_of(seen[0], "Accept-Encoding") == "identity"
