"""`update`, `move` and `copy`: requests that the official SDKs could have sent."""

from __future__ import annotations

import json

import pytest

from cosfast.cosv4.protocol import mutations
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.stats import Authority
from cosfast.errors import InputError

FILE = ObjectAddress("1250000001", "photos", "2017/a.jpg")
OTHER = ObjectAddress("1250000001", "photos", "2018/ü b.jpg")
FOLDER = ObjectAddress("1250000001", "photos", "2017/")
ROOT = ObjectAddress("1250000001", "photos", "/")


def body(request):
    assert (request.method, request.signing, request.encoding) == ("POST", "once", "json")
    return json.loads(b"".join(request.encode()))


def test_update_sends_only_what_is_given():
    assert body(mutations.update(FILE, biz_attr="")) == {"op": "update", "biz_attr": ""}
    assert body(mutations.update(FOLDER, biz_attr="x")) == {"op": "update", "biz_attr": "x"}
    sent = body(mutations.update(FILE, authority=Authority.PRIVATE))
    assert sent == {"op": "update", "authority": "eWRPrivate"}
    assert type(sent["authority"]) is str


def test_update_sends_headers_as_the_json_of_an_object():
    headers = {"cache-control": "no-cache", "X-COS-Meta-Artist": "Ü"}
    sent = body(mutations.update(FILE, headers=headers))
    expected = {"Cache-Control": "no-cache", "x-cos-meta-artist": "Ü"}
    assert json.loads(sent["custom_headers"]) == expected


def test_update_can_set_the_content_encoding():
    sent = body(mutations.update(FILE, headers={"content-encoding": "gzip"}))
    assert json.loads(sent["custom_headers"]) == {"Content-Encoding": "gzip"}


@pytest.mark.parametrize(
    ("address", "given", "named"),
    [
        (FILE, {}, "nothing to update"),
        (ROOT, {"biz_attr": "x"}, "root"),
        (FOLDER, {"authority": Authority.PRIVATE}, "folder"),
        (FOLDER, {"headers": {}}, "folder"),
        (FILE, {"authority": "public"}, "eWPrivateRPublic"),
        (FILE, {"headers": {"Set-Cookie": "x"}}, "Set-Cookie"),
        (FILE, {"headers": {"x-cos-meta-": "x"}}, "x-cos-meta-"),
        (FILE, {"headers": {"x-cos-meta-a b": "x"}}, "a b"),
        (FILE, {"headers": {"Content-Type": "a\r\nb"}}, "control"),
        (FILE, {"headers": {"Content-Type": 7}}, "Content-Type"),
    ],
    ids=str,
)
def test_update_names_what_cannot_be(address, given, named):
    with pytest.raises(InputError, match=named):
        mutations.update(address, **given)


@pytest.mark.parametrize("change", [mutations.move, mutations.copy], ids=["move", "copy"])
def test_relocation_is_json_and_signed_once(change):
    assert body(change(FILE, OTHER)) == {
        "op": change.__name__,
        "dest_fileid": "/2018/ü b.jpg",
        "to_over_write": "0",
    }
    assert body(change(FILE, OTHER, overwrite=True))["to_over_write"] == "1"


def test_a_path_like_a_fileid_is_sent_as_one():
    target = ObjectAddress("1250000001", "photos", "1250000001/x")
    assert body(mutations.move(FILE, target))["dest_fileid"] == "/1250000001/photos/1250000001/x"


@pytest.mark.parametrize(
    ("source", "target", "named"),
    [
        (FOLDER, OTHER, "folder"),
        (FILE, FOLDER, "folder"),
        (FILE, FILE, "to itself"),
        (FILE, ObjectAddress("1250000001", "other", "x"), "bucket"),
        (FILE, ObjectAddress("1250000002", "photos", "x"), "bucket"),
    ],
)
def test_relocation_names_what_cannot_be(source, target, named):
    with pytest.raises(InputError, match=named):
        mutations.move(source, target)
