"""WeDrive and WeDoc on the emulator, called with the library requests only."""

from __future__ import annotations

import base64
import hashlib
import struct

import pytest
import requests
from wedrive.emulated_drive import CORPID, SECRET, SPACE, start_drive
from worked_values import content, wedrive_example

import cosfast
from cosfast.emulator import Limits, faults

BLOCK = 2097152
SIZE = 2 * BLOCK + 640  # a multiple of 64, so that each end has a state
DATA = content(SIZE)


class Drive:
    """A client of the API that shares no code with cosfast."""

    def __init__(self, endpoint):
        self.endpoint = endpoint
        answer = requests.get(
            f"{endpoint}/cgi-bin/gettoken",
            params={"corpid": CORPID, "corpsecret": SECRET},
            timeout=10,
        ).json()
        self.token = answer["access_token"]

    def ask(self, operation, token=None, **fields):
        return requests.post(
            f"{self.endpoint}/cgi-bin/{operation}",
            params={"access_token": self.token if token is None else token},
            json=fields,
            timeout=30,
        ).json()

    def __call__(self, operation, **fields):
        answer = self.ask(operation, **fields)
        assert answer["errcode"] == 0, answer
        return answer

    def init(self, block_sha, size=SIZE, **fields):
        fields = {"spaceid": SPACE, "fatherid": SPACE, "file_name": "x", **fields}
        return self("wedrive/file_upload_init", size=size, block_sha=block_sha, **fields)

    def part(self, key, index, data=DATA, service="wedrive"):
        block = data[(index - 1) * BLOCK : index * BLOCK]
        return self.ask(
            f"{service}/file_upload_part",
            upload_key=key,
            index=index,
            file_base64_content=base64.b64encode(block).decode(),
        )


@pytest.fixture
def server():
    with start_drive() as running:
        yield running


@pytest.fixture
def drive(server):
    return Drive(server.endpoint)


def states(data=DATA):
    return cosfast.uploadparts(data, slice_size=BLOCK).datashas


def test_the_vendors_example(drive):
    example = wedrive_example()
    key = drive.init(example["block_sha"], example["size"])["upload_key"]
    for index in (3, 1, 2):
        assert drive.part(key, index, example["content"])["errcode"] == 0
    fileid = drive("wedrive/file_upload_finish", upload_key=key)["fileid"]
    info = drive("wedrive/file_info", fileid=fileid)["file_info"]
    assert (info["sha"], info["file_size"]) == (example["block_sha"][-1], example["size"])
    assert info["file_type"] == 2
    located = drive("wedrive/file_download", fileid=fileid)
    cookie = {located["cookie_name"]: located["cookie_value"]}
    assert requests.get(located["download_url"], timeout=10).status_code == 403
    received = requests.get(located["download_url"], cookies=cookie, timeout=10)
    assert received.content == example["content"]
    piece = requests.get(
        located["download_url"], cookies=cookie, headers={"Range": "bytes=5-9"}, timeout=10
    )
    assert (piece.status_code, piece.content) == (206, example["content"][5:10])
    again = drive.init(example["block_sha"], example["size"])
    assert again["hit_exist"] is True
    assert again["fileid"] != fileid
    assert drive("wedrive/file_upload_finish", upload_key=key)["fileid"] == fileid


def swapped(entry):
    return struct.pack(">5I", *struct.unpack("<5I", bytes.fromhex(entry))).hex()


def digest(data):
    return hashlib.sha1(data).hexdigest()


def block(index):
    return DATA[(index - 1) * BLOCK : index * BLOCK]


@pytest.mark.parametrize(
    ("change", "index", "reason"),
    [
        (lambda right: [*map(swapped, right[:2]), right[2]], 1, "big-endian"),
        (lambda right: [*map(swapped, right[:2]), right[2]], 2, "big-endian"),
        (lambda right: [*map(swapped, right[:2]), right[2]], 3, "big-endian"),
        (
            lambda right: [digest(DATA[: BLOCK * n]) for n in (1, 2, 3)],
            1,
            "finalized digest of the file so far",
        ),
        (lambda right: [right[0], digest(DATA[: 2 * BLOCK]), right[2]], 2, "finalized digest of"),
        (lambda right: [digest(DATA[: BLOCK * n]) for n in (1, 2, 3)], 2, "finalized digest"),
        (lambda right: [digest(DATA[: BLOCK * n]) for n in (1, 2, 3)], 3, "finalized digest"),
        (lambda right: [digest(block(n)) for n in (1, 2, 3)], 2, "digest of the block alone"),
        (lambda right: [digest(block(n)) for n in (1, 2, 3)], 3, "digest of the block alone"),
        (
            lambda right: [*right[:2], cosfast.sha1(DATA).state().datasha],
            3,
            "must be the file's finalized SHA-1",
        ),
        (
            lambda right: [right[0], cosfast.sha1(block(2)).state().datasha, right[2]],
            2,
            "the state of the block alone",
        ),
        (lambda right: ["00" * 20, *right[1:]], 1, "the content differs"),
        (lambda right: [right[0], "00" * 20, right[2]], 2, "the content differs, or entry 1"),
    ],
)
def test_a_wrong_list_is_explained(drive, change, index, reason):
    key = drive.init(change(states()))["upload_key"]
    refusal = drive.part(key, index)
    assert refusal["errcode"] == 640027
    assert f"block {index} " in refusal["errmsg"]
    assert reason in refusal["errmsg"]


