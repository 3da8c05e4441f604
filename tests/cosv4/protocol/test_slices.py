"""The four steps of a slice upload (PROTOCOL.md, sections 3 and 4)."""

from __future__ import annotations

import json

import pytest

from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.messages import Answer, Request, read_answer
from cosfast.cosv4.protocol.slices import (
    MAX_ANSWERED_SLICE_SIZE,
    SLICE_SIZES,
    SliceSession,
    UnfinishedUpload,
    Uploaded,
    read_slice_data,
    read_slice_finish,
    read_slice_init,
    read_slice_list,
    slice_data,
    slice_finish,
    slice_init,
    slice_list,
)
from cosfast.errors import AnswerError, InputError, UnfinishedUploadError

ADDRESS = ObjectAddress("124566667", "xy2", "uploader1500000000")
FOLDER = ObjectAddress("124566667", "xy2", "2017/")
SHA = "e98c925a97a8ae4ffec264ae674e28b8f975eba3"
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
PARTS = '[{"offset":0,"datalen":26585,"datasha":"e98c925a97a8ae4ffec264ae674e28b8f975eba3"}]'
MIB = 1048576
# The seed's example of an instant upload, as the server put it.
DONE = {
    "access_url": "http://xy2-124566667.file.myqcloud.com/uploader1500000000",
    "resource_path": "/124566667/xy2/uploader1508497108630",
    "source_url": "http://xy2-124566667.cosgz.myqcloud.com/uploader1500000000",
    "url": "http://gz.file.myqcloud.com/files/v2/124566667/xy2/uploader1500000000",
    "vid": "4396314caa204d61f5d070d45248d9981508497077",
}
OPENED = {"session": "8ad1d23f", "slice_size": MIB}
LISTED = {
    "session": "8ad1d23f",
    "slice_size": MIB,
    "filesize": 5 * MIB // 2,
    "sha": SHA,
    "listparts": [{"offset": 0, "datalen": MIB}],
}

INIT = slice_init(ADDRESS, filesize=26585, sha1=SHA, uploadparts=PARTS)
INIT_WITHOUT_SHA = slice_init(ADDRESS, filesize=26585)
LIST = slice_list(ADDRESS)
DATA = slice_data(ADDRESS, session="8ad1d23f", offset=MIB, content=b"bytes", datamd5=MD5)
FINISH = slice_finish(ADDRESS, session="8ad1d23f", filesize=26585, sha1=SHA)


def answer(request: Request, data: object, code: int = 0) -> Answer:
    body = json.dumps({"code": code, "message": "", "request_id": "NTli", "data": data})
    return read_answer(request, 200, {}, body.encode())


def without(data: dict, name: str) -> dict:
    return {key: value for key, value in data.items() if key != name}


@pytest.mark.parametrize("request_", [INIT, LIST, DATA, FINISH], ids=lambda it: it.operation)
def test_each_step_is_a_form_with_a_reusable_signature(request_):
    assert (request_.method, request_.encoding, request_.signing) == (
        "POST",
        "multipart",
        "reusable",
    )
    assert request_.address == ADDRESS


@pytest.mark.parametrize(
    "build",
    [
        slice_list,
        lambda address: slice_init(address, filesize=1),
        lambda address: slice_data(address, session="s", offset=0, content=b""),
        lambda address: slice_finish(address, session="s", filesize=1),
    ],
)
def test_each_step_needs_a_files_path(build):
    with pytest.raises(InputError, match="xy2/2017/"):
        build(FOLDER)


def test_init_sends_the_fields_of_the_document():
    assert INIT.operation == "upload_slice_init"
    assert INIT.fields == (
        ("filesize", "26585"),
        ("slice_size", "1048576"),
        ("sha", SHA),
        ("uploadparts", PARTS),
        ("biz_attr", ""),
        ("insertOnly", "1"),
    )


def test_init_without_sha_sends_neither_sha_nor_parts():
    assert INIT_WITHOUT_SHA.field("sha") is INIT_WITHOUT_SHA.field("uploadparts") is None


def test_init_may_overwrite_and_carry_an_attribute():
    request = slice_init(ADDRESS, filesize=1, overwrite=True, biz_attr="猫")
    assert (request.field("insertOnly"), request.field("biz_attr")) == ("0", "猫")


@pytest.mark.parametrize("slice_size", SLICE_SIZES)
def test_init_takes_the_protocols_sizes(slice_size):
    request = slice_init(ADDRESS, filesize=1, slice_size=slice_size)
    assert request.field("slice_size") == str(slice_size)
    assert slice_size in {524288, 1048576, 2097152, 3145728}


@pytest.mark.parametrize("slice_size", [0, -MIB, 64, 1048575, 4 * MIB, "1048576", 1048576.0, None])
def test_init_takes_no_other_size(slice_size):
    with pytest.raises(InputError, match="slice_size"):
        slice_init(ADDRESS, filesize=1, slice_size=slice_size)


