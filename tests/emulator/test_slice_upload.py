"""upload_slice_init, _list, _data and _finish (PROTOCOL.md section 4)."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest
import requests
from emulator.wire import MIB, Api, fileid, sign, slices, with_parts

from cosfast.emulator import Emulator, Limits, faults

PATH = "/file.bin"


def begin(api, case, path=PATH, **fields):
    reply = api.init(path, case["content"], **with_parts(case), **fields)
    assert reply.code == 0, reply
    return reply.data["session"]


def send_all(api, session, content, path=PATH):
    for offset, piece in slices(content):
        assert api.data(path, session, offset, piece).code == 0


def upload(api, case, path=PATH, **fields):
    session = begin(api, case, path, **fields)
    send_all(api, session, case["content"], path)
    reply = api.finish(path, session, case["content"], sha=case["sha1"])
    assert reply.code == 0, reply
    return reply


def test_upload_comes_back_equal(api, six_slices):
    reply = upload(api, six_slices)
    assert reply.data["resource_path"] == f"/1250000000/bucket{PATH}"
    assert reply.data["vid"]
    assert reply.data["url"] == api.url(PATH)
    for address in (reply.data["access_url"], reply.data["source_url"]):
        assert api.http.get(address).content == six_slices["content"]
    stat = api.stat(PATH).data
    assert stat["sha"] == six_slices["sha1"]
    assert stat["filesize"] == stat["filelen"] == six_slices["size"]


def test_init_answers_a_session_and_an_integer_slice_size(api, two_slices):
    data = api.init(PATH, two_slices["content"], **with_parts(two_slices)).data
    assert len(data["session"]) == 56
    assert data["slice_size"] == MIB
    assert "serial_upload" not in data


def test_data_echoes_session_offset_and_datamd5(api, two_slices):
    session = begin(api, two_slices)
    piece = two_slices["content"][MIB:]
    md5 = hashlib.md5(piece).hexdigest()
    reply = api.data(PATH, session, MIB, piece, datamd5=md5)
    assert reply.data == {"session": session, "offset": MIB, "datamd5": md5}


def test_slices_arrive_in_any_order_and_repeatedly(api, six_slices):
    session = begin(api, six_slices)
    sends = slices(six_slices["content"]) * 2
    random.Random(1).shuffle(sends)
    with ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda send: api.data(PATH, session, *send), sends))
    assert {reply.code for reply in replies} == {0}
    assert api.finish(PATH, session, six_slices["content"], sha=six_slices["sha1"]).code == 0
    assert api.download(PATH).content == six_slices["content"]


@pytest.mark.parametrize("index", range(6))
def test_one_broken_byte_is_refused_at_its_slice(api, six_slices, index):
    session = begin(api, six_slices)
    offset, piece = slices(six_slices["content"])[index]
    middle = len(piece) // 2
    broken = piece[:middle] + bytes([piece[middle] ^ 1]) + piece[middle + 1 :]
    reply = api.data(PATH, session, offset, broken)
    assert (reply.status, reply.code) == (400, -4016)
    assert str(offset) in reply.message
    assert api.list_slices(PATH).data["listparts"] == []
    assert api.data(PATH, session, offset, piece).code == 0


def test_a_broken_repetition_is_refused_and_changes_nothing(api, two_slices):
    session = begin(api, two_slices)
    send_all(api, session, two_slices["content"])
    assert api.data(PATH, session, 0, bytes(MIB)).code == -4016
    assert api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"]).code == 0
    assert api.download(PATH).content == two_slices["content"]


def test_finish_is_refused_while_slices_are_missing(api, six_slices):
    session = begin(api, six_slices)
    send_all(api, session, six_slices["content"][:MIB])
    reply = api.finish(PATH, session, six_slices["content"], sha=six_slices["sha1"])
    assert (reply.status, reply.code) == (400, -175)
    assert f"5 slices are missing, at offsets {MIB}, {2 * MIB}" in reply.message
    assert api.stat(PATH).code == -197


def test_list_has_the_received_slices(api, six_slices):
    session = begin(api, six_slices)
    for offset, piece in slices(six_slices["content"])[5:2:-2]:
        api.data(PATH, session, offset, piece)
    assert api.list_slices(PATH).data == {
        "session": session,
        "slice_size": MIB,
        "filesize": six_slices["size"],
        "sha": six_slices["sha1"],
        "listparts": [
            {"offset": 3 * MIB, "datalen": MIB},
            {"offset": 5 * MIB, "datalen": 123},
        ],
    }


def test_list_of_a_finished_upload_has_its_addresses(api, two_slices):
    finished = upload(api, two_slices).data
    listed = api.list_slices(PATH).data
    assert {**listed, "vid": finished["vid"]} == finished


def test_list_of_nothing_is_404(api):
    reply = api.list_slices(PATH)
    assert (reply.status, reply.code) == (404, -197)


def test_an_unfinished_upload_is_not_found(api, two_slices):
    begin(api, two_slices)
    assert api.stat(PATH).status == 404
    assert api.download(PATH).status_code == 404


def test_init_of_an_unfinished_path_has_a_code_of_its_own(api, two_slices, six_slices):
    begin(api, two_slices)
    for case in (two_slices, six_slices):
        for insert_only in ("0", "1"):
            reply = api.init(PATH, case["content"], insertOnly=insert_only, **with_parts(case))
            assert (reply.status, reply.code) == (400, -4019)


def test_stored_content_is_uploaded_instantly(api, two_slices):
    first = upload(api, two_slices).data
    reply = api.init("/other.bin", two_slices["content"], **with_parts(two_slices))
    assert set(reply.data) == {"access_url", "source_url", "url", "resource_path"}
    assert reply.data["access_url"] != first["access_url"]
    assert api.http.get(reply.data["access_url"]).content == two_slices["content"]


def test_instant_upload_needs_the_sha(api, two_slices):
    upload(api, two_slices)
    assert "session" in api.init("/other.bin", two_slices["content"]).data


def test_content_lives_while_any_path_has_it(api, two_slices):
    upload(api, two_slices)
    api.init("/other.bin", two_slices["content"], **with_parts(two_slices))
    assert api.delete(PATH).code == 0
    assert api.download("/other.bin").content == two_slices["content"]
    assert api.delete("/other.bin").code == 0
    reply = api.init(PATH, two_slices["content"], **with_parts(two_slices))
    assert "session" in reply.data, "the last path is gone, and the content with it"


def test_an_existing_path_is_refused(api, two_slices):
    upload(api, two_slices)
    reply = api.init(PATH, two_slices["content"], **with_parts(two_slices))
    assert (reply.status, reply.code) == (400, -177)


def test_insert_only_0_overwrites(api, two_slices, six_slices):
    upload(api, two_slices)
    upload(api, six_slices, insertOnly="0")
    assert api.download(PATH).content == six_slices["content"]


def test_finish_refuses_a_path_that_was_taken_meanwhile(api, two_slices):
    session = begin(api, two_slices)
    send_all(api, session, two_slices["content"])
    assert api.upload(PATH, b"first").code == 0
    reply = api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"])
    assert reply.code == -177
    assert api.download(PATH).content == b"first"


def test_the_folder_must_exist(api, two_slices):
    reply = api.init("/no/file.bin", two_slices["content"], **with_parts(two_slices))
    assert (reply.status, reply.code) == (404, -197)
    api.create("/no/")
    upload(api, two_slices, "/no/file.bin")


def test_an_empty_file_is_finished_at_once(api):
    session = api.init("/empty", b"").data["session"]
    assert api.finish("/empty", session, b"").code == 0
    assert api.stat("/empty").data["sha"] == hashlib.sha1(b"").hexdigest()
    assert api.download("/empty").content == b""


def test_an_empty_file_may_have_an_empty_parts_list(api):
    sha = hashlib.sha1(b"").hexdigest()
    session = api.init("/empty", b"", sha=sha, uploadparts="[]").data["session"]
    assert api.finish("/empty", session, b"", sha=sha).code == 0


# -- without a parts list


def test_without_parts_the_sha_is_made_at_finish(api, six_slices):
    session = api.init(PATH, six_slices["content"]).data["session"]
    send_all(api, session, six_slices["content"])
    assert api.finish(PATH, session, six_slices["content"]).code == 0
    assert api.stat(PATH).data["sha"] == six_slices["sha1"]


def test_without_parts_a_wrong_sha_is_refused_at_finish_and_ends_the_session(api, two_slices):
    wrong = hashlib.sha1(b"something else").hexdigest()
    session = api.init(PATH, two_slices["content"], sha=wrong).data["session"]
    send_all(api, session, two_slices["content"])
    reply = api.finish(PATH, session, two_slices["content"], sha=wrong)
    assert (reply.status, reply.code) == (400, -5984)
    assert api.stat(PATH).status == 404
    upload(api, two_slices)


def test_without_parts_other_bytes_at_the_same_offset_are_refused(api, two_slices):
    session = api.init(PATH, two_slices["content"]).data["session"]
    send_all(api, session, two_slices["content"])
    assert api.data(PATH, session, 0, two_slices["content"][:MIB]).code == 0
    assert api.data(PATH, session, 0, bytes(MIB)).code == -4015


def test_a_wrong_datamd5_is_refused(api, two_slices):
    session = api.init(PATH, two_slices["content"]).data["session"]
    reply = api.data(PATH, session, MIB, two_slices["content"][MIB:], datamd5="0" * 32)
    assert reply.code == -4016
    assert api.list_slices(PATH).data["listparts"] == []


@pytest.mark.parametrize("slice_size", [MIB // 2, MIB, 2 * MIB, 3 * MIB])
def test_each_slice_size_of_the_protocol(api, six_slices, slice_size):
    data = api.init(PATH, six_slices["content"], slice_size=str(slice_size)).data
    assert data["slice_size"] == slice_size
    for offset, piece in slices(six_slices["content"], slice_size):
        assert api.data(PATH, data["session"], offset, piece).code == 0
    assert api.finish(PATH, data["session"], six_slices["content"]).code == 0
    assert api.stat(PATH).data["sha"] == six_slices["sha1"]


@pytest.mark.parametrize(
    ("asked", "answered"), [(4 * MIB, 3 * MIB), (MIB + 1, MIB), (MIB - 1, MIB // 2), (None, MIB)]
)
def test_any_other_slice_size_is_answered_with_the_next_smaller(api, asked, answered):
    slice_size = None if asked is None else str(asked)
    assert api.init(PATH, b"x", slice_size=slice_size).data["slice_size"] == answered


# -- a server that answers another slice size


@pytest.mark.parametrize("slice_size", [MIB // 2, 2 * MIB, 3 * MIB])
def test_parts_hold_whatever_slice_size_the_server_answers(six_slices, slice_size):
    with Emulator(slice_size=slice_size) as emulator:
        api = Api(emulator.endpoint)
        data = api.init(PATH, six_slices["content"], **with_parts(six_slices)).data
        assert data["slice_size"] == slice_size
        for offset, piece in slices(six_slices["content"], slice_size):
            assert api.data(PATH, data["session"], offset, piece).code == 0
        finish = api.finish(PATH, data["session"], six_slices["content"], sha=six_slices["sha1"])
        assert finish.code == 0
        assert api.download(PATH).content == six_slices["content"]


def test_a_bad_slice_that_is_verified_by_finish_must_be_sent_again(six_slices):
    with Emulator(slice_size=MIB // 2) as emulator:
        api = Api(emulator.endpoint)
        content = six_slices["content"]
        session = begin(api, six_slices)
        for offset, piece in slices(content, MIB // 2):
            sent = bytes(len(piece)) if offset == 3 * MIB // 2 else piece
            assert api.data(PATH, session, offset, sent).code == 0
        reply = api.finish(PATH, session, content, sha=six_slices["sha1"])
        assert (reply.code, str(MIB) in reply.message) == (-4016, True)
        missing = {MIB, 3 * MIB // 2}
        arrived = {entry["offset"] for entry in api.list_slices(PATH).data["listparts"]}
        assert {at for at, _ in slices(content, MIB // 2)} - arrived == missing
        for offset in missing:
            piece = content[offset : offset + MIB // 2]
            assert api.data(PATH, session, offset, piece).code == 0
        assert api.finish(PATH, session, content, sha=six_slices["sha1"]).code == 0


def test_serial_upload_is_in_the_response_if_it_is_set(two_slices):
    with Emulator(serial_upload=True) as emulator:
        assert Api(emulator.endpoint).init(PATH, b"x").data["serial_upload"] == 1


# -- requests that make no sense


def test_a_bad_slice_has_a_code_of_its_own(api, two_slices):
    session = begin(api, two_slices)
    content = two_slices["content"]
    assert api.data(PATH, session, 1, content[1 : MIB + 1]).code == -284
    assert api.data(PATH, session, 2 * MIB, b"x").code == -175
    assert api.data(PATH, session, 0, content[: MIB - 1]).code == -175
    assert api.data(PATH, session, 0, content).code == -5991
    assert api.data(PATH, session, 0, b"").code == -5990
    assert api.data(PATH, session, -1, content[:MIB]).code == -5993
    assert api.form(PATH, op="upload_slice_data", session=session, filecontent=b"x").code == -5993
    assert api.data(PATH, session, 0, content[:MIB], sha="0" * 40).code == -5984


@pytest.mark.parametrize("op", ["upload_slice_data", "upload_slice_finish"])
def test_a_wrong_session_has_a_code_of_its_own(api, two_slices, op):
    session = begin(api, two_slices)

    def code(session, path=PATH):
        fields = {"session": session, "offset": "0", "filecontent": b"x", "filesize": "1"}
        return api.form(path, op=op, **fields).code

    assert code(None) == -5983
    assert code("") == -5983
    assert code("no such form") == -4013
    assert code("0" * 56) == -290
    assert code(session, "/another.bin") == -5983


def test_a_session_ends_with_finish(api, two_slices):
    session = begin(api, two_slices)
    send_all(api, session, two_slices["content"])
    api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"])
    assert api.data(PATH, session, 0, two_slices["content"][:MIB]).code == -290


# -- an answer that was lost


def finished(api, case, **fields):
    """Upload a file and return the session and the answer of its finish."""
    session = begin(api, case, **fields)
    send_all(api, session, case["content"])
    return session, api.finish(PATH, session, case["content"], sha=case["sha1"])


def test_finish_again_has_the_same_answer(api, two_slices):
    session, first = finished(api, two_slices)
    for _ in range(2):
        again = api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"])
        assert (again.status, again.code, again.data) == (200, 0, first.data)
    assert api.download(PATH).content == two_slices["content"]


def test_finish_again_without_parts_or_size(api, two_slices):
    session = api.init(PATH, two_slices["content"]).data["session"]
    send_all(api, session, two_slices["content"])
    first = api.finish(PATH, session, two_slices["content"], filesize=None)
    assert first.code == 0
    assert api.finish(PATH, session, two_slices["content"], filesize=None).data == first.data


def test_finish_again_after_the_answer_was_lost(emulator, api, two_slices):
    emulator.faults.add("upload_slice_finish", faults.LostAnswer())
    session = begin(api, two_slices)
    send_all(api, session, two_slices["content"])
    with pytest.raises(requests.ConnectionError):
        api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"])
    assert api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"]).code == 0


def test_finish_again_after_a_restart(tmp_path, two_slices):
    with Emulator(tmp_path) as emulator:
        session, _ = finished(Api(emulator.endpoint), two_slices)
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        assert api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"]).code == 0


def test_many_finishes_at_once_all_succeed(api, two_slices):
    """An SDK that times out repeats the request while the first is still running."""
    session = begin(api, two_slices)
    send_all(api, session, two_slices["content"])
    content, sha = two_slices["content"], two_slices["sha1"]
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: api.finish(PATH, session, content, sha=sha), range(16)))
    assert {reply.code for reply in replies} == {0}


def test_a_repeated_finish_checks_the_same_fields(api, two_slices):
    session, _ = finished(api, two_slices)
    content, sha = two_slices["content"], two_slices["sha1"]
    assert api.finish(PATH, session, content).code == -29094
    assert api.finish(PATH, session, content, sha="0" * 40).code == -5984
    assert api.finish(PATH, session, content, sha=sha, filesize="5").code == -175
    assert api.finish("/another.bin", session, content, sha=sha).code == -290
    assert api.finish(PATH, "0" * 56, content, sha=sha).code == -290


@pytest.mark.parametrize(
    "change",
    [
        lambda api: api.delete(PATH),
        lambda api: api.upload(PATH, b"other content", insertOnly="0"),
    ],
    ids=["deleted", "replaced"],
)
def test_a_repeated_finish_of_a_deleted_file_is_refused(api, two_slices, change):
    session, _ = finished(api, two_slices)
    assert change(api).code == 0
    assert api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"]).code == -290


def test_a_repeated_finish_expires_with_the_session(two_slices):
    with Emulator(limits=Limits(session_lifetime=1.5)) as emulator:
        api = Api(emulator.endpoint)
        session, first = finished(api, two_slices)
        assert first.code == 0
        time.sleep(1.6)
        again = api.finish(PATH, session, two_slices["content"], sha=two_slices["sha1"])
        assert again.code == -290


VERSION_2 = """
CREATE TABLE contents (id INTEGER PRIMARY KEY, sha1 TEXT NOT NULL, size INTEGER NOT NULL,
    file TEXT NOT NULL UNIQUE, UNIQUE (sha1, size));
