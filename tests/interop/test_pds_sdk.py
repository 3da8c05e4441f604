"""alibabacloud_pds20220301 (PyPI): the official Python SDK, with contexts that cosfast makes."""

from __future__ import annotations

import hashlib
import re

import pytest
import requests
from interop.driven import ClientRaised
from worked_values import content

import cosfast

PART = 102400
DATA = content(5 * PART + 321)
HASHES = {name: hashlib.new(name, DATA).hexdigest().upper() for name in ("sha1", "sha256")}
SHA1 = HASHES["sha1"]
DRIVE = "1"


@pytest.fixture(scope="module")
def sdk(start_pds_sdk):
    return start_pds_sdk()


@pytest.fixture(params=HASHES)
def algorithm(request):
    return request.param


@pytest.fixture
def parts(algorithm):
    """Return `part_info_list` as the recipe in the documents makes it."""
    contexts = cosfast.uploadparts(DATA, slice_size=PART, algorithm=algorithm).contexts()
    return [
        {"part_number": number, f"parallel_{algorithm}_ctx": context}
        for number, context in enumerate(contexts, 1)
    ]


@pytest.fixture(autouse=True)
def _empty(server):
    server.reset()


def create(sdk, **fields):
    given = {
        "drive_id": DRIVE,
        "parent_file_id": "root",
        "name": "film.mp4",
        "type": "file",
        "size": len(DATA),
        **fields,
    }
    return sdk.create_file(given)["body"]


def put(entry, number, content_type=None):
    headers = {} if content_type is None else {"Content-Type": content_type}
    data = DATA[(number - 1) * PART : number * PART]
    return requests.put(entry["upload_url"], data=data, headers=headers, timeout=30)


def names(created):
    return {key: created[key] for key in ("drive_id", "file_id", "upload_id")}


def test_parts_in_any_order(sdk, parts, algorithm):
    created = create(
        sdk,
        parallel_upload=True,
        content_hash=HASHES[algorithm],
        content_hash_name=algorithm,
        content_type="video/mp4",
        # CreateFile has no field for contexts of SHA-256, GetUploadUrl has.
        part_info_list=parts if algorithm == "sha1" else parts[:1],
    )
    assert not created["rapid_upload"]
    listed = created["part_info_list"]
    if algorithm != "sha1":
        rest = sdk.get_upload_url({**names(created), "part_info_list": parts[1:]})
        listed += rest["body"]["part_info_list"]
    urls = {entry["part_number"]: entry for entry in listed}
    for number in (6, 2, 4):
        assert put(urls[number], number, "video/mp4").headers["ETag"]
    listed = sdk.list_uploaded_parts({**names(created), "limit": 2})["body"]
    assert [part["part_number"] for part in listed["uploaded_parts"]] == [2, 4]
    rest = sdk.list_uploaded_parts(
        {**names(created), "part_number_marker": listed["next_part_number_marker"]}
    )["body"]
    assert [part["part_number"] for part in rest["uploaded_parts"]] == [6]
    fresh = sdk.get_upload_url({**names(created), "part_info_list": [parts[n] for n in (0, 2, 4)]})
    for entry in fresh["body"]["part_info_list"]:
        put(entry, entry["part_number"], "video/mp4").raise_for_status()
    done = sdk.complete_file(names(created))["body"]
    assert (done["content_hash"], done["content_hash_name"], done["size"]) == (
        HASHES[algorithm],
        algorithm,
        len(DATA),
    )
    found = sdk.get_file({"drive_id": DRIVE, "file_id": created["file_id"]})["body"]
    assert (found["name"], found["status"], found["type"]) == ("film.mp4", "available", "file")
    url = sdk.get_download_url({"drive_id": DRIVE, "file_id": created["file_id"]})["body"]["url"]
    assert requests.get(url, timeout=30).content == DATA


def test_known_content(sdk, parts, algorithm):
    test_parts_in_any_order(sdk, parts, algorithm)
    known = {"content_hash": HASHES[algorithm], "content_hash_name": algorithm}
    again = create(sdk, **known)
    assert again["rapid_upload"]
    taken = create(sdk, **known, check_name_mode="refuse")
    assert taken["exist"]
    renamed = create(sdk, **known, check_name_mode="auto_rename")
    assert renamed["file_name"] == "film (1).mp4"


def test_parts_in_order(sdk):
    created = create(sdk, part_info_list=[{"part_number": n} for n in range(1, 7)])
    urls = {entry["part_number"]: entry for entry in created["part_info_list"]}
    refused = put(urls[2], 2)
    assert refused.status_code == 400
    assert re.search("<Code>PartNotSequential</Code>", refused.text)
    for number in range(1, 7):
        put(urls[number], number).raise_for_status()
    assert put(urls[1], 1).status_code == 409
    assert sdk.complete_file(names(created))["body"]["content_hash"] == SHA1


def test_folders_lists_and_deletion(sdk):
    folder = create(sdk, type="folder", name="videos", size=None)["file_id"]
    for number in range(5):
        small = create(sdk, name=f"{number}.txt", parent_file_id=folder, size=1)
        requests.put(small["part_info_list"][0]["upload_url"], data=b"x", timeout=30)
        sdk.complete_file(names(small))
    given = {"drive_id": DRIVE, "parent_file_id": folder, "limit": 3}
    first = sdk.list_file(given)["body"]
    second = sdk.list_file({**given, "marker": first["next_marker"]})["body"]
    listed = [item["name"] for item in first["items"] + second["items"]]
    assert listed == [f"{number}.txt" for number in range(5)]
    assert not second["next_marker"]
    assert sdk.delete_file({"drive_id": DRIVE, "file_id": folder})["status"] == 204
    with pytest.raises(ClientRaised, match=r"NotFound\.File"):
        sdk.get_file({"drive_id": DRIVE, "file_id": folder})


def test_a_wrong_token(start_pds_sdk):
    wrong = start_pds_sdk(token="another")
    with pytest.raises(ClientRaised, match="AccessTokenInvalid"):
        wrong.get_file({"drive_id": DRIVE, "file_id": "1"})