@pytest.mark.parametrize("slice_size", [524288, 2097152, 3145728])
def test_parts_come_in_slices_of_1_mib_only(slice_size):
    with pytest.raises(InputError, match="slice_size must be 1048576 with uploadparts"):
        slice_init(ADDRESS, filesize=1, slice_size=slice_size, sha1=SHA, uploadparts=PARTS)


@pytest.mark.parametrize("given", [{"sha1": SHA}, {"uploadparts": PARTS}])
def test_sha_and_parts_go_together(given):
    with pytest.raises(InputError, match="sha1 and uploadparts"):
        slice_init(ADDRESS, filesize=1, **given)


@pytest.mark.parametrize("filesize", [0, -1, "1", 1.0, True, None])
def test_init_needs_a_size(filesize):
    with pytest.raises(InputError, match="filesize"):
        slice_init(ADDRESS, filesize=filesize)


@pytest.mark.parametrize("sha", ["", "1", SHA + "0", SHA[:-1] + "g", SHA[:-1] + "\n", 7])
def test_a_sha_is_40_hex_digits(sha):
    with pytest.raises(InputError, match="sha"):
        slice_init(ADDRESS, filesize=1, sha1=sha, uploadparts=PARTS)
    with pytest.raises(InputError, match="sha"):
        slice_finish(ADDRESS, session="s", filesize=1, sha1=sha)


def test_a_sha_is_sent_in_lower_case():
    assert slice_finish(ADDRESS, session="s", filesize=1, sha1=SHA.upper()).field("sha") == SHA


def test_init_opens_a_session():
    assert read_slice_init(answer(INIT, OPENED)) == SliceSession("8ad1d23f", MIB, False)


@pytest.mark.parametrize(("serial", "read"), [(1, True), ("1", True), (0, False), ("0", False)])
def test_init_says_whether_slices_go_one_by_one(serial, read):
    data = {**OPENED, "serial_upload": serial}
    assert read_slice_init(answer(INIT, data)).serial_upload is read


@pytest.mark.parametrize("size", [64, 524288, "524288", MAX_ANSWERED_SLICE_SIZE])
def test_the_server_may_answer_another_slice_size(size):
    session = read_slice_init(answer(INIT, {**OPENED, "slice_size": size}))
    assert session.slice_size == int(size)


@pytest.mark.parametrize(
    "size", [0, -64, 63, 1000001, MAX_ANSWERED_SLICE_SIZE + 64, None, True, 1048576.0, "1 MiB", ""]
)
def test_a_slice_size_that_no_upload_can_use_is_an_answer_error(size):
    with pytest.raises(AnswerError, match="slice_size"):
        read_slice_init(answer(INIT, {**OPENED, "slice_size": size}))
    with pytest.raises(AnswerError, match="slice_size"):
        read_slice_list(answer(LIST, {**LISTED, "slice_size": size}))


@pytest.mark.parametrize("session", ["", None, 7])
def test_a_session_is_text(session):
    for read, request, data in (
        (read_slice_init, INIT, OPENED),
        (read_slice_list, LIST, LISTED),
    ):
        with pytest.raises(AnswerError, match="session"):
            read(answer(request, {**data, "session": session}))


def test_init_may_be_an_instant_upload():
    assert read_slice_init(answer(INIT, DONE)) == Uploaded(**DONE)


def test_an_instant_upload_needs_a_sha():
    with pytest.raises(AnswerError, match="session"):
        read_slice_init(answer(INIT_WITHOUT_SHA, DONE))


def test_init_with_nothing_is_an_answer_error():
    with pytest.raises(AnswerError, match="access_url"):
        read_slice_init(answer(INIT, {}))


def test_an_unfinished_upload_is_an_error_of_its_own():
    with pytest.raises(UnfinishedUploadError):
        answer(INIT, {}, code=-4019)


def test_list_sends_op_alone():
    assert LIST.operation == "upload_slice_list"
    assert LIST.fields == ()


