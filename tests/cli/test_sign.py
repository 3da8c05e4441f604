"""`cosfast sign`: what it prints works, and for no longer than it was to."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
import requests
from cli.commandline import account, cosfast, failed, lines, objects
from emulated import BUCKET, CREDENTIALS

ADDRESS = f"cos://{BUCKET}/folder/file"


@pytest.fixture
def filled(client, settings):
    client.upload(b"content", BUCKET, "folder/file")
    return settings


def signed_fields(signature):
    plain = base64.b64decode(signature)[20:].decode()
    return dict(field.partition("=")[::2] for field in plain.split("&"))


def life(signature):
    fields = signed_fields(signature)
    return int(fields["e"]) - int(fields["t"])


def call(settings, method, signature, **words):
    return requests.request(
        method,
        f"{settings['COSFAST_ENDPOINT']}/files/v2/{CREDENTIALS.appid}/{BUCKET}/folder/file",
        headers={"Authorization": signature},
        timeout=10,
        **words,
    ).json()["code"]


def test_a_url_downloads(filled):
    (url,) = lines(cosfast("sign", ADDRESS, **filled))
    assert requests.get(url, timeout=10).content == b"content"
    assert CREDENTIALS.secret_key not in url


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("90s", 90), ("15m", 900), ("1.5h", 5400), ("7d", 604800)]
)
def test_how_long(filled, text, seconds):
    (signature,) = lines(cosfast("sign", "--reusable", "--expires-in", text, ADDRESS, **filled))
    assert life(signature) == seconds


def test_a_reusable_signature(filled):
    (signature,) = lines(cosfast("sign", "--reusable", ADDRESS, **filled))
    assert life(signature) == 3600
    for _ in range(2):
        assert call(filled, "GET", signature, params={"op": "stat"}) == 0
    (whole,) = lines(cosfast("sign", "--reusable", f"cos://{BUCKET}", **filled))
    assert signed_fields(whole)["f"] == ""
    assert call(filled, "GET", whole, params={"op": "stat"}) == 0


def test_a_signature_for_once(filled):
    (signature,) = lines(cosfast("sign", "--once", ADDRESS, **filled))
    assert call(filled, "POST", signature, json={"op": "delete"}) == 0
    assert call(filled, "POST", signature, json={"op": "delete"}) == -77


def test_json(filled):
    (url,) = objects(cosfast("sign", "--json", "--expires-in", "1d", ADDRESS, **filled))
    assert (url["address"], url["signature"]) == (ADDRESS, None)
    signature = requests.utils.unquote(url["url"].partition("?sign=")[2])
    expires = datetime.strptime(url["expires"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert int(signed_fields(signature)["e"]) - expires.timestamp() in {0, 1}
    (once,) = objects(cosfast("sign", "--json", "--once", ADDRESS, **filled))
    assert (once["url"], once["expires"]) == (None, None)
    assert life(once["signature"]) < 0


def test_with_a_region_no_server_is_asked():
    (url,) = lines(cosfast("sign", "--region", "gz", ADDRESS, **account()))
    host = f"{BUCKET}-{CREDENTIALS.appid}.cosgz.myqcloud.com"
    assert url.startswith(f"https://{host}/folder/file?sign=")
    # The flag counts, though the variable of the other kind is set.
    elsewhere = account("http://127.0.0.1:1")
    (url,) = lines(cosfast("sign", "--region", "gz", ADDRESS, **elsewhere))
    assert host in url


def test_what_cannot_be(filled):
    assert failed(cosfast("sign", f"cos://{BUCKET}/folder/", **filled), 1, "folder")
    assert failed(cosfast("sign", "--expires-in", "91d", ADDRESS, **filled), 1, "90 days")
    assert failed(cosfast("sign", "--once", "--expires-in", "1h", ADDRESS, **filled), 2, "--once")
    for wrong in ("soon", "1w", "-5", "0.5", "1e3", ""):
        run = cosfast("sign", f"--expires-in={wrong}", ADDRESS, **filled)
        assert (run.returncode, run.stdout) == (2, "")
        assert repr(wrong) in run.stderr
