"""The official Node SDK (npm `qcloud_cos_v4`): the older slice upload, JSON bodies."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

import pytest
from emulator.wire import MIB
from interop.answers import names, succeeded

HALF_MIB = MIB // 2
INSERT_ONLY = 1
OVERWRITE = 0
NO_FIELD = -1  # the SDK then sends no insertOnly


@pytest.fixture(scope="module")
def sdk(start_node_sdk):
    return start_node_sdk()


def upload_in_slices(sdk, file, bucket, path, *, slice_size=MIB, session="", insert_only=NO_FIELD):
    return sdk.upload_slice(file, bucket, path, "", slice_size, session, insert_only)


def test_upload_stores_the_bytes(sdk, bucket, local, stored, api):
    file = local(12345)
    data = succeeded(sdk.upload(file, bucket, "a.bin", "mine"))
    assert data["resource_path"] == f"/1250000000/{bucket}/a.bin"
    assert stored("/a.bin") == Path(file).read_bytes()
    assert api.stat("/a.bin").data["biz_attr"] == "mine"


def test_upload_of_an_empty_file(sdk, bucket, local, stored):
    succeeded(sdk.upload(local(0), bucket, "empty"))
    assert stored("/empty") == b""


def test_upload_to_a_path_that_is_not_ascii(sdk, bucket, local, stored):
    succeeded(sdk.createFolder(bucket, "目录"))
    file = local(99)
    succeeded(sdk.upload(file, bucket, "/目录/文 件+~(1)'!&=%41.bin"))
    assert stored("/目录/文 件+~(1)'!&=%41.bin") == Path(file).read_bytes()
    assert succeeded(sdk.statFile(bucket, "目录/文 件+~(1)'!&=%41.bin"))["filesize"] == 99
    succeeded(sdk.deleteFile(bucket, "目录/文 件+~(1)'!&=%41.bin"))
    assert sdk.statFile(bucket, "目录/文 件+~(1)'!&=%41.bin")["code"] == -197


def test_upload_over_a_path_that_exists(sdk, bucket, local, stored):
    old, new = local(100, "old"), local(200, "new")
    succeeded(sdk.upload(old, bucket, "a", "", INSERT_ONLY))
    assert sdk.upload(new, bucket, "a", "", INSERT_ONLY)["code"] == -177
    assert sdk.upload(new, bucket, "a")["code"] == -177
    assert stored("/a") == Path(old).read_bytes()
    succeeded(sdk.upload(new, bucket, "a", "", OVERWRITE))
    assert stored("/a") == Path(new).read_bytes()


@pytest.mark.parametrize("slice_size", [HALF_MIB, MIB, 2 * MIB, 3 * MIB])
def test_upload_slice_stores_the_bytes(sdk, bucket, local, stored, slice_size):
    file = local(3 * MIB + 77)
    data = succeeded(upload_in_slices(sdk, file, bucket, "a", slice_size=slice_size))
    assert data["access_url"]
    assert data["url"]
    assert stored("/a") == Path(file).read_bytes()


def test_upload_slice_of_whole_slices(sdk, bucket, local, stored):
    file = local(2 * MIB)
    succeeded(upload_in_slices(sdk, file, bucket, "a"))
    assert stored("/a") == Path(file).read_bytes()


def test_upload_goes_over_to_slices_at_20_mib(sdk, bucket, local, stored):
    file = local(20 * MIB)
    succeeded(sdk.upload(file, bucket, "large"))
    assert hashlib.sha1(stored("/large")).digest() == hashlib.sha1(Path(file).read_bytes()).digest()


def test_upload_slice_of_known_content_is_instant(sdk, bucket, local, stored):
    file = local(MIB + 5)
    succeeded(upload_in_slices(sdk, file, bucket, "first"))
    data = succeeded(upload_in_slices(sdk, file, bucket, "second"))
    assert data["url"]
    assert "session" not in data
    assert stored("/second") == stored("/first") == Path(file).read_bytes()


def begin(api, path, content):
    """Send the first slice as the SDK would, and go no further."""
    sha = hashlib.sha1(content).hexdigest()
    fields = {"filesize": str(len(content)), "slice_size": str(MIB), "sha": sha}
    session = api.form(path, op="upload_slice", **fields).data["session"]
    reply = api.form(
        path, op="upload_slice", session=session, offset="0", filecontent=content[:MIB]
    )
    assert (reply.code, reply.data["offset"]) == (0, MIB)
    return session


def test_upload_slice_goes_on_where_it_was_left(sdk, bucket, local, stored, api):
    file = local(3 * MIB + 1)
    begin(api, "/a", Path(file).read_bytes())
    succeeded(upload_in_slices(sdk, file, bucket, "a"))
    assert stored("/a") == Path(file).read_bytes()


def test_upload_slice_goes_on_with_a_session_that_it_names(sdk, bucket, local, stored, api):
    """The SDK names it in its first call, which has no offset and no content."""
    file = local(3 * MIB + 1)
    session = begin(api, "/a", Path(file).read_bytes())
    succeeded(upload_in_slices(sdk, file, bucket, "a", session=session))
    assert stored("/a") == Path(file).read_bytes()


def test_upload_slice_over_a_path_that_exists(sdk, bucket, local, stored):
    old, new = local(MIB + 1, "old"), local(MIB + 2, "new")
    succeeded(upload_in_slices(sdk, old, bucket, "a"))
    refused = upload_in_slices(sdk, new, bucket, "a", insert_only=INSERT_ONLY)
    assert refused["code"] == -177
    assert stored("/a") == Path(old).read_bytes()
    succeeded(upload_in_slices(sdk, new, bucket, "a", insert_only=OVERWRITE))
    assert stored("/a") == Path(new).read_bytes()


def test_stat(sdk, bucket, local, api):
    file = local(321)
    succeeded(sdk.upload(file, bucket, "a", "mine"))
    data = succeeded(sdk.statFile(bucket, "/a"))
    assert data == api.stat("/a").data
    assert data["sha"] == hashlib.sha1(Path(file).read_bytes()).hexdigest()
    succeeded(sdk.createFolder(bucket, "/folder/", "ours"))
    folder = succeeded(sdk.statFolder(bucket, "folder"))
    assert folder["biz_attr"] == "ours"
    assert abs(folder["ctime"] - time.time()) < 60
    assert sdk.statFile(bucket, "missing")["code"] == -197
    assert sdk.statFolder(bucket, "missing")["code"] == -197


def test_list_page_by_page(sdk, bucket, local):
    file = local(10)
    succeeded(sdk.createFolder(bucket, "many"))
    succeeded(sdk.createFolder(bucket, "many/inner"))
    expected = ["inner/", *sorted(f"文件 {number}&=+" for number in range(4))]
    for name in expected[1:]:
        succeeded(sdk.upload(file, bucket, f"many/{name}"))
    found, context = [], ""
    for page in range(3):
        data = succeeded(sdk.list(bucket, "many", 2, "eListBoth", 0, context))
        found += names(data)
        context = data["context"]
        assert data["listover"] is (page == 2)
    assert found == expected


def test_list_the_whole_bucket(sdk, bucket, local):
    succeeded(sdk.createFolder(bucket, "b"))
    succeeded(sdk.upload(local(10), bucket, "a"))
    data = succeeded(sdk.list(bucket, "/"))
    assert names(data) == ["a", "b/"]
    file, folder = data["infos"]
    assert file["filesize"] == file["filelen"] == 10
    assert "filelen" not in folder


def test_list_with_a_prefix(sdk, bucket, local):
    succeeded(sdk.createFolder(bucket, "f"))
    for name in ("one", "only", "two"):
        succeeded(sdk.upload(local(10), bucket, f"f/{name}"))
    assert names(succeeded(sdk.prefixSearch(bucket, "f", "on"))) == ["one", "only"]
    assert names(succeeded(sdk.prefixSearch(bucket, "f", "x"))) == []


def test_folders(sdk, bucket, local, api):
    succeeded(sdk.createFolder(bucket, "f"))
    assert sdk.createFolder(bucket, "f")["code"] == -178
    succeeded(sdk.updateFolder(bucket, "f", "changed"))
    assert api.stat("/f/").data["biz_attr"] == "changed"
    succeeded(sdk.upload(local(10), bucket, "f/a"))
    assert sdk.deleteFolder(bucket, "f")["code"] == -173
    succeeded(sdk.deleteFile(bucket, "f/a"))
    succeeded(sdk.deleteFolder(bucket, "f"))
    assert api.stat("/f/").code == -197


def test_update_of_a_file(sdk, bucket, local, api):
    succeeded(sdk.upload(local(10), bucket, "a"))
    headers = {"Content-Type": "text/x-mine", "x-cos-meta-note": "kept"}
    succeeded(sdk.updateFile(bucket, "a", "changed", "eWRPrivate", headers))
    data = api.stat("/a").data
    assert (data["biz_attr"], data["authority"]) == ("changed", "eWRPrivate")
    assert api.download("/a").status_code == 403
    succeeded(sdk.updateFile(bucket, "a", "", "eWPrivateRPublic", {}))
    response = api.download("/a")
    assert response.headers["Content-Type"] == "text/x-mine"
    assert response.headers["x-cos-meta-note"] == "kept"


def test_move(sdk, bucket, local, stored, api):
    one, two = local(10, "one"), local(20, "two")
    succeeded(sdk.createFolder(bucket, "f"))
    succeeded(sdk.upload(one, bucket, "f/one"))
    succeeded(sdk.upload(two, bucket, "two"))
    succeeded(sdk.moveFile(bucket, "f/one", "beside", 0))
    assert stored("/f/beside") == Path(one).read_bytes()
    assert sdk.moveFile(bucket, "f/beside", "/two", 0)["code"] == -177
    assert stored("/two") == Path(two).read_bytes()
    succeeded(sdk.moveFile(bucket, "f/beside", f"/1250000000/{bucket}/two", 1))
    assert stored("/two") == Path(one).read_bytes()
    assert api.stat("/f/beside").code == -197
    assert sdk.moveFile(bucket, "missing", "/x", 0)["code"] == -197


def test_delete(sdk, bucket, local, api):
    succeeded(sdk.upload(local(10), bucket, "a"))
    succeeded(sdk.deleteFile(bucket, "/a"))
    assert api.stat("/a").code == -197
    assert api.download("/a").status_code == 404
    assert sdk.deleteFile(bucket, "/a")["code"] == -197


def test_a_body_longer_than_its_announced_length_is_answered(sdk, bucket, api):
    """The SDK counts characters where bytes are asked for (PROTOCOL.md section 6.6)."""
    answer = sdk.createFolder(bucket, "f", "十二个字符的业务属性")
    assert answer["code"] == -5993, answer
    assert api.stat("/f/").code == -197
    succeeded(sdk.createFolder(bucket, "f"))


def test_keys_that_are_not_the_servers(start_node_sdk, bucket, local, api, wrong_keys):
    changes, code = wrong_keys
    stranger = start_node_sdk(**changes)
    file = local(MIB + 1)
    assert stranger.upload(file, bucket, "a")["code"] == code
    assert upload_in_slices(stranger, file, bucket, "a")["code"] == code
    assert stranger.statFile(bucket, "a")["code"] == code
    assert stranger.deleteFile(bucket, "a")["code"] == code
    assert api.stat("/a").code == -197


def test_no_server_at_all(start_node_sdk, bucket, unused_address):
    assert start_node_sdk(address=unused_address).statFile(bucket, "a")["code"] == -2
