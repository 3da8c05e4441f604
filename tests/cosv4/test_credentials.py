"""`Credentials`: what it takes, what it hides, and the three kinds of signature."""

from __future__ import annotations

import base64
import copy
import dataclasses
import hmac
import pickle
import time

import pytest

from cosfast.cosv4.credentials import Credentials
from cosfast.cosv4.protocol import objects, slices
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.errors import InputError

KEY = "bLcPmadeupkey57ipRhSePf"
CREDENTIALS = Credentials("1250000001", "AKIDexample", KEY)
ENVIRON = {
    "COSFAST_APPID": "1250000001",
    "COSFAST_SECRET_ID": "AKIDexample",
    "COSFAST_SECRET_KEY": KEY,
}
THREE_MONTHS = 90 * 24 * 3600


def opened(signature: str, key: str = KEY) -> dict[str, str]:
    """Verify a signature as a server would (PROTOCOL.md, section 2); return its fields."""
    raw = base64.b64decode(signature, validate=True)
    assert raw[:20] == hmac.digest(key.encode(), raw[20:], "sha1")
    return dict(pair.split("=", 1) for pair in raw[20:].decode().split("&"))


def test_a_reusable_signature_covers_the_bucket_for_a_while():
    fields = opened(CREDENTIALS.sign_reusable("photos", expires_in=60))
    assert (fields["a"], fields["k"], fields["b"]) == ("1250000001", "AKIDexample", "photos")
    assert fields["f"] == ""
    assert int(fields["e"]) - int(fields["t"]) == 60
    assert abs(int(fields["t"]) - time.time()) < 60


def test_a_reusable_signature_may_cover_one_file_alone():
    fields = opened(CREDENTIALS.sign_reusable("photos", "2017/猫 a.jpg"))
    assert fields["f"] == "/1250000001/photos/2017/%E7%8C%AB%20a.jpg"
    assert int(fields["e"]) - int(fields["t"]) == 300


def test_a_once_signature_has_no_expiry_and_names_the_file():
    fields = opened(CREDENTIALS.sign_once("photos", "/2017//a&b=c.jpg"))
    assert fields["e"] == "0"
    assert fields["f"] == "/1250000001/photos/2017/a%26b%3Dc.jpg"


def test_a_download_signature_names_the_path_alone():
    fields = opened(CREDENTIALS.sign_download("photos", "2017/a.jpg", expires_in=THREE_MONTHS))
    assert fields["f"] == "/2017/a.jpg"
    assert int(fields["e"]) - int(fields["t"]) == THREE_MONTHS


def test_a_folder_keeps_its_slash_in_the_signature():
    assert opened(CREDENTIALS.sign_once("photos", "2017/"))["f"] == "/1250000001/photos/2017/"


def test_two_signatures_of_the_same_second_differ():
    signatures = {CREDENTIALS.sign_once("photos", "a.jpg") for _ in range(20)}
    assert len(signatures) == 20
    assert all(len(opened(signature)["r"]) <= 10 for signature in signatures)


@pytest.mark.parametrize("expires_in", [0, -1, THREE_MONTHS + 1, 1.5, True, "300", None])
def test_an_impossible_life_is_refused(expires_in):
    with pytest.raises(InputError, match="expires_in"):
        CREDENTIALS.sign_reusable("photos", expires_in=expires_in)
    with pytest.raises(InputError, match="expires_in"):
        CREDENTIALS.sign_download("photos", "a.jpg", expires_in=expires_in)


@pytest.mark.parametrize("path", ["", "a/../b", "a?b"])
def test_a_malformed_path_is_not_signed(path):
    with pytest.raises(InputError, match="path"):
        CREDENTIALS.sign_once("photos", path)


def test_a_malformed_bucket_is_not_signed():
    with pytest.raises(InputError, match="pho/tos"):
        CREDENTIALS.sign_reusable("pho/tos")


ADDRESS = ObjectAddress("1250000001", "photos", "2017/a.jpg")
REQUESTS = {
    "slice_list": (slices.slice_list(ADDRESS), "/1250000001/photos/2017/a.jpg", 300),
    "delete": (objects.delete(ADDRESS), "/1250000001/photos/2017/a.jpg", None),
    "download": (objects.download(ADDRESS, "http://host/2017/a.jpg"), "/2017/a.jpg", 300),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_each_request_gets_the_kind_it_needs_afresh(name):
    request, fileid, life = REQUESTS[name]
    first, second = (CREDENTIALS.sign_request(request) for _ in range(2))
    fields = opened(first)
    assert first != second
    assert fields["f"] == fileid
    assert fields["e"] == (str(int(fields["t"]) + life) if life else "0")


@pytest.mark.parametrize("shown", [repr, str, "{!r}".format, "{}".format])
def test_the_key_is_never_shown(shown):
    assert KEY not in shown(CREDENTIALS)
    assert "AKIDexample" in shown(CREDENTIALS)


def test_pickling_and_copying_keep_the_key_for_workers():
    twin = pickle.loads(pickle.dumps(CREDENTIALS))
    assert twin == copy.deepcopy(CREDENTIALS) == CREDENTIALS
    assert opened(twin.sign_once("photos", "a.jpg"))


def test_nothing_can_be_set():
    with pytest.raises(dataclasses.FrozenInstanceError):
        CREDENTIALS.secret_key = "other"


def test_a_number_is_taken_as_appid():
    assert Credentials(1250000001, "AKIDexample", KEY) == CREDENTIALS


@pytest.mark.parametrize("appid", ["", "12a", "12/3", -1, None, True, "\uff11"])
def test_an_appid_that_is_no_number_is_refused(appid):
    with pytest.raises(InputError, match="appid"):
        Credentials(appid, "AKIDexample", KEY)


@pytest.mark.parametrize("value", ["", "two words", "line\n", "a&b=c", "clé", None])
def test_a_malformed_secret_is_refused_without_being_quoted(value):
    with pytest.raises(InputError, match="secret_id") as refused:
        Credentials("1", value, KEY)
    assert KEY not in str(refused.value)
    with pytest.raises(InputError, match="secret_key") as refused:
        Credentials("1", "AKIDexample", value)
    assert not value or value not in str(refused.value)


def test_the_environment_is_read():
    assert Credentials.from_env(ENVIRON) == CREDENTIALS


def test_the_process_environment_is_the_default(monkeypatch):
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    assert Credentials.from_env() == CREDENTIALS


@pytest.mark.parametrize("name", ENVIRON)
@pytest.mark.parametrize("state", ["missing", "empty"])
def test_a_missing_variable_is_named(name, state):
    environ = {**ENVIRON, name: ""}
    if state == "missing":
        del environ[name]
    with pytest.raises(InputError, match=name) as refused:
        Credentials.from_env(environ)
    assert KEY not in str(refused.value)
