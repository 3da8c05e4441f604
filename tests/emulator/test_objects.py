"""upload, stat and delete (PROTOCOL.md section 5)."""

from __future__ import annotations

import hashlib
import time

import pytest
from emulator.wire import MIB, Api, sign

from cosfast.emulator import Emulator, Limits


def test_upload_answers_where_the_file_is(api):
    reply = api.upload("/a.txt", b"content", biz_attr="mine")
    assert (reply.status, reply.code, reply.message) == (200, 0, "SUCCESS")
    assert set(reply.data) == {"access_url", "source_url", "url", "resource_path"}
    assert api.download("/a.txt").content == b"content"


def test_stat_of_a_file(api):
    before = int(time.time())
    api.upload("/a.txt", b"content", biz_attr="mine")
    data = api.stat("/a.txt").data
    assert before <= data.pop("ctime") == data.pop("mtime") <= time.time()
    assert data == {
        "name": "a.txt",
        "filesize": 7,
        "filelen": 7,
        "sha": hashlib.sha1(b"content").hexdigest(),
        "biz_attr": "mine",
        "authority": "eInvalid",
        "custom_headers": {},
        "access_url": f"{api.endpoint}/bucket-1250000000.file.myqcloud.com/a.txt",
        "source_url": f"{api.endpoint}/bucket-1250000000.cos.myqcloud.com/a.txt",
    }


def test_stat_of_a_folder(api):
    api.json("/folder/", op="create", biz_attr="mine")
    data = api.stat("/folder/").data
    assert set(data) == {"name", "biz_attr", "ctime", "mtime"}
    assert (data["name"], data["biz_attr"]) == ("folder", "mine")


def test_the_root_of_every_bucket_exists(emulator):
    assert Api(emulator.endpoint, "never-seen-before").stat("/").code == 0


def test_buckets_are_separate(api, emulator):
    other = Api(emulator.endpoint, "other")
    api.upload("/a.txt", b"here")
    assert other.stat("/a.txt").code == -197
    other.upload("/a.txt", b"there")
    assert api.download("/a.txt").content == b"here"


def test_addresses_are_percent_encoded(api):
    api.create("/文 件/")
    data = api.upload("/文 件/a b%+#.txt", b"content").data
    path = "/%E6%96%87%20%E4%BB%B6/a%20b%25%2B%23.txt"
    for name in ("access_url", "source_url", "url"):
        assert data[name].endswith(path)
    assert api.stat("/文 件/a b%+#.txt").data["source_url"].endswith(path)
    assert api.http.get(data["access_url"]).content == b"content"


@pytest.mark.parametrize("fields", [{"filecontent": b""}, {}])
def test_an_empty_file_may_leave_its_content_out(api, fields):
    assert api.form("/empty", op="upload", **fields).code == 0
    assert api.stat("/empty").data["filesize"] == 0


def test_upload_checks_the_sha(api):
    sha = hashlib.sha1(b"content").hexdigest()
    assert api.upload("/a.txt", b"contend", sha=sha).code == -5984
    assert api.stat("/a.txt").status == 404
    assert api.upload("/a.txt", b"content", sha=sha).code == 0


def test_upload_refuses_an_existing_path_unless_overwriting(api):
    api.upload("/a.txt", b"first")
    assert api.upload("/a.txt", b"second").code == -177
    assert api.upload("/a.txt", b"second", insertOnly="1").code == -177
    assert api.download("/a.txt").content == b"first"
    assert api.upload("/a.txt", b"second", insertOnly="0").code == 0
    assert api.download("/a.txt").content == b"second"


@pytest.mark.parametrize(
    ("value", "code"), [(b"\0", -177), (b"", 0), ("1", -177), ("0", 0), (b"\xff", -5993)]
)
def test_insert_only_as_clients_send_it(api, value, code):
    api.upload("/a.txt", b"first")
    assert api.upload("/a.txt", b"second", insertOnly=value).code == code


def test_a_file_above_20_mib_needs_slices(api):
    assert api.upload("/big", bytes(20 * MIB)).code == 0
    assert api.upload("/bigger", bytes(20 * MIB + 1)).code == -285
    assert api.stat("/bigger").status == 404


