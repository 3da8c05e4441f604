"""Signatures: each rule of PROTOCOL.md section 2 with its code from section 7."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import pytest
from emulator.wire import APPID, BUCKET, SECRET_KEY, Api, fileid, read_reply, sign

from cosfast.emulator import Emulator

PATH = "/folder/a file.bin"
DAY = 24 * 3600


@pytest.fixture
def api(api):
    assert api.create("/folder/").code == 0
    assert api.upload(PATH, b"content").code == 0
    return api


def stat_code(api, signature):
    return api.get(PATH, signature, op="stat").code


def delete_code(api, signature):
    return api.json(PATH, signature, op="delete").code


def test_a_reusable_signature_is_good_for_many_uses(api):
    signature = sign()
    assert {stat_code(api, signature) for _ in range(3)} == {0}


def test_refusals_are_http_403(api):
    reply = api.get(PATH, "", op="stat")
    assert (reply.status, reply.code) == (403, -81)


def _tampered(signature):
    signed = base64.b64decode(signature)
    return base64.b64encode(signed[:-1] + b"x").decode()


@pytest.mark.parametrize(
    ("signature", "code"),
    [
        (lambda: "", -81),
        (lambda: sign(key="another key"), -97),
        (lambda: _tampered(sign()), -97),
        (lambda: sign()[:20], -97),
        (lambda: "not base64!", -97),
        (lambda: base64.b64encode(bytes(40)).decode(), -97),
        (lambda: sign(order="aketrf"), -97),
        (lambda: sign(order="aketrfbb"), -97),
        (lambda: sign(e="soon"), -97),
        (lambda: sign(e="-5"), -97),
        (lambda: sign(k="another id"), -79),
        (lambda: sign(a="1259999999"), -62),
        (lambda: sign(b="another-bucket"), -61),
        (lambda: sign(fileid("/folder/another.bin")), -63),
        (lambda: sign(fileid("/folder/")), -63),
        (lambda: sign(expires=int(time.time()) - 1), -96),
        (lambda: sign(expires=int(time.time()) - 1, t=str(int(time.time()) - 300)), -96),
        (lambda: sign(expires=int(time.time()) + 100 * DAY), -96),
        (lambda: sign(expires=int(time.time()) + 10, t=str(int(time.time()) + 20)), -96),
        (lambda: sign(fileid(PATH), once=True), -74),
    ],
)
def test_a_signature_that_breaks_a_rule(api, signature, code):
    assert stat_code(api, signature()) == code


@pytest.mark.parametrize(
    "signature",
    [
        sign,
        lambda: sign(order="abketrf"),
        lambda: sign(order="bfrteka"),
        lambda: sign(fileid(PATH)),
        lambda: sign(f=fileid(PATH)),
        lambda: sign(f=quote(fileid(PATH), safe="")),
        lambda: sign(f=quote(quote(fileid(PATH)))),
        lambda: sign(f=fileid("//folder//a file.bin")),
        lambda: sign(f=f"/{APPID}/{BUCKET}/"),
        lambda: sign(expires=int(time.time()) + 90 * DAY),
        lambda: sign(r="12345678901234567890"),
        lambda: sign() + "\r",
    ],
)
def test_signatures_of_sdks(api, signature):
    assert stat_code(api, signature().strip()) == 0


def test_the_file_id_is_compared_decoded(api):
    path = "/~(1).bin"
    assert api.upload(path, b"x").code == 0
    for encoded in ("/~(1).bin", "/%7E(1).bin", "/%7e%281%29.bin"):
        signature = sign(f=f"/{APPID}/{BUCKET}{encoded}")
        assert api.get(path, signature, op="stat").code == 0


def test_the_signature_may_come_in_the_query_with_a_raw_plus(api):
    signature = next(text for text in (sign() for _ in range(200)) if "+" in text)
    url = f"{api.url(PATH)}?op=stat&sign={quote(signature, safe='+/=')}"
    assert read_reply(api.http.get(url)).code == 0


def test_another_appid_in_the_path_is_refused(api):
    url = api.url(PATH).replace(APPID, "1259999999")
    reply = read_reply(api.http.get(url, params={"op": "stat"}, headers={"Authorization": sign()}))
    assert reply.code == -80


# -- once


def test_delete_takes_a_once_signature_of_its_own_file(api):
    assert delete_code(api, sign()) == -73
    assert delete_code(api, sign(fileid(PATH))) == -73
    assert delete_code(api, sign(once=True)) == -63
    assert delete_code(api, sign(fileid("/folder/another.bin"), once=True)) == -63
    assert delete_code(api, sign(f"/{APPID}/{BUCKET}/", once=True)) == -63
    assert api.stat(PATH).code == 0
    assert delete_code(api, sign(fileid(PATH), once=True)) == 0


def test_a_once_signature_is_good_for_one_use(api):
    signature = sign(fileid(PATH), once=True)
    assert delete_code(api, signature) == 0
    api.upload(PATH, b"again")
    assert delete_code(api, signature) == -77
    assert api.stat(PATH).code == 0


def test_a_once_signature_is_used_up_by_a_failure_too(api):
    signature = sign(fileid("/none"), once=True)
    assert api.json("/none", signature, op="delete").code == -197
    assert api.json("/none", signature, op="delete").code == -77


def test_a_once_signature_stays_used_after_a_restart(tmp_path):
    signature = sign(fileid("/file"), once=True)
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        api.upload("/file", b"x")
        assert api.json("/file", signature, op="delete").code == 0
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        api.upload("/file", b"x")
        assert api.json("/file", signature, op="delete").code == -77


def test_the_server_uses_the_configured_key():
    with Emulator(appid="1251234567", secret_id="id", secret_key="key") as emulator:
        url = f"{emulator.endpoint}/files/v2/1251234567/{BUCKET}/"
        api = Api(emulator.endpoint)
        for key, code in (("key", 0), (SECRET_KEY, -97)):
            signature = sign(key=key, a="1251234567", k="id")
            reply = api.http.get(url, params={"op": "stat"}, headers={"Authorization": signature})
            assert read_reply(reply).code == code