CREATE TABLE entries (bucket TEXT NOT NULL, parent TEXT NOT NULL, name TEXT NOT NULL,
    content INTEGER REFERENCES contents (id), biz_attr TEXT NOT NULL, authority TEXT NOT NULL,
    headers TEXT NOT NULL, created INTEGER NOT NULL, modified INTEGER NOT NULL,
    PRIMARY KEY (bucket, parent, name)) WITHOUT ROWID;
CREATE INDEX entries_by_content ON entries (content);
CREATE TABLE sessions (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, bucket TEXT NOT NULL,
    parent TEXT NOT NULL, name TEXT NOT NULL, filesize INTEGER NOT NULL,
    slice_size INTEGER NOT NULL, sha1 TEXT, digests BLOB, biz_attr TEXT NOT NULL,
    insert_only INTEGER NOT NULL, file TEXT NOT NULL UNIQUE, created REAL NOT NULL,
    UNIQUE (bucket, parent, name));
CREATE TABLE slices (session INTEGER NOT NULL REFERENCES sessions (number) ON DELETE CASCADE,
    offset INTEGER NOT NULL, length INTEGER NOT NULL, PRIMARY KEY (session, offset)) WITHOUT ROWID;
CREATE TABLE spent_signatures (digest BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE finished (id TEXT PRIMARY KEY, bucket TEXT NOT NULL, path TEXT NOT NULL,
    filesize INTEGER NOT NULL, sha1 TEXT, content TEXT NOT NULL, finished REAL NOT NULL
) WITHOUT ROWID;
INSERT INTO contents VALUES (1, '{kept_sha1}', 4, 'kept');
INSERT INTO entries VALUES ('bucket', '/', 'folder/', NULL, 'mine', 'eInvalid', '{{}}', 5, 6);
INSERT INTO entries VALUES ('bucket', '/folder/', 'kept', 1, 'yours', 'eWPrivateRPublic',
    '{{"x-cos-meta-a": "b"}}', 7, 8);
INSERT INTO sessions VALUES (3, '{session}', 'bucket', '/', '{name}', {size}, 1048576, '{sha1}',
    x'{digests}', 'theirs', 0, 'arriving', {now});
INSERT INTO slices VALUES (3, 0, 1048576);
INSERT INTO finished VALUES ('{finished}', 'bucket', '/folder/kept', 4, NULL, '{kept_sha1}', {now});
INSERT INTO spent_signatures VALUES (x'{spent}');
PRAGMA user_version = 2;
"""


def tables_of(root):
    with closing(sqlite3.connect(root / "metadata.sqlite3")) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        return set(connection.execute("SELECT type, name, sql FROM sqlite_master"))


@pytest.mark.parametrize("version", [1, 2])
def test_a_folder_of_an_earlier_version_is_migrated(tmp_path, two_slices, version):
    content, session, finished = two_slices["content"], "5e" * 28, "f1" * 28
    once = sign(fileid("/folder/kept"), once=True)
    script = VERSION_2.format(
        kept_sha1=hashlib.sha1(b"kept").hexdigest(),
        session=session,
        name=PATH[1:],
        size=len(content),
        sha1=two_slices["sha1"],
        digests="".join(part["datasha"] for part in two_slices["uploadparts"]),
        now=time.time(),
        finished=finished,
        spent=hashlib.sha256(base64.b64decode(once)).hexdigest(),
    )
    if version == 1:  # it lacks the table that a repeated finish is answered from
        script += "DROP TABLE finished; PRAGMA user_version = 1;"
    with closing(sqlite3.connect(tmp_path / "metadata.sqlite3")) as connection:
        connection.executescript(script)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "kept").write_bytes(b"kept")
    (tmp_path / "files" / "arriving").write_bytes(content[:MIB] + b"?")
    for _ in range(2):
        with Emulator(tmp_path) as emulator:
            api = Api(emulator.endpoint)
            assert api.download("/folder/kept").content == b"kept"
            listed = api.list_slices(PATH).data
            assert listed["session"] == session
            assert listed["listparts"] == [{"offset": 0, "datalen": MIB}]
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        folder, kept = api.stat("/folder/").data, api.stat("/folder/kept").data
        assert (folder["biz_attr"], folder["ctime"], folder["mtime"]) == ("mine", 5, 6)
        assert (kept["biz_attr"], kept["ctime"], kept["mtime"]) == ("yours", 7, 8)
        assert kept["authority"] == "eWPrivateRPublic"
        assert kept["custom_headers"] == {"x-cos-meta-a": "b"}
        assert [info["name"] for info in api.get("/folder/", op="list").data["infos"]] == ["kept"]
        again = api.finish("/folder/kept", finished, b"kept").code
        assert again == (-290 if version == 1 else 0)
        assert api.json("/folder/kept", once, op="update", biz_attr="x").code == -77
        assert api.data(PATH, session, MIB, b"?").code == -4016, "the states are still known"
        send_all(api, session, content)
        for _ in range(2):
            done = api.finish(PATH, session, content, sha=two_slices["sha1"])
            assert done.code == 0
        assert api.download(PATH).content == content
        assert api.stat(PATH).data["biz_attr"] == "theirs"
    with Emulator(tmp_path / "new"):
        assert tables_of(tmp_path) == tables_of(tmp_path / "new")


def test_finish_needs_the_fields_of_init(api, two_slices):
    session = begin(api, two_slices)
    send_all(api, session, two_slices["content"])
    content, sha = two_slices["content"], two_slices["sha1"]
    assert api.finish(PATH, session, content).code == -29094
    assert api.finish(PATH, session, content, sha="0" * 40).code == -5984
    assert api.finish(PATH, session, content, sha=sha, filesize="5").code == -175
    assert api.finish(PATH, session, content, sha=sha.upper()).code == 0


def test_init_refuses_invalid_fields(api, two_slices):
    def code(path=PATH, **fields):
        return api.init(path, two_slices["content"], **fields).code

    sha, parts = with_parts(two_slices).values()
    assert code(filesize=None) == -5971
    assert code(filesize="many") == -5993
    assert code(filesize=str(2**40)) == -285
    assert code(slice_size="1024") == -284
    assert code(slice_size="0") == -284
    assert code(sha="1") == -5993
    assert code(uploadparts=parts) == -5979
    assert code(sha=sha, uploadparts=parts, slice_size=str(2 * MIB)) == -284
    assert code(sha="0" * 40, uploadparts=parts) == -5984
    assert code(insertOnly="perhaps") == -5993
    assert code("/folder/") == -180
    assert api.list_slices(PATH).status == 404


@pytest.mark.parametrize(
    "damage",
    [
        lambda _parts: "not a list",
        lambda _parts: None,
        lambda parts: parts[:1],
        lambda parts: [*parts, parts[1]],
        lambda parts: [parts[1], parts[0]],
        lambda parts: [parts[0], 5],
        lambda parts: [parts[0], {**parts[1], "offset": 5}],
        lambda parts: [parts[0], {**parts[1], "datalen": 2}],
        lambda parts: [parts[0], {**parts[1], "offset": str(MIB)}],
        lambda parts: [parts[0], {**parts[1], "offset": float(MIB)}],
        lambda parts: [parts[0], {**parts[1], "datalen": True}],
        lambda parts: [{**parts[0], "offset": False}, parts[1]],
        lambda parts: [parts[0], {**parts[1], "offset": 10**30}],
        lambda parts: [{**parts[0], "datasha": "xyz"}, parts[1]],
        lambda parts: [{"offset": 0, "datalen": MIB}, parts[1]],
    ],
)
def test_a_malformed_parts_list_is_refused(api, two_slices, damage):
    parts = json.dumps(damage(two_slices["uploadparts"]))
    reply = api.init(PATH, two_slices["content"], sha=two_slices["sha1"], uploadparts=parts)
    assert (reply.status, reply.code) == (400, -5993)
    assert "uploadparts" in reply.message


@pytest.mark.parametrize(
    "text", ["[", "[" * 100_000, '[{"offset":', "\ud800".encode("utf-8", "surrogatepass")]
)
def test_a_parts_list_that_is_not_json_is_refused(api, two_slices, text):
    reply = api.init(PATH, two_slices["content"], sha=two_slices["sha1"], uploadparts=text)
    assert reply.code == -5993


def test_a_session_expires(two_slices):
    with Emulator(limits=Limits(session_lifetime=0)) as emulator:
        api = Api(emulator.endpoint)
        session = begin(api, two_slices)
        assert api.data(PATH, session, 0, two_slices["content"][:MIB]).code == -290
        assert api.list_slices(PATH).status == 404
        assert begin(api, two_slices) != session


def test_expired_uploads_are_thrown_away_at_the_start(tmp_path, two_slices):
    with Emulator(tmp_path) as emulator:
        begin(Api(emulator.endpoint), two_slices)
        assert len(list((tmp_path / "files").iterdir())) == 1
    with Emulator(tmp_path, limits=Limits(session_lifetime=0)) as emulator:
        deadline = time.monotonic() + 5
        while list((tmp_path / "files").iterdir()) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert list((tmp_path / "files").iterdir()) == []
        assert Api(emulator.endpoint).list_slices(PATH).status == 404