def test_list_shows_an_unfinished_upload():
    data = {
        **LISTED,
        "serial_upload": 1,
        "sha": SHA.upper(),
        "listparts": [
            {"offset": str(2 * MIB), "datalen": str(MIB // 2)},
            {"offset": 0, "datalen": MIB},
        ],
    }
    assert read_slice_list(answer(LIST, data)) == UnfinishedUpload(
        session="8ad1d23f",
        slice_size=MIB,
        filesize=5 * MIB // 2,
        sha1=SHA,
        parts=((0, MIB), (2 * MIB, MIB // 2)),
        serial_upload=True,
    )


@pytest.mark.parametrize("data", [{**LISTED, "sha": ""}, without(LISTED, "sha")])
def test_an_unfinished_upload_may_have_no_sha(data):
    assert read_slice_list(answer(LIST, data)).sha1 is None


def test_an_unfinished_upload_may_have_no_part_yet():
    assert read_slice_list(answer(LIST, {**LISTED, "listparts": []})).parts == ()


@pytest.mark.parametrize("name", ["slice_size", "filesize", "listparts"])
def test_what_a_listing_promises_must_be_there(name):
    with pytest.raises(AnswerError, match=name):
        read_slice_list(answer(LIST, without(LISTED, name)))


@pytest.mark.parametrize(
    "parts",
    [
        "none",
        {},
        [None],
        [[0, MIB]],
        [{"offset": 0}],
        [{"datalen": MIB}],
        [{"offset": -1, "datalen": 1}],
        [{"offset": 0, "datalen": 0}],
        [{"offset": 0, "datalen": -1}],
        [{"offset": 0.5, "datalen": 1}],
        [{"offset": 2 * MIB, "datalen": MIB}],
        [{"offset": 0, "datalen": MIB}, {"offset": 0, "datalen": MIB}],
        [{"offset": 0, "datalen": MIB}, {"offset": MIB - 1, "datalen": MIB}],
        [{"offset": 0, "datalen": 2 * MIB}, {"offset": MIB, "datalen": 1}],
    ],
    ids=str,
)
def test_parts_that_cannot_be_are_an_answer_error(parts):
    with pytest.raises(AnswerError, match="listparts"):
        read_slice_list(answer(LIST, {**LISTED, "listparts": parts}))


@pytest.mark.parametrize("sha", ["1", SHA + "0", 7])
def test_a_listed_sha_is_40_hex_digits(sha):
    with pytest.raises(AnswerError, match="sha"):
        read_slice_list(answer(LIST, {**LISTED, "sha": sha}))


def test_list_may_show_a_finished_upload():
    assert read_slice_list(answer(LIST, DONE)) == Uploaded(**DONE)
    alone = {"access_url": DONE["access_url"]}
    assert read_slice_list(answer(LIST, alone)).access_url == DONE["access_url"]


def test_data_sends_the_fields_of_the_document():
    request = slice_data(
        ADDRESS, session="8ad1d23f", offset=MIB, content=b"bytes", sha1=SHA, datamd5=MD5.upper()
    )
    assert request.operation == "upload_slice_data"
    assert request.fields == (
        ("session", "8ad1d23f"),
        ("offset", "1048576"),
        ("sha", SHA),
        ("datamd5", MD5),
    )
    assert request.content == b"bytes"


def test_data_needs_neither_sha_nor_md5():
    request = slice_data(ADDRESS, session="s", offset=0, content=b"bytes")
    assert request.fields == (("session", "s"), ("offset", "0"))


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"session": ""}, "session"),
        ({"session": None}, "session"),
        ({"offset": -1}, "offset"),
        ({"offset": "0"}, "offset"),
        ({"sha1": "1"}, "sha1"),
        ({"datamd5": SHA}, "datamd5"),
    ],
)
def test_data_names_what_is_wrong(changed, named):
    arguments = {"session": "s", "offset": 0, "content": b"bytes", **changed}
    with pytest.raises(InputError, match=named):
        slice_data(ADDRESS, **arguments)


@pytest.mark.parametrize("offset", [MIB, str(MIB)])
@pytest.mark.parametrize("md5", [{}, {"datamd5": MD5}, {"datamd5": MD5.upper()}])
def test_data_is_acknowledged_by_session_and_offset(offset, md5):
    read_slice_data(answer(DATA, {"session": "8ad1d23f", "offset": offset, **md5}))


@pytest.mark.parametrize(
    "changed",
    [
        {"session": "other"},
        {"session": None},
        {"offset": 0},
        {"offset": None},
        {"datamd5": MD5[::-1]},
    ],
    ids=str,
)
def test_an_acknowledgement_of_something_else_is_an_answer_error(changed):
    data = {"session": "8ad1d23f", "offset": MIB, "datamd5": MD5, **changed}
    with pytest.raises(AnswerError):
        read_slice_data(answer(DATA, data))


def test_finish_sends_the_fields_of_the_document():
    assert FINISH.operation == "upload_slice_finish"
    assert FINISH.fields == (("session", "8ad1d23f"), ("filesize", "26585"), ("sha", SHA))
    assert slice_finish(ADDRESS, session="s", filesize=1).field("sha") is None


@pytest.mark.parametrize(
    ("changed", "named"), [({"session": ""}, "session"), ({"filesize": -1}, "filesize")]
)
def test_finish_names_what_is_wrong(changed, named):
    arguments = {"session": "s", "filesize": 1, **changed}
    with pytest.raises(InputError, match=named):
        slice_finish(ADDRESS, **arguments)


def test_finish_says_where_the_file_is():
    assert read_slice_finish(answer(FINISH, DONE)) == Uploaded(**DONE)


@pytest.mark.parametrize("name", ["source_url", "resource_path", "vid"])
def test_finish_may_leave_out_the_rest(name):
    assert getattr(read_slice_finish(answer(FINISH, without(DONE, name))), name) == ""


@pytest.mark.parametrize("name", ["access_url", "url"])
def test_finish_promises_both_addresses(name):
    with pytest.raises(AnswerError, match=name):
        read_slice_finish(answer(FINISH, without(DONE, name)))
