"""Single operations on files and folders (PROTOCOL.md, section 5)."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime

import pytest

from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.messages import Answer, Request, read_answer
from cosfast.cosv4.protocol.stats import Authority
from cosfast.errors import AnswerError, InputError
from cosfast.transfer.ranges import check_range

FILE = ObjectAddress("1250000001", "photos", "2017/a.jpg")
FOLDER = ObjectAddress("1250000001", "photos", "2017/")
ROOT = ObjectAddress("1250000001", "photos", "/")
SHA = "da39a3ee5e6b4b0d3255bfef95601890afd80709"
URL = "http://photos-1250000001.cosgz.myqcloud.com/2017/a.jpg"
FILE_DATA = {
    "name": "a.jpg",
    "filesize": 10,
    "filelen": "10",
    "sha": SHA.upper(),
    "ctime": 1505201805,
    "mtime": "1505201806",
    "biz_attr": "",
    "authority": "eInvalid",
    "access_url": "http://photos-1250000001.file.myqcloud.com/2017/a.jpg",
    "source_url": URL,
}
FOLDER_DATA = {"name": "2017", "ctime": 1505201805, "mtime": 1505201806, "biz_attr": "summer"}


def answer(request: Request, data: object) -> Answer:
    return read_answer(request, 200, {}, json.dumps({"code": 0, "data": data}).encode())


def test_upload_sends_the_fields_of_the_document():
    request = objects.upload(FILE, b"content", sha1=SHA.upper(), biz_attr="x", overwrite=True)
    assert (request.operation, request.method) == ("upload", "POST")
    assert (request.signing, request.encoding) == ("reusable", "multipart")
    assert request.fields == (("sha", SHA), ("biz_attr", "x"), ("insertOnly", "0"))
    assert bytes(request.content) == b"content"


def test_upload_keeps_what_exists_unless_told():
    request = objects.upload(FILE, b"")
    assert request.fields == (("biz_attr", ""), ("insertOnly", "1"))
    assert request.content is not None


def test_upload_takes_up_to_20_mib():
    content = bytes(objects.MAX_UPLOAD_SIZE + 1)
    assert objects.MAX_UPLOAD_SIZE == 20 * 2**20
    assert len(objects.upload(FILE, memoryview(content)[1:]).content) == 20 * 2**20
    with pytest.raises(InputError, match=r"photos/2017/a\.jpg.*slices"):
        objects.upload(FILE, content)


@pytest.mark.parametrize(
    ("address", "content", "sha", "named"),
    [
        (FOLDER, b"", None, "folder"),
        (FILE, "text", None, "content"),
        (FILE, b"", "1", "sha"),
    ],
)
def test_upload_names_what_is_wrong(address, content, sha, named):
    with pytest.raises(InputError, match=named):
        objects.upload(address, content, sha1=sha)


def test_upload_ends_with_addresses():
    data = {"access_url": "http://cdn/a", "url": "http://api/a", "source_url": "http://cos/a"}
    uploaded = objects.read_upload(answer(objects.upload(FILE, b""), data))
    assert (uploaded.access_url, uploaded.url, uploaded.vid) == ("http://cdn/a", "http://api/a", "")
    with pytest.raises(AnswerError, match="access_url"):
        objects.read_upload(answer(objects.upload(FILE, b""), {}))


@pytest.mark.parametrize("address", [FILE, FOLDER, ROOT])
def test_stat_is_a_query(address):
    request = objects.stat(address)
    assert (request.method, request.signing) == ("GET", "reusable")
    assert request.url("http://host") == f"http://host{address.url_path}?op=stat"


def test_stat_of_a_file():
    found = objects.read_stat(answer(objects.stat(FILE), FILE_DATA))
    assert not found.is_folder
    assert (found.name, found.filesize, found.filelen, found.sha1) == ("a.jpg", 10, 10, SHA)
    assert found.ctime == datetime(2017, 9, 12, 7, 36, 45, tzinfo=UTC)
    assert (found.mtime - found.ctime).total_seconds() == 1
    assert found.authority is Authority.BUCKET_DEFAULT
    assert (found.path, found.source_url, found.headers) == ("/2017/a.jpg", URL, {})


def test_a_stat_tells_the_headers_and_hides_what_it_does_not_know():
    more = {"custom_headers": {"Cache-Control": "no-cache", "odd": 1}, "authority": "eNew"}
    found = objects.read_stat(answer(objects.stat(FILE), {**FILE_DATA, **more}))
    assert (found.headers, found.authority) == ({"Cache-Control": "no-cache"}, None)
    assert hash(found) == hash(pickle.loads(pickle.dumps(found)))


@pytest.mark.parametrize("address", [FOLDER, ROOT])
def test_stat_of_a_folder(address):
    found = objects.read_stat(answer(objects.stat(address), FOLDER_DATA))
    assert found.is_folder
    assert (found.name, found.biz_attr) == ("2017", "summer")
    assert (found.filesize, found.sha1, found.access_url) == (None, None, None)


def test_a_file_may_have_no_sha():
    data = {**FILE_DATA, "sha": ""}
    assert objects.read_stat(answer(objects.stat(FILE), data)).sha1 is None


@pytest.mark.parametrize(
    "changed",
    [
        {"filesize": None},
        {"filesize": -1},
        {"filelen": "many"},
        {"sha": "1"},
        {"ctime": None},
        {"mtime": "yesterday"},
        {"mtime": 10**18},
        {"access_url": None},
        {"source_url": 7},
        {"biz_attr": []},
    ],
    ids=str,
)
def test_a_stat_that_breaks_its_promise_is_an_answer_error(changed):
    (name,) = changed
    with pytest.raises(AnswerError, match=name):
        objects.read_stat(answer(objects.stat(FILE), {**FILE_DATA, **changed}))


def test_create_folder_is_json():
    request = objects.create_folder(FOLDER, biz_attr="summer")
    assert (request.method, request.signing) == ("POST", "reusable")
    assert json.loads(b"".join(request.encode())) == {"op": "create", "biz_attr": "summer"}
    assert request.url("http://host").endswith("/photos/2017/")


@pytest.mark.parametrize("address", [FILE, ROOT])
def test_create_folder_needs_a_folder(address):
    with pytest.raises(InputError):
        objects.create_folder(address)


@pytest.mark.parametrize("address", [FILE, FOLDER])
def test_delete_is_signed_for_once(address):
    request = objects.delete(address)
    assert (request.method, request.signing) == ("POST", "once")
    assert json.loads(b"".join(request.encode())) == {"op": "delete"}


def test_the_root_is_not_deleted():
    with pytest.raises(InputError, match="root"):
        objects.delete(ROOT)


@pytest.mark.parametrize(
    ("start", "length", "headers"),
    [
        (0, None, ()),
        (5, None, (("Range", "bytes=5-"),)),
        (0, 1, (("Range", "bytes=0-0"),)),
        (5, 10, (("Range", "bytes=5-14"),)),
    ],
)
def test_download_asks_for_a_range(start, length, headers):
    request = objects.download(FILE, URL, start=start, length=length)
    assert (request.method, request.signing, request.encode()) == ("GET", "download", None)
    assert request.url("http://other") == URL
    assert request.headers == headers


@pytest.mark.parametrize(
    ("address", "location", "more", "named"),
    [
        (FOLDER, URL, {}, "folder"),
        (FILE, URL, {"start": -1}, "start"),
        (FILE, URL, {"start": 1.5}, "start"),
        (FILE, URL, {"length": 0}, "length"),
        (FILE, "ftp://host/a.jpg", {}, "URL"),
        (FILE, URL + "?sign=abc", {}, "URL"),
        (FILE, "", {}, "URL"),
    ],
)
def test_download_names_what_is_wrong(address, location, more, named):
    with pytest.raises(InputError, match=named) as refused:
        objects.download(address, location, **more)
    assert "sign=" not in str(refused.value)


def check(request, status, headers, **more):
    check_range(request, status, headers, wanted=dict(request.headers).get("Range", ""), **more)


@pytest.mark.parametrize(
    ("start", "length", "status", "given"),
    [
        (0, None, 200, None),
        (5, None, 206, "bytes 5-9/10"),
        (5, 2, 206, "bytes 5-6/10"),
        (5, 100, 206, "bytes 5-9/10"),
    ],
)
def test_the_range_that_was_asked_for_is_taken(start, length, status, given):
    request = objects.download(FILE, URL, start=start, length=length)
    check(request, status, {"content-range": given} if given else {})


@pytest.mark.parametrize(
    ("start", "length", "status", "given"),
    [
        (0, None, 206, "bytes 0-4/10"),
        (0, None, 204, None),
        (5, None, 200, None),
        (5, None, 206, None),
        (5, None, 206, "bytes 0-9/10"),
        (5, None, 206, "bytes 5-8/10"),
        (5, 2, 206, "bytes 5-9/10"),
        (5, 2, 206, "bytes 5-5/10"),
        (5, 2, 206, "bytes 5-6/*"),
        (5, 2, 206, "pages 5-6/10"),
    ],
)
def test_any_other_range_is_an_answer_error(start, length, status, given):
    request = objects.download(FILE, URL, start=start, length=length)
    with pytest.raises(AnswerError, match="was requested"):
        check(request, status, {"content-range": given} if given else {})


@pytest.mark.parametrize(
    ("headers", "filesize"),
    [
        ({"Content-Range": "bytes 5-6/10", "Content-Length": "3"}, 10),
        ({"Content-Range": "bytes 5-6/10", "Content-Length": "1"}, 10),
        ({"Content-Range": "bytes 5-6/11", "Content-Length": "2"}, 10),
    ],
)
def test_a_range_of_another_length_or_file_is_an_answer_error(headers, filesize):
    request = objects.download(FILE, URL, start=5, length=2)
    with pytest.raises(AnswerError, match="was requested"):
        check(request, 206, headers, filesize=filesize)