def test_blocks_in_any_order_and_again(drive):
    key = drive.init(states())["upload_key"]
    for index in (2, 2, 3):
        assert drive.part(key, index)["errcode"] == 0
    early = drive.ask("wedrive/file_upload_finish", upload_key=key)
    assert (early["errcode"], "1" in early["errmsg"]) == (640027, True)
    damaged = b"!" + DATA[1:]
    assert drive.part(key, 1, damaged)["errcode"] == 640027
    assert drive.part(key, 1)["errcode"] == 0
    drive("wedrive/file_upload_finish", upload_key=key)


@pytest.mark.parametrize(
    ("operation", "fields", "code"),
    [
        ("init", {"block_sha": []}, 640027),
        ("init", {"block_sha": ["0" * 40] * 2}, 640027),
        ("init", {"block_sha": ["0" * 40] * 4}, 640027),
        ("init", {"block_sha": ["0" * 39] * 3}, 640027),
        ("init", {"block_sha": None}, 640027),
        ("init", {"size": 0}, 640027),
        ("init", {"size": 20 * 1024**3 + 1}, 640027),
        ("init", {"size": "5"}, 640027),
        ("init", {"file_name": "汉" * 128}, 640009),
        ("init", {"file_name": "a" * 256}, 640009),
        ("init", {"file_name": "a/b"}, 640009),
        ("init", {"file_name": "\ud800"}, 640009),
        ("init", {"file_name": None}, 640009),
        ("init", {"spaceid": None}, 640026),
        ("init", {"fatherid": None}, 640021),
        ("init", {"fatherid": "nothing"}, 640021),
        ("init", {"selected_ticket": "t"}, 640027),
        ("init", {"skip_push_card": "yes"}, 640027),
        ("part", {"upload_key": "unknown"}, 640027),
        ("part", {"index": 0}, 640027),
        ("part", {"index": 4}, 640027),
        ("part", {"index": "1"}, 640027),
        ("part", {"file_base64_content": ""}, 640022),
        ("part", {"file_base64_content": "===="}, 640022),
        ("part", {"file_base64_content": "data:;base64,QUJD"}, 640022),
        ("part", {"file_base64_content": "QUJD"}, 640027),
        ("finish", {"upload_key": "unknown"}, 640027),
    ],
)
def test_bad_fields(drive, operation, fields, code):
    key = drive.init(states())["upload_key"]
    right = {
        "init": {
            "spaceid": SPACE,
            "fatherid": SPACE,
            "file_name": "x",
            "size": SIZE,
            "block_sha": states(),
        },
        "part": {
            "upload_key": key,
            "index": 1,
            "file_base64_content": base64.b64encode(block(1)).decode(),
        },
        "finish": {"upload_key": key},
    }[operation]
    refusal = drive.ask(f"wedrive/file_upload_{operation}", **{**right, **fields})
    assert refusal["errcode"] == code, refusal


def test_small_files(drive):
    def upload(data, **fields):
        return drive.ask(
            "wedrive/file_upload",
            spaceid=SPACE,
            fatherid=SPACE,
            file_name="small.txt",
            file_base64_content=base64.b64encode(data).decode(),
            **fields,
        )

    assert upload(b"x")["errcode"] == 0
    assert upload(b"")["errcode"] == 640022
    assert upload(bytes(7_864_320))["errcode"] == 0
    assert upload(bytes(7_864_321))["errcode"] in {640022, 640027}
    listed = drive(
        "wedrive/file_list", spaceid=SPACE, fatherid=SPACE, sort_type=1, start=0, limit=9
    )
    names = [item["file_name"] for item in listed["file_list"]["item"]]
    assert names == ["small(1).txt", "small.txt"]


