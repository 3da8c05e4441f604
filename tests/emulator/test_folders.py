"""create and list (PROTOCOL.md section 5)."""

from __future__ import annotations

import hashlib
import time

import pytest
from emulator.wire import fileid, sign


def names(reply):
    return [info["name"] for info in reply.data["infos"]]


def listed(api, path, **query):
    reply = api.get(path, op="list", **query)
    assert reply.code == 0, reply
    return reply


def test_create_makes_a_folder_once(api):
    reply = api.create("/folder/")
    assert reply.code == 0
    assert reply.data["resource_path"] == "/1250000000/bucket/folder/"
    assert abs(reply.data["ctime"] - time.time()) < 10
    assert api.create("/folder/").code == -178
    assert api.create("/").code == -178


def test_create_takes_a_path_without_its_last_slash(api):
    assert api.create("/folder").code == 0
    assert api.stat("/folder/").code == 0


def test_create_needs_the_parent_folder(api):
    assert api.create("/no/deeper/").code == -197


def test_list_describes_files_and_folders(api):
    api.json("/b/", op="create", biz_attr="mine")
    api.upload("/a.txt", b"content", biz_attr="yours")
    reply = listed(api, "/")
    assert (reply.data["context"], reply.data["listover"]) == ("", True)
    file, folder = reply.data["infos"]
    assert file == {"name": "a.txt", **api.stat("/a.txt").data}
    assert file["filelen"] == file["filesize"] == 7
    assert file["sha"] == hashlib.sha1(b"content").hexdigest()
    assert set(folder) == {"name", "biz_attr", "ctime", "mtime"}
    assert (folder["name"], folder["biz_attr"]) == ("b/", "mine")


def test_list_is_not_recursive(api):
    for folder in ("/a/", "/a/b/", "/c/"):
        api.create(folder)
    for path in ("/a/1", "/a/b/2", "/c/3"):
        api.upload(path, b"x")
    assert names(listed(api, "/a/")) == ["1", "b/"]
    assert names(listed(api, "/a/b/")) == ["2"]
    assert names(listed(api, "/")) == ["a/", "c/"]


def test_list_by_prefix(api):
    api.create("/f/")
    for name in ("a", "ab", "abc", "ac", "b", "%", "a_"):
        api.upload(f"/f/{name}", b"x")
    api.create("/f/abd/")
    assert names(listed(api, "/f/ab")) == ["ab", "abc", "abd/"]
    assert names(listed(api, "/f/abcd")) == []
    assert names(listed(api, "/f/%")) == ["%"]
    assert names(listed(api, "/f/a_")) == ["a_"]


def test_list_in_pages(api):
    expected = sorted(f"{number:02}-文件" for number in range(25))
    for name in expected:
        api.upload(f"/{name}", b"x")
    found, context, pages = [], "", 0
    while True:
        reply = listed(api, "/", num=7, context=context)
        found += names(reply)
        pages += 1
        context = reply.data["context"]
        if reply.data["listover"]:
            break
    assert (found, pages, context) == (expected, 4, "")


def test_a_full_last_page_is_marked_as_the_last(api):
    for number in range(4):
        api.upload(f"/{number}", b"x")
    assert listed(api, "/", num=4).data["listover"] is True
    assert listed(api, "/", num=3).data["listover"] is False


def test_paging_continues_while_the_folder_changes(api):
    for name in "abcdef":
        api.upload(f"/{name}", b"x")
    first = listed(api, "/", num=3)
    api.delete("/c")
    api.upload("/aa", b"x")
    assert names(listed(api, "/", num=3, context=first.data["context"])) == ["d", "e", "f"]


@pytest.mark.parametrize("num", ["", "0", "100000"])
def test_the_size_of_a_page_is_bounded(api, num):
    api.upload("/a", b"x")
    assert names(listed(api, "/", num=num)) == ["a"]


def test_list_refuses_invalid_fields(api):
    assert api.get("/none/", op="list").code == -197
    assert api.get("/", op="list", num="many").code == -5993
    assert api.get("/", op="list", context="%%%").code == -5993


def test_an_unfinished_upload_is_not_listed(api):
    api.init("/a.bin", b"content")
    assert names(listed(api, "/")) == []


def test_list_takes_a_signature_for_the_bucket(api):
    api.create("/a/")
    signature = sign(fileid("/"))
    assert api.get("/a/", signature, op="list").code == 0
