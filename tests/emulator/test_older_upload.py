"""The older op=upload_slice: slices in order, without finish (PROTOCOL.md section 4)."""

from __future__ import annotations

import hashlib

from emulator.wire import MIB

PATH = "/old.bin"


def begin(api, case, path=PATH):
    size = case["size"]
    fields = {"sha": case["sha1"], "filesize": str(size), "slice_size": str(MIB)}
    return api.form(path, op="upload_slice", **fields)


def send(api, session, offset, piece):
    return api.form(PATH, op="upload_slice", session=session, offset=str(offset), filecontent=piece)


def test_each_response_has_the_next_offset(api, six_slices):
    content = six_slices["content"]
    data = begin(api, six_slices).data
    assert (data["offset"], data["slice_size"]) == (0, MIB)
    steps = 0
    while "access_url" not in data:
        offset = data["offset"]
        data = send(api, data["session"], offset, content[offset : offset + MIB]).data
        steps += 1
    assert steps == 6
    assert data["url"] == api.url(PATH)
    assert api.http.get(data["access_url"]).content == content


def test_stored_content_is_uploaded_instantly(api, two_slices):
    api.upload("/there", two_slices["content"])
    data = begin(api, two_slices).data
    assert "session" not in data
    assert api.http.get(data["access_url"]).content == two_slices["content"]


def test_an_upload_of_the_same_content_is_resumed(api, six_slices):
    content = six_slices["content"]
    session = begin(api, six_slices).data["session"]
    for offset in (0, MIB):
        send(api, session, offset, content[offset : offset + MIB])
    data = begin(api, six_slices).data
    assert (data["session"], data["offset"]) == (session, 2 * MIB)


def test_other_content_is_refused(api, six_slices, two_slices):
    begin(api, six_slices)
    assert begin(api, two_slices).code == -4019


def test_a_wrong_content_never_becomes_a_file(api, two_slices):
    session = begin(api, two_slices).data["session"]
    assert send(api, session, 0, bytes(MIB)).code == 0
    assert send(api, session, MIB, b"x").code == -5984
    assert api.stat(PATH).status == 404


def test_the_last_slice_again_has_the_same_answer(api, two_slices):
    """There is no finish, so the response to the last slice may be lost."""
    content = two_slices["content"]
    session = begin(api, two_slices).data["session"]
    assert send(api, session, 0, content[:MIB]).code == 0
    last = send(api, session, MIB, content[MIB:])
    assert "access_url" in last.data
    assert send(api, session, MIB, content[MIB:]).data == last.data
    assert api.form(PATH, op="upload_slice", session=session).data == last.data
    assert send(api, session, MIB, b"x").code == -4015
    assert send(api, session, 0, bytes(MIB)).code == -4015
    assert api.delete(PATH).code == 0
    assert send(api, session, MIB, content[MIB:]).code == -290


def test_an_empty_file(api):
    sha = hashlib.sha1(b"").hexdigest()
    data = begin(api, {"size": 0, "sha1": sha}).data
    assert api.http.get(data["access_url"]).content == b""