def test_content_above_the_memory_budget_is_spooled_to_disk(tmp_path):
    with Emulator(tmp_path, limits=Limits(content_memory=100_000)) as emulator:
        api = Api(emulator.endpoint)
        content = hashlib.shake_128(b"spilled").digest(MIB)
        assert api.upload("/a.bin", content, sha=hashlib.sha1(content).hexdigest()).code == 0
        assert api.download("/a.bin").content == content
        session = api.init("/b.bin", content).data["session"]
        assert api.data("/b.bin", session, 0, content).code == 0
        assert api.finish("/b.bin", session, content).code == 0
        assert api.download("/b.bin").content == content


def test_the_folder_must_exist(api):
    reply = api.upload("/no/a.txt", b"x")
    assert (reply.status, reply.code) == (404, -197)


def test_a_file_and_a_folder_cannot_have_one_name(api):
    api.upload("/file", b"x")
    assert api.create("/file/").code == -178
    api.create("/folder/")
    assert api.upload("/folder", b"x").code == -178
    assert api.init("/folder", b"x").code == -178


def test_delete_removes_a_file(api):
    api.upload("/a.txt", b"x")
    assert api.delete("/a.txt").code == 0
    assert api.stat("/a.txt").code == -197
    reply = api.delete("/a.txt")
    assert (reply.status, reply.code) == (404, -197)


def test_delete_removes_an_empty_folder(api):
    api.create("/folder/")
    api.upload("/folder/a.txt", b"x")
    assert api.delete("/folder/").code == -173
    api.delete("/folder/a.txt")
    assert api.delete("/folder/").code == 0
    assert api.stat("/folder/").status == 404
    assert api.delete("/folder/").status == 404


def test_an_unfinished_upload_keeps_its_folder(api):
    api.create("/folder/")
    api.init("/folder/a.bin", b"content")
    reply = api.delete("/folder/")
    assert (reply.code, "unfinished" in reply.message) == (-173, True)
    assert api.delete("/folder/a.bin").code == 0
    assert api.delete("/folder/").code == 0


def test_delete_ends_an_unfinished_upload(api):
    session = api.init("/a.bin", b"content").data["session"]
    assert api.delete("/a.bin").code == 0
    assert api.list_slices("/a.bin").status == 404
    assert api.data("/a.bin", session, 0, b"content").code == -290
    assert "session" in api.init("/a.bin", b"content").data


def test_the_root_cannot_be_deleted(api):
    assert api.delete("/").code == -180


def test_the_path_of_a_folder_is_refused_for_a_file(api):
    assert api.upload("/folder/", b"x").code == -180


def test_content_is_removed_with_its_last_path(tmp_path):
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        files = tmp_path / "files"
        api.upload("/a", b"same")
        api.upload("/b", b"same")
        assert len(list(files.iterdir())) == 1
        api.delete("/a")
        assert len(list(files.iterdir())) == 1
        api.upload("/b", b"other", insertOnly="0")
        assert [path.read_bytes() for path in files.iterdir()] == [b"other"]
        api.delete("/b")
        assert list(files.iterdir()) == []


def test_a_refused_upload_leaves_no_file(tmp_path):
    with Emulator(tmp_path) as emulator:
        api = Api(emulator.endpoint)
        api.upload("/a", b"first")
        api.upload("/a", b"second")
        api.upload("/no/a", b"third")
        api.init("/a", b"fourth")
        assert [path.read_bytes() for path in (tmp_path / "files").iterdir()] == [b"first"]


def test_fields_may_be_strings_or_numbers(api):
    assert api.json("/folder/", op="create", biz_attr=5).code == 0
    assert api.stat("/folder/").data["biz_attr"] == "5"


def test_op_has_its_codes(api):
    assert api.form("/a", filecontent=b"x").code == -5980
    assert api.form("/a", op="").code == -5980
    assert api.form("/a", op="fly").code == -5993
    assert api.get("/a", op="upload").code == -5993
    assert api.get("/a", sign(), op="delete").code == -5993
