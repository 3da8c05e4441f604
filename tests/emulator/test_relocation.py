"""move and copy (PROTOCOL.md section 5)."""

from __future__ import annotations

import pytest
from emulator.wire import APPID, BUCKET, fileid, sign

SOURCE = "/from/a.txt"


@pytest.fixture
def api(api):
    for folder in ("/from/", "/to/"):
        api.create(folder)
    api.upload(SOURCE, b"content", biz_attr="mine")
    return api


def relocate(api, op, dest, source=SOURCE, **fields):
    signature = sign(fileid(source), once=True)
    return api.json(source, signature, op=op, dest_fileid=dest, **fields)


@pytest.mark.parametrize(
    ("dest", "path"),
    [
        ("/to/b.txt", "/to/b.txt"),
        (f"/{APPID}/{BUCKET}/to/b.txt", "/to/b.txt"),
        ("b.txt", "/from/b.txt"),
        ("/to//b.txt", "/to/b.txt"),
        ("/to/文 件", "/to/文 件"),
    ],
)
@pytest.mark.parametrize("op", ["move", "copy"])
def test_the_destination_in_each_spelling(api, op, dest, path):
    reply = relocate(api, op, dest)
    assert reply.code == 0
    assert reply.data["resource_path"] == fileid(path)
    assert api.download(path).content == b"content"
    assert api.stat(path).data["biz_attr"] == "mine"
    assert api.stat(SOURCE).code == (-197 if op == "move" else 0)


@pytest.mark.parametrize("op", ["move", "copy"])
def test_in_a_query_and_in_a_form(api, op):
    query = {"op": op, "dest_fileid": "/to/b c+d", "to_over_write": "0"}
    reply = api.http.post(api.url(SOURCE), params=query, headers={"Authorization": sign()})
    assert reply.json()["code"] == 0
    assert api.stat("/to/b c+d").code == 0
    fields = {"dest_fileid": "/to/c", "to_over_write": "0"}
    assert api.form("/to/b c+d", op=op, **fields).code == 0
    assert api.stat("/to/c").code == 0


@pytest.mark.parametrize("op", ["move", "copy"])
def test_an_existing_file_is_overwritten_when_asked(api, op):
    api.upload("/to/b.txt", b"other")
    for flag in ({}, {"to_over_write": 0}, {"to_over_write": "0"}):
        assert relocate(api, op, "/to/b.txt", **flag).code == -177
    assert api.download("/to/b.txt").content == b"other"
    assert relocate(api, op, "/to/b.txt", to_over_write=1).code == 0
    assert api.download("/to/b.txt").content == b"content"


@pytest.mark.parametrize("op", ["move", "copy"])
def test_what_makes_no_sense_is_refused(api, op):
    assert relocate(api, op, "").code == -180
    assert relocate(api, op, "/to/").code == -180
    assert relocate(api, op, "/to/../x").code == -180
    assert relocate(api, op, "/none/b.txt").code == -197
    assert relocate(api, op, "/to").code == -178
    assert relocate(api, op, f"/{APPID}/other/b.txt").code == -5973
    assert relocate(api, op, "/to/b", source="/from/none").code == -197
    assert relocate(api, op, "/to/b", source="/from/").code == -180
    assert api.download(SOURCE).content == b"content"


@pytest.mark.parametrize("op", ["move", "copy"])
def test_a_file_onto_itself(api, op):
    assert relocate(api, op, SOURCE).code == -177
    assert relocate(api, op, SOURCE, to_over_write=1).code == 0
    assert api.download(SOURCE).content == b"content"


def test_a_copy_outlives_its_source(api):
    relocate(api, "copy", "/to/b.txt")
    api.delete(SOURCE)
    assert api.download("/to/b.txt").content == b"content"


def test_a_once_signature_is_used_up(api):
    signature = sign(fileid(SOURCE), once=True)
    for dest, code in (("/to/b", 0), ("/to/c", -77)):
        assert api.json(SOURCE, signature, op="copy", dest_fileid=dest).code == code
