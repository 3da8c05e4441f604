"""The official SDK for browsers (npm `cos-js-sdk-v4`): slices with uploadparts, five at a time."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from emulator.wire import MIB
from interop.answers import names, succeeded

INSERT_ONLY = 1
OVERWRITE = 0


@pytest.fixture(scope="module")
def sdk(start_browser_sdk):
    return start_browser_sdk()


def upload(sdk, bucket, path, file, *options):
    return sdk.uploadFile(bucket, path, *options, file=file)


def upload_in_slices(sdk, bucket, path, file, *options):
    return sdk.sliceUploadFile(bucket, path, *options, file=file)


def test_upload_stores_the_bytes(sdk, bucket, local, stored):
    succeeded(sdk.createFolder(bucket, "/目录"))
    file = local(12345)
    data = succeeded(upload(sdk, bucket, "/目录/文 件+~(1)&=.bin", file))
    assert data["resource_path"] == f"/1250000000/{bucket}/目录/文 件+~(1)&=.bin"
    assert stored("/目录/文 件+~(1)&=.bin") == Path(file).read_bytes()


def test_upload_over_a_path_that_exists(sdk, bucket, local, stored):
    old, new = local(100, "old"), local(200, "new")
    succeeded(upload(sdk, bucket, "a", old, INSERT_ONLY))
    assert upload(sdk, bucket, "a", new, INSERT_ONLY)["code"] == -177
    assert stored("/a") == Path(old).read_bytes()
    succeeded(upload(sdk, bucket, "a", new, OVERWRITE))
    assert stored("/a") == Path(new).read_bytes()


@pytest.mark.parametrize("size", [1, MIB, MIB + 1, 7 * MIB + 77])
def test_upload_in_slices_stores_the_bytes(sdk, bucket, local, stored, size):
    file = local(size)
    data = succeeded(upload_in_slices(sdk, bucket, "/a", file))
    assert data["access_url"]
    assert data["url"]
    assert stored("/a") == Path(file).read_bytes()


def test_upload_in_slices_over_a_path_that_exists(sdk, bucket, local, stored):
    """Without leave to overwrite the SDK sends nothing, and tells of the file that is there."""
    old, new = local(MIB + 1, "old"), local(MIB + 2, "new")
    succeeded(upload_in_slices(sdk, bucket, "a", old, INSERT_ONLY))
    succeeded(upload_in_slices(sdk, bucket, "a", new, INSERT_ONLY))
    assert stored("/a") == Path(old).read_bytes()
    succeeded(upload_in_slices(sdk, bucket, "a", new, OVERWRITE))
    assert stored("/a") == Path(new).read_bytes()


def test_uploadparts_need_slices_of_1_mib(sdk, bucket, local, api):
    refused = upload_in_slices(sdk, bucket, "a", local(MIB), INSERT_ONLY, MIB // 2)
    assert refused["code"] < 0
    assert api.stat("/a").code == -197
    assert api.list_slices("/a").status == 404


def test_upload_in_slices_of_known_content_is_instant(sdk, bucket, local, stored, api):
    api.upload("/first", Path(local(MIB + 5)).read_bytes())
    data = succeeded(upload_in_slices(sdk, bucket, "second", local(MIB + 5)))
    assert data["access_url"]
    assert stored("/second") == stored("/first")


def test_upload_in_slices_goes_on_where_it_was_left(sdk, bucket, local, stored, api):
    """The SDK asks for the slices that have arrived and sends the others."""
    file = local(4 * MIB + 1)
    content = Path(file).read_bytes()
    session = api.init("/a", content).data["session"]
    for offset in (0, 2 * MIB):
        api.data("/a", session, offset, content[offset : offset + MIB])
    succeeded(upload_in_slices(sdk, bucket, "a", file))
    assert stored("/a") == content


def test_upload_in_slices_does_not_mix_two_files(sdk, bucket, local, api):
    """A slice of another file of the same length is there, so the whole is neither of the two."""
    file = local(2 * MIB + 1)
    content = bytes(2 * MIB + 1)
    sha = hashlib.sha1(content).hexdigest()
    session = api.init("/a", content, sha=sha).data["session"]
    api.data("/a", session, 0, content[:MIB])
    assert upload_in_slices(sdk, bucket, "a", file)["code"] == -1
    assert api.stat("/a").code == -197


def test_stat_and_list(sdk, bucket, local, api):
    succeeded(sdk.createFolder(bucket, "f", "mine"))
    assert succeeded(sdk.getFolderStat(bucket, "f"))["biz_attr"] == "mine"
    expected = sorted(f"文件 {number}&=+" for number in range(5))
    for name in expected:
        succeeded(upload(sdk, bucket, f"f/{name}", local(10)))
    assert succeeded(sdk.getFileStat(bucket, f"f/{expected[0]}"))["filesize"] == 10
    found, context = [], ""
    for page in range(3):
        data = succeeded(sdk.getFolderList(bucket, "f", 2, context))
        found += names(data)
        context = data["context"]
        assert data["listover"] is (page == 2)
    assert found == expected
    assert sdk.getFileStat(bucket, "missing")["code"] == -197
    assert sdk.createFolder(bucket, "f")["code"] == -178


def test_update_and_delete(sdk, bucket, local, api):
    succeeded(sdk.createFolder(bucket, "f"))
    succeeded(upload(sdk, bucket, "f/文件", local(10)))
    headers = {"Content-Type": "text/x-mine", "x-cos-meta-note": "kept"}
    succeeded(sdk.updateFile(bucket, "f/文件", "changed", "eWPrivateRPublic", headers))
    assert api.stat("/f/文件").data["biz_attr"] == "changed"
    assert api.download("/f/文件").headers["Content-Type"] == "text/x-mine"
    succeeded(sdk.updateFolder(bucket, "f", "changed"))
    assert sdk.deleteFolder(bucket, "f")["code"] == -173
    succeeded(sdk.deleteFile(bucket, "f/文件"))
    succeeded(sdk.deleteFolder(bucket, "f"))
    assert api.stat("/f/").code == -197


def test_move_and_copy(sdk, bucket, local, stored, api):
    """The SDK signs both with a signature for more than one use."""
    one, two = local(10, "one"), local(20, "two")
    succeeded(upload(sdk, bucket, "one", one))
    succeeded(upload(sdk, bucket, "two", two))
    succeeded(sdk.copyFile(bucket, "one", "/副本", 0))
    assert stored("/副本") == stored("/one") == Path(one).read_bytes()
    assert sdk.moveFile(bucket, "one", "/two", 0)["code"] == -177
    assert stored("/two") == Path(two).read_bytes()
    succeeded(sdk.moveFile(bucket, "one", "two", 1))
    assert stored("/two") == Path(one).read_bytes()
    assert api.stat("/one").code == -197


def test_keys_that_are_not_the_servers(start_browser_sdk, bucket, local, api, wrong_keys):
    changes, code = wrong_keys
    stranger = start_browser_sdk(**changes)
    assert upload(stranger, bucket, "a", local(10))["code"] == code
    assert upload_in_slices(stranger, bucket, "a", local(10))["code"] < 0
    assert stranger.getFileStat(bucket, "a")["code"] == code
    assert stranger.deleteFile(bucket, "a")["code"] == code
    assert api.stat("/a").code == -197
