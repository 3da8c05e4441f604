"""cos-lib3 (PyPI): slices without sha, answers evaluated as Python, failed slices ignored."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from emulator.wire import MIB
from interop.answers import names, succeeded
from interop.driven import ClientRaised


@pytest.fixture(scope="module")
def lib(start_cos_lib3):
    return start_cos_lib3()


def succeeded_in(text):
    return succeeded(json.loads(text))


@pytest.mark.parametrize("folder", [None, "f", "/f"])
def test_upload_stores_the_bytes(lib, bucket, local, stored, folder):
    assert lib.create_folder(bucket, "f") is True
    file = local(12345)
    data = ast.literal_eval(lib.upload_file(bucket, file, "a.bin", folder))
    path = "/f/a.bin" if folder else "/a.bin"
    assert data["resource_path"] == f"/1250000000/{bucket}{path}"
    assert stored(path) == Path(file).read_bytes()


def test_upload_of_an_empty_file(lib, bucket, local, stored):
    lib.upload_file(bucket, local(0), "empty")
    assert stored("/empty") == b""


def test_upload_overwrites(lib, bucket, local, stored):
    lib.upload_file(bucket, local(100, "old"), "a")
    lib.upload_file(bucket, local(200, "new"), "a")
    assert stored("/a") == Path(local(200, "new")).read_bytes()


def test_upload_from_an_address(lib, bucket, local, stored, server):
    lib.upload_file(bucket, local(777), "a")
    source = f"{server.endpoint}/{bucket}-1250000000.file.myqcloud.com/a"
    assert ast.literal_eval(lib.upload_file_from_url(bucket, source, "b"))["access_url"]
    assert stored("/b") == stored("/a") == Path(local(777)).read_bytes()


def test_paths_that_are_not_ascii(lib, bucket, local, stored, api):
    file = local(99)
    lib.upload_file(bucket, file, "文件~(1).bin")
    assert stored("/文件~(1).bin") == Path(file).read_bytes()
    assert lib.move_file(bucket, "文件~(1).bin", "/另一个") is True
    assert stored("/另一个") == Path(file).read_bytes()
    assert api.stat("/文件~(1).bin").code == -197


@pytest.mark.parametrize("slice_size", [MIB // 2, MIB, 2 * MIB, 3 * MIB])
def test_upload_slice_stores_the_bytes(lib, bucket, local, stored, slice_size):
    file = local(3 * MIB + 77)
    data = ast.literal_eval(lib.upload_slice_file(bucket, file, slice_size, "a"))
    assert data["access_url"]
    assert stored("/a") == Path(file).read_bytes()


def test_upload_slice_of_whole_slices_into_a_folder(lib, bucket, local, stored):
    lib.create_folder(bucket, "f")
    file = local(2 * MIB)
    lib.upload_slice_file(bucket, file, MIB, "a", dir_name="/f")
    assert stored("/f/a") == Path(file).read_bytes()


def test_upload_slice_again_sends_everything_again(lib, bucket, local, stored):
    """Without sha there is no instant upload."""
    file = local(MIB + 5)
    for path in ("a", "b", "a"):
        lib.upload_slice_file(bucket, file, MIB, path)
        assert stored(f"/{path}") == Path(file).read_bytes()


def test_a_wrong_slice_that_the_client_ignores_leaves_no_object(lib, bucket, local, api):
    """With an offset the client sends the wrong bytes, and finishes all the same (section 6.5)."""
    file = local(2 * MIB + MIB // 2)
    assert ast.literal_eval(lib.upload_slice_file(bucket, file, MIB, "a", offset=MIB)) == {}
    assert api.stat("/a").code == -197
    unfinished = api.list_slices("/a").data
    assert unfinished["listparts"] == [{"offset": MIB, "datalen": MIB}]


def test_a_slice_size_that_the_server_changes_leaves_no_object(lib, bucket, local, api):
    """The client cuts by what it asked for, whatever the answer says."""
    assert ast.literal_eval(lib.upload_slice_file(bucket, local(MIB), 1000 * 1000, "a")) == {}
    assert api.stat("/a").code == -197
    assert api.list_slices("/a").data["listparts"] == []


def test_list_page_by_page(lib, bucket, local):
    file = local(10)
    lib.create_folder(bucket, "many")
    lib.create_folder(bucket, "many/inner")
    expected = ["inner/", *sorted(f"文件 {number}&=+" for number in range(4))]
    for name in expected[1:]:
        lib.upload_file(bucket, file, name, "many")
    found, context = [], None
    for page in range(3):
        data = succeeded_in(lib.list_folder(bucket, "many", num=2, context=context))
        found += names(data)
        context = data["context"]  # the client puts it in the query as it is
        assert data["listover"] is (page == 2)
    assert found == expected


def test_list_with_a_prefix(lib, bucket, local):
    lib.create_folder(bucket, "f")
    for name in ("one", "only", "two"):
        lib.upload_file(bucket, local(10), name, "f")
    assert names(succeeded_in(lib.list_folder(bucket, "/f", "on"))) == ["one", "only"]
    assert names(succeeded_in(lib.list_folder(bucket, "/f"))) == ["one", "only", "two"]
    assert json.loads(lib.list_folder(bucket, "missing"))["code"] == -197


def test_folders(lib, bucket, local, api):
    assert lib.create_folder(bucket, "/f") is True
    assert lib.create_folder(bucket, "f") is False
    assert succeeded_in(lib.query_folder(bucket, "f")) == api.stat("/f/").data
    lib.upload_file(bucket, local(10), "a", "f")
    assert lib.delete_folder(bucket, "f") is False
    assert lib.delete_file(bucket, "f/a") is True
    assert lib.delete_folder(bucket, "/f") is True
    assert api.stat("/f/").code == -197
    assert json.loads(lib.query_folder(bucket, "f"))["code"] == -197


def test_move_and_copy(lib, bucket, local, stored, api):
    one, two = local(10, "one"), local(20, "two")
    lib.upload_file(bucket, one, "one")
    lib.upload_file(bucket, two, "two")
    assert lib.copy_file(bucket, "/one", "beside") is True
    assert stored("/beside") == stored("/one") == Path(one).read_bytes()
    assert lib.move_file(bucket, "one", "/two") is False
    assert lib.copy_file(bucket, "one", "/two") is False
    assert stored("/two") == Path(two).read_bytes()
    assert lib.move_file(bucket, "one", f"/1250000000/{bucket}/moved") is True
    assert stored("/moved") == Path(one).read_bytes()
    assert api.stat("/one").code == -197
    assert lib.move_file(bucket, "one", "/again") is False


def test_delete(lib, bucket, local, api):
    lib.upload_file(bucket, local(10), "a")
    assert lib.delete_file(bucket, "/a") is True
    assert api.stat("/a").code == -197
    assert lib.delete_file(bucket, "/a") is False


def test_keys_that_are_not_the_servers(start_cos_lib3, bucket, local, api, wrong_keys):
    changes, code = wrong_keys
    api.upload("/kept", b"kept")
    stranger = start_cos_lib3(**changes)
    file = local(MIB + 1)
    assert json.loads(stranger.list_folder(bucket, "f"))["code"] == code
    assert stranger.create_folder(bucket, "f") is False
    assert stranger.delete_file(bucket, "kept") is False
    assert stranger.move_file(bucket, "kept", "moved") is False
    assert ast.literal_eval(stranger.upload_file(bucket, file, "a")) == {}
    assert ast.literal_eval(stranger.upload_slice_file(bucket, file, MIB, "a")) == {}
    listing = api.get("/", op="list").data
    assert names(listing) == ["kept"]


def test_no_server_at_all(start_cos_lib3, bucket, local, unused_address):
    with pytest.raises(ClientRaised, match="ConnectionError"):
        start_cos_lib3(address=unused_address).upload_file(bucket, local(10), "a")