def test_malformed_json(drive):
    for body in (b"", b"[]", b"{", b'{"a": NaN}', b"\xff"):
        answer = requests.post(
            f"{drive.endpoint}/cgi-bin/wedrive/file_info",
            params={"access_token": drive.token},
            data=body,
            timeout=10,
        ).json()
        assert "Warning: wrong json format." in answer["errmsg"]


def test_lists(drive):
    for number in range(5):
        drive(
            "wedrive/file_create", spaceid=SPACE, fatherid=SPACE, file_type=1, file_name=f"{number}"
        )

    def page(start, limit, sort_type=1):
        return drive(
            *("wedrive/file_list",),
            spaceid=SPACE,
            fatherid=SPACE,
            sort_type=sort_type,
            start=start,
            limit=limit,
        )

    first, second = page(0, 3), page(3, 3)
    assert (first["has_more"], first["next_start"], second["has_more"]) == (True, 3, False)
    names = [item["file_name"] for found in (first, second) for item in found["file_list"]["item"]]
    assert names == list("01234")
    assert [item["file_name"] for item in page(0, 9, 2)["file_list"]["item"]] == list("43210")
    fields = {"spaceid": SPACE, "fatherid": SPACE, "sort_type": 1}
    for bad in ({"start": -1, "limit": 1}, {"start": 0, "limit": 1001}, {"start": 0, "limit": 0}):
        assert drive.ask("wedrive/file_list", **fields, **bad)["errcode"] == 640027


def test_a_new_space_is_empty_and_takes_files(drive):
    members = [{"type": 1, "userid": "li.si", "auth": 7}, {"type": 2, "departmentid": 1, "auth": 1}]
    made = drive("wedrive/space_create", space_name="films", auth_info=members, space_sub_type=0)
    other = drive("wedrive/space_create", space_name="films")
    assert made["spaceid"] != other["spaceid"]
    space = made["spaceid"]
    fields = {"spaceid": space, "fatherid": space, "file_name": "x"}
    drive("wedrive/file_upload", **fields, file_base64_content="eA==")
    page = {"sort_type": 1, "start": 0, "limit": 9}
    listed = drive("wedrive/file_list", spaceid=space, fatherid=space, **page)
    assert [item["file_name"] for item in listed["file_list"]["item"]] == ["x"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"space_name": ""},
        {"space_name": "x", "space_sub_type": 1},
        {"space_name": "x", "auth_info": {}},
        {"space_name": "x", "auth_info": ["li.si"]},
        {"space_name": "x", "auth_info": [{"type": 1, "auth": 7}]},
        {"space_name": "x", "auth_info": [{"type": 2, "userid": "li.si", "auth": 7}]},
        {"space_name": "x", "auth_info": [{"type": 1, "userid": "li.si", "auth": 3}]},
    ],
)
def test_spaces_that_cannot_be(drive, fields):
    assert drive.ask("wedrive/space_create", **fields)["errcode"] == 640027


def test_folders_move_and_go(drive):
    def make(name, fatherid=SPACE):
        return drive(
            "wedrive/file_create", spaceid=SPACE, fatherid=fatherid, file_type=1, file_name=name
        )["fileid"]

    outer, other = make("outer"), make("other")
    inner = make("inner", outer)
    twin = make("inner", other)
    refusal = drive.ask("wedrive/file_move", fatherid=inner, replace=False, fileid=[outer])
    assert refusal["errcode"] == 640021
    drive("wedrive/file_move", fatherid=other, replace=False, fileid=[inner])
    moved = drive("wedrive/file_info", fileid=inner)["file_info"]
    assert (moved["file_name"], moved["fatherid"]) == ("inner(1)", other)
    drive("wedrive/file_rename", fileid=inner, new_name="inner")
    assert drive("wedrive/file_info", fileid=inner)["file_info"]["file_name"] == "inner(1)"
    again = make("inner", outer)
    drive("wedrive/file_move", fatherid=other, replace=True, fileid=[again])
    assert drive.ask("wedrive/file_info", fileid=twin)["errcode"] == 640002
    assert drive.ask("wedrive/file_download", fileid=other)["errcode"] == 640029
    drive("wedrive/file_delete", fileid=[other, outer])
    assert drive.ask("wedrive/file_info", fileid=inner)["errcode"] == 640002
    assert drive.ask("wedrive/file_delete", fileid=[other])["errcode"] == 640002


