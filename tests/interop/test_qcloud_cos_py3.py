"""qcloud-cos-py3 (PyPI): slices without sha, paths with a slash too many, uploads over aiohttp."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from emulator.wire import MIB
from interop.answers import names, succeeded
from interop.driven import ClientRaised


@pytest.fixture(scope="module")
def lib(start_qcloud_cos_py3):
    return start_qcloud_cos_py3()


@pytest.mark.parametrize("folder", ["", "f", "/f"])
def test_upload_stores_the_bytes(lib, bucket, local, stored, folder):
    succeeded(lib.create_folder(bucket, "/f/"))
    file = local(12345)
    options = {"dir_name": folder, "biz_attr": "mine", "mime": "text/plain"}
    data = succeeded(lib.upload_file(bucket, file, "a.txt", **options))
    path = "/f/a.txt" if folder else "/a.txt"
    assert data["resource_path"] == f"/1250000000/{bucket}{path}"
    assert stored(path) == Path(file).read_bytes()
    assert succeeded(lib.stat_file(bucket, path))["biz_attr"] == "mine"


def test_upload_of_an_empty_file(lib, bucket, local, stored):
    succeeded(lib.upload_file(bucket, local(0), "empty"))
    assert stored("/empty") == b""


def test_upload_over_a_path_that_exists(lib, bucket, local, stored):
    old, new = local(100, "old"), local(200, "new")
    succeeded(lib.upload_file(bucket, old, "a", replace=False))
    assert lib.upload_file(bucket, new, "a", replace=False)["code"] == -177
    assert stored("/a") == Path(old).read_bytes()
    succeeded(lib.upload_file(bucket, new, "a"))
    assert stored("/a") == Path(new).read_bytes()


def test_uploads_together_over_aiohttp(lib, bucket, local, stored):
    succeeded(lib.create_folder(bucket, "f"))
    files = [local(1000 + number, str(number)) for number in range(5)]
    answers = lib.async_upload_file(bucket, files, dir_name="/f")
    assert [succeeded(answer)["resource_path"] for answer in answers] == [
        f"/1250000000/{bucket}/f/{number}" for number in range(5)
    ]
    for number, file in enumerate(files):
        assert stored(f"/f/{number}") == Path(file).read_bytes()


def test_upload_from_an_address(lib, bucket, local, stored, server):
    succeeded(lib.upload_file(bucket, local(777), "a"))
    source = f"{server.endpoint}/{bucket}-1250000000.file.myqcloud.com/a"
    succeeded(lib.upload_file_from_url(bucket, source, "b"))
    assert stored("/b") == stored("/a") == Path(local(777)).read_bytes()


@pytest.mark.parametrize("slice_size", [MIB // 2, MIB, 2 * MIB, 3 * MIB])
def test_upload_slice_stores_the_bytes(lib, bucket, local, stored, slice_size):
    file = local(3 * MIB + 77)
    data = lib.upload_slice_file(bucket, file, slice_size, "a", biz_attr="mine")
    assert data["access_url"]
    assert stored("/a") == Path(file).read_bytes()
    assert succeeded(lib.stat_file(bucket, "a"))["biz_attr"] == "mine"


def test_upload_slice_over_a_path_that_exists(lib, bucket, local, stored):
    old, new = local(MIB + 1, "old"), local(MIB + 2, "new")
    lib.upload_slice_file(bucket, old, MIB, "a", replace=False)
    with pytest.raises(ClientRaised, match="KeyError: 'session'"):
        lib.upload_slice_file(bucket, new, MIB, "a", replace=False)
    assert stored("/a") == Path(old).read_bytes()
    lib.upload_slice_file(bucket, new, MIB, "a")
    assert stored("/a") == Path(new).read_bytes()


def test_a_wrong_slice_that_the_client_ignores_leaves_no_object(lib, bucket, local, api):
    """With an offset the client sends the wrong bytes, and finishes all the same (section 6.5)."""
    file = local(2 * MIB + MIB // 2)
    assert lib.upload_slice_file(bucket, file, MIB, "a", offset=MIB) == {}
    assert api.stat("/a").code == -197
    unfinished = api.list_slices("/a").data
    assert unfinished["listparts"] == [{"offset": MIB, "datalen": MIB}]


def test_list_page_by_page(lib, bucket, local):
    succeeded(lib.create_folder(bucket, "many"))
    succeeded(lib.create_folder(bucket, "many/inner"))
    expected = ["inner/", *sorted(f"文件 {number}&=+" for number in range(4))]
    for name in expected[1:]:
        succeeded(lib.upload_file(bucket, local(10), name, dir_name="many"))
    found, context = [], None
    for page in range(3):
        data = succeeded(lib.list_folder(bucket, "/many", num=2, context=context))
        found += names(data)
        context = data["context"]  # the client puts it in the query as it is
        assert data["listover"] is (page == 2)
    assert found == expected


def test_list_with_a_prefix(lib, bucket, local):
    for name in ("one", "only", "two"):
        succeeded(lib.upload_file(bucket, local(10), name))
    assert names(succeeded(lib.list_folder(bucket, "", prefix="on"))) == ["one", "only"]
    assert names(succeeded(lib.list_folder(bucket, ""))) == ["one", "only", "two"]
    assert lib.list_folder(bucket, "missing")["code"] == -197


def test_folders(lib, bucket, local, api):
    succeeded(lib.create_folder(bucket, "f", biz_attr="业务"))
    assert lib.create_folder(bucket, "f")["code"] == -178
    assert succeeded(lib.stat_folder(bucket, "/f")) == api.stat("/f/").data
    assert api.stat("/f/").data["biz_attr"] == "业务"
    succeeded(lib.upload_file(bucket, local(10), "a", dir_name="f"))
    assert lib.delete_folder(bucket, "f")["code"] == -173
    succeeded(lib.delete_file(bucket, "f/a"))
    succeeded(lib.delete_folder(bucket, "f"))
    assert lib.stat_folder(bucket, "f")["code"] == -197


@pytest.mark.parametrize("slash", ["", "/"])
def test_update_of_a_file(lib, bucket, local, api, slash):
    succeeded(lib.upload_file(bucket, local(10), "a"))
    headers = {"Content-Type": "text/javascript", "Cache-Control": "no-store"}
    succeeded(lib.update_file_status(bucket, f"{slash}a", custom_headers=headers))
    assert succeeded(lib.stat_file(bucket, f"{slash}a"))["custom_headers"] == headers
    response = api.download("/a")
    assert response.headers["Content-Type"] == "text/javascript"
    assert response.headers["Cache-Control"] == "no-store"
    succeeded(lib.update_file_status(bucket, f"{slash}a", authority="eWRPrivate"))
    assert api.download("/a").status_code == 403


@pytest.mark.parametrize("slash", ["", "/"])
def test_move_copy_and_delete(lib, bucket, local, stored, slash):
    one, two = local(10, "one"), local(20, "two")
    succeeded(lib.upload_file(bucket, one, "one"))
    succeeded(lib.upload_file(bucket, two, "two"))
    succeeded(lib.copy_file(bucket, f"{slash}one", "/副本 &+"))
    assert stored("/副本 &+") == stored("/one") == Path(one).read_bytes()
    assert lib.copy_file(bucket, f"{slash}one", "two")["code"] == -177
    assert lib.move_file(bucket, f"{slash}one", "two")["code"] == -177
    assert stored("/two") == Path(two).read_bytes()
    succeeded(lib.move_file(bucket, f"{slash}one", "moved"))
    assert stored("/moved") == Path(one).read_bytes()
    assert lib.move_file(bucket, f"{slash}one", "moved")["code"] == -197
    succeeded(lib.delete_file(bucket, f"{slash}副本 &+"))
    assert names(succeeded(lib.list_folder(bucket, ""))) == ["moved", "two"]
    assert lib.delete_file(bucket, f"{slash}副本 &+")["code"] == -197


def test_a_missing_file(lib, bucket):
    assert lib.stat_file(bucket, "missing")["code"] == -197
    assert lib.update_file_status(bucket, "missing")["code"] == -197


def test_get_file_finds_no_download_at_the_apis_address(lib, bucket, local):
    """It asks there without an op, signed for a path without its first slash."""
    succeeded(lib.upload_file(bucket, local(4321), "a"))
    refusal = json.loads(base64.b64decode(lib.get_file(bucket, "a")))
    assert refusal["code"] == -63


def test_keys_that_are_not_the_servers(start_qcloud_cos_py3, bucket, local, api, wrong_keys):
    changes, code = wrong_keys
    api.upload("/kept", b"kept")
    stranger = start_qcloud_cos_py3(**changes)
    assert stranger.upload_file(bucket, local(10), "a")["code"] == code
    assert stranger.create_folder(bucket, "f")["code"] == code
    assert stranger.stat_file(bucket, "kept")["code"] == code
    assert stranger.delete_file(bucket, "kept")["code"] == code
    assert names(api.get("/", op="list").data) == ["kept"]


def test_no_server_at_all(start_qcloud_cos_py3, bucket, unused_address):
    with pytest.raises(ClientRaised, match="API request failed"):
        start_qcloud_cos_py3(address=unused_address).stat_file(bucket, "a")