def test_documents_have_uploads_of_their_own(drive):
    key = drive(
        *("wedoc/file_upload_init",),
        docid="doc1",
        file_name="x",
        size=SIZE,
        block_sha=states(),
    )["upload_key"]
    assert drive.part(key, 1)["errcode"] == 640027  # the twin does not know it
    for index in (1, 2, 3):
        assert drive.part(key, index, service="wedoc")["errcode"] == 0
    url = drive("wedoc/file_upload_finish", upload_key=key)["file_url"]
    assert requests.get(url, timeout=10).content == DATA


def test_tokens(server, drive):
    assert drive.ask("wedrive/file_info", token="", fileid="x")["errcode"] == 41001
    assert drive.ask("wedrive/file_info", token="made up", fileid="x")["errcode"] == 40014
    assert Drive(server.endpoint).token == drive.token
    url = f"{server.endpoint}/cgi-bin/gettoken"
    wrong = {"corpid": CORPID, "corpsecret": "wrong"}
    assert requests.get(url, params=wrong, timeout=10).json()["errcode"] == 40001
    wrong = {"corpid": "wrong", "corpsecret": SECRET}
    assert requests.get(url, params=wrong, timeout=10).json()["errcode"] == 40013
    server.reset()
    assert drive.ask("wedrive/file_info", fileid="x")["errcode"] == 40014


def test_tokens_and_keys_expire():
    limits = Limits(access_token_lifetime=0.5, upload_key_lifetime=0.5)
    with start_drive(limits=limits) as server:
        import time

        drive = Drive(server.endpoint)
        key = drive.init(states())["upload_key"]
        time.sleep(0.6)
        assert drive.part(key, 1)["errcode"] == 42001
        drive = Drive(server.endpoint)
        assert drive.part(key, 1)["errcode"] == 640027


def test_quota_and_frequency():
    with start_drive(limits=Limits(wedrive_quota=3)) as server:
        drive = Drive(server.endpoint)
        codes = [drive.ask("wedrive/file_info", fileid="x")["errcode"] for _ in range(5)]
        assert codes == [640002] * 3 + [640019] * 2
    with start_drive(limits=Limits(wedrive_calls_a_minute=2)) as server:
        drive = Drive(server.endpoint)
        codes = [drive.ask("wedrive/file_info", fileid="x")["errcode"] for _ in range(3)]
        assert codes == [640002] * 2 + [45009]


def test_faults(server, drive):
    server.faults.add("wedrive.file_info", faults.Refusal(-1))
    assert drive.ask("wedrive/file_info", fileid="x")["errcode"] == -1
    server.faults.add("wedrive.file_list", faults.SessionExpired())
    assert drive.ask("wedrive/file_list")["errcode"] == 40014
    drive = Drive(server.endpoint)
    key = drive.init(states())["upload_key"]
    server.faults.add("wedrive.file_upload_part", faults.SessionExpired())
    assert drive.part(key, 1)["errcode"] == 640027
    server.faults.check_all_fired()
    with pytest.raises(ValueError, match="unknown operation"):
        server.faults.add("file_upload_part", faults.Refusal(-1))


def test_the_page_shows_uploads(server, drive):
    key = drive.init(states(), file_name="<film>.mp4")["upload_key"]
    assert drive.part(key, 2)["errcode"] == 0
    page = requests.get(f"{server.endpoint}/_emulator/", timeout=10).text
    assert "&lt;film&gt;.mp4" in page
    assert "WeCom WeDrive" in page
    assert key not in page
    assert drive.token not in page


def test_content_is_shared_with_cos(server, drive):
    from emulator.wire import APPID, SECRET_ID, SECRET_KEY

    credentials = cosfast.Credentials(APPID, SECRET_ID, SECRET_KEY)
    with cosfast.Client(credentials, endpoint=server.endpoint, journal=None) as client:
        client.upload(DATA, "bucket", "x")
    assert drive.init(states())["hit_exist"] is True


def test_what_a_restart_keeps(tmp_path):
    with start_drive(tmp_path) as server:
        drive = Drive(server.endpoint)
        key = drive.init(states())["upload_key"]
        assert drive.part(key, 2)["errcode"] == 0
    with start_drive(tmp_path) as server:
        drive = Drive(server.endpoint)
        for index in (1, 3):
            assert drive.part(key, index)["errcode"] == 0
        fileid = drive("wedrive/file_upload_finish", upload_key=key)["fileid"]
        assert drive("wedrive/file_info", fileid=fileid)["file_info"]["sha"] == digest(DATA)


@pytest.mark.parametrize("path", ["/cgi-bin/wedrive/nothing", "/cgi-bin/"])
def test_unknown_paths(server, path):
    answer = requests.post(server.endpoint + path, json={}, timeout=10).json()
    assert answer["errcode"] == 640027
