"""PDS as it is on the wire: what the local server takes, refuses, and says."""

from __future__ import annotations

import hashlib
import re
import struct

import pytest
import requests
from worked_values import content

import cosfast
from cosfast.emulator import Emulator
from cosfast.emulator.settings import Limits

PART = 1024
DATA = content(5 * PART + 77)
SHA1 = hashlib.sha1(DATA).hexdigest().upper()
TOKEN = "a-token"

both = pytest.mark.parametrize("algorithm", ["sha1", "sha256"])


def hash_fields(algorithm):
    """Return the fields that announce the hash of `DATA`."""
    return {
        "content_hash": hashlib.new(algorithm, DATA).hexdigest().upper(),
        "content_hash_name": algorithm,
    }


class Clock:
    """A clock, in seconds since 1970, that a test moves."""

    def __init__(self):
        self.ahead = 0.0

    def __call__(self):
        import time

        return time.time() + self.ahead


@pytest.fixture
def clock(monkeypatch):
    from cosfast.emulator import server

    ticking = Clock()
    context = server.Context
    monkeypatch.setattr(server, "Context", lambda *given: context(*given, clock=ticking))
    return ticking


@pytest.fixture
def server(request, clock):
    options = getattr(request, "param", {})
    with Emulator(token=TOKEN, limits=Limits(pds_part_size=64), **options) as running:
        yield running


class Api:
    def __init__(self, endpoint):
        self._endpoint = endpoint
        self._session = requests.Session()

    def call(self, operation, *, headers=None, **fields):
        given = {"Authorization": f"Bearer {TOKEN}"} if headers is None else headers
        fields = {"drive_id": "1", **fields}
        url = f"{self._endpoint}/v2/file/{operation}"
        return self._session.post(url, json=fields, headers=given, timeout=30)

    def ok(self, operation, **fields):
        answer = self.call(operation, **fields)
        assert answer.status_code < 300, answer.text
        return answer.json() if answer.content else None

    def refused(self, operation, **fields):
        answer = self.call(operation, **fields)
        told = answer.json()
        assert set(told) == {"code", "message"}
        assert answer.headers["x-ca-request-id"]
        return answer.status_code, told["code"]

    def create(self, *, parallel=True, algorithm="sha1", **fields):
        given = {
            "parent_file_id": "root",
            "name": "a.bin",
            "type": "file",
            "size": len(DATA),
            "parallel_upload": parallel,
            "part_info_list": parts(parallel=parallel, algorithm=algorithm),
        }
        return self.ok("create", **{**given, **fields})


@pytest.fixture
def api(server):
    return Api(server.endpoint)


def parts(numbers=None, *, parallel=True, algorithm="sha1"):
    contexts = cosfast.uploadparts(DATA, slice_size=PART, algorithm=algorithm).contexts()
    listed = [
        {"part_number": number, f"parallel_{algorithm}_ctx": context}
        if parallel
        else {"part_number": number}
        for number, context in enumerate(contexts, 1)
    ]
    return [each for each in listed if numbers is None or each["part_number"] in numbers]


def urls(created):
    return {part["part_number"]: part["upload_url"] for part in created["part_info_list"]}


def names(created):
    return {"file_id": created["file_id"], "upload_id": created["upload_id"]}


def put(url, number, data=None, **headers):
    data = DATA[(number - 1) * PART : number * PART] if data is None else data
    return requests.put(url, data=data, headers=headers, timeout=30)


def told(answer):
    return answer.status_code, re.search("<Code>(.*?)</Code>", answer.text)[1]


@both
def test_parts_in_any_order(api, algorithm):
    announced = hash_fields(algorithm)
    lower = {name: value.lower() for name, value in announced.items()}
    created = api.create(algorithm=algorithm, **lower, unknown={"a": 1})
    assert all(part["internal_upload_url"] for part in created["part_info_list"])
    for number in (6, 1, 5, 2, 4, 3):
        answer = put(urls(created)[number], number)
        assert answer.status_code == 200
        data = DATA[(number - 1) * PART : number * PART]
        assert answer.headers["ETag"] == f'"{hashlib.md5(data).hexdigest().upper()}"'
        assert told(put(urls(created)[number], number)) == (409, "PartAlreadyExist")
    done = api.ok("complete", **names(created))
    assert {name: done[name] for name in announced} == announced
    assert (done["size"], done["status"]) == (len(DATA), "available")
    assert api.create(part_info_list=None, **announced)["rapid_upload"]
    other = hash_fields("sha256" if algorithm == "sha1" else "sha1")
    assert not api.create(part_info_list=None, **other)["rapid_upload"]


@both
@pytest.mark.parametrize("number", range(1, 7))
def test_a_part_that_differs_is_named_when_it_comes(api, number, algorithm):
    created = api.create(algorithm=algorithm, **hash_fields(algorithm))
    wrong = bytearray(DATA[(number - 1) * PART : number * PART])
    wrong[0] ^= 1
    answer = put(urls(created)[number], number, bytes(wrong))
    assert told(answer) == (400, "PartHashNotMatch")
    assert f"part {number} " in answer.text
    assert put(urls(created)[number], number).status_code == 200


@both
def test_a_part_whose_follower_is_not_known_yet_is_checked_at_the_end(api, algorithm):
    announced = hash_fields(algorithm)
    created = api.create(part_info_list=parts({1, 2}, algorithm=algorithm), **announced)
    wrong = bytes(PART)
    assert put(urls(created)[1], 1).status_code == 200
    assert put(urls(created)[2], 2, wrong).status_code == 200
    listed = parts({3, 4, 5, 6}, algorithm=algorithm)
    more = api.ok("get_upload_url", **names(created), part_info_list=listed)
    for number in range(3, 7):
        assert put(urls(more)[number], number).status_code == 200
    refused = api.call("complete", **names(created))
    assert refused.json()["code"] == "PartHashNotMatch"
    assert "part 2 " in refused.json()["message"]
    listed = parts({2}, algorithm=algorithm)
    again = api.ok("get_upload_url", **names(created), part_info_list=listed)
    assert put(urls(again)[2], 2).status_code == 200
    assert api.ok("complete", **names(created))["content_hash"] == announced["content_hash"]


@both
def test_wrong_contexts_are_found(api, algorithm):
    listed = parts(algorithm=algorithm)
    listed[3][f"parallel_{algorithm}_ctx"]["h"][2] ^= 1
    created = api.create(part_info_list=listed, **hash_fields(algorithm))
    assert told(put(urls(created)[3], 3)) == (400, "PartHashNotMatch")
    assert told(put(urls(created)[4], 4)) == (400, "PartHashNotMatch")


def test_a_context_is_bound_to_its_url(api):
    created = api.create()
    other = urls(created)[2].replace("Expires=", "Expires=1")
    assert told(put(other, 2)) == (403, "SignatureDoesNotMatch")
    first, second = urls(created)[1], urls(created)[2]
    link = re.search("link=[^&]*", second)[0]
    mixed = re.sub("link=[^&]*", lambda _: link, first)
    assert told(put(mixed, 1)) == (403, "SignatureDoesNotMatch")


def test_the_content_type_is_that_of_create(api):
    created = api.create(content_type="video/mp4")
    url = urls(created)[1]
    assert created["part_info_list"][0]["content_type"] == "video/mp4"
    assert told(put(url, 1)) == (403, "SignatureDoesNotMatch")
    assert told(put(url, 1, **{"Content-Type": "text/plain"})) == (403, "SignatureDoesNotMatch")
    assert put(url, 1, **{"Content-Type": "video/mp4"}).status_code == 200
    plain = api.create(name="b")
    assert told(put(urls(plain)[1], 1, **{"Content-Type": "x/y"})) == (403, "SignatureDoesNotMatch")
    assert put(urls(plain)[1], 1, **{"Content-Type": ""}).status_code == 200


def test_urls_expire(api, clock):
    created = api.create()
    clock.ahead = 15 * 60 + 1
    refused = put(urls(created)[1], 1)
    assert told(refused) == (403, "AccessDenied")
    assert "expired" in refused.text
    fresh = api.ok("get_upload_url", **names(created), part_info_list=parts({1}))
    assert put(urls(fresh)[1], 1).status_code == 200


def test_unfinished_uploads_are_kept_for_ten_days(api, clock):
    created = api.create()
    clock.ahead = 10 * 24 * 3600 - 60
    assert api.ok("list_uploaded_parts", **names(created))["uploaded_parts"] == []
    clock.ahead = 10 * 24 * 3600 + 60
    assert api.refused("list_uploaded_parts", **names(created)) == (404, "NotFound.UploadId")
    assert api.refused("complete", **names(created)) == (404, "NotFound.UploadId")


@both
def test_parts_in_turn(api, algorithm):
    created = api.create(parallel=False, **hash_fields(algorithm))
    assert told(put(urls(created)[2], 2)) == (400, "PartNotSequential")
    for number in range(1, 7):
        assert put(urls(created)[number], number).status_code == 200
    listed = api.ok("list_uploaded_parts", **names(created))
    assert listed["parallel_upload"] is False
    assert [part["part_size"] for part in listed["uploaded_parts"]] == [PART] * 5 + [77]
    done = api.ok("complete", **names(created))
    assert done["content_hash"] == hash_fields(algorithm)["content_hash"]


@both
def test_parts_in_turn_that_do_not_have_the_hash(api, algorithm):
    wrong = "0" * len(hash_fields(algorithm)["content_hash"])
    created = api.create(parallel=False, content_hash=wrong, content_hash_name=algorithm)
    for number in range(1, 7):
        put(urls(created)[number], number)
    assert api.refused("complete", **names(created)) == (400, "ContentHashNotMatch")


@pytest.mark.parametrize("server", [{"pds_parallel_upload": False}], indirect=True)
def test_a_domain_without_parallel_upload(api):
    given = {"parent_file_id": "root", "name": "a", "size": 1, "parallel_upload": True}
    assert api.refused("create", **given) == (
        400,
        "InvalidParameterNotSupported.ParallelUpload",
    )


def test_complete_with_a_list(api):
    created = api.create()
    etags = [put(urls(created)[n], n).headers["ETag"] for n in range(1, 7)]
    listed = [{"part_number": n, "etag": etag} for n, etag in enumerate(etags, 1)]
    wrong = [*listed[:5], {"part_number": 6, "etag": etags[0]}]
    for refused in (listed[:5], wrong):
        answer = api.refused("complete", **names(created), part_info_list=refused)
        assert answer == (400, "InvalidPart")
    assert api.ok("complete", **names(created), part_info_list=listed)["content_hash"] == SHA1


def test_complete_without_all_parts(api):
    created = api.create()
    for number in (1, 2, 4):
        put(urls(created)[number], number)
    answer = api.call("complete", **names(created))
    assert (answer.status_code, answer.json()["code"]) == (400, "InvalidPart")
    assert "part 3 " in answer.json()["message"]


def test_what_comes_after_the_end(api):
    created = api.create()
    for number in range(1, 7):
        put(urls(created)[number], number)
    api.ok("complete", **names(created))
    assert told(put(urls(created)[1], 1)) == (404, "NoSuchUpload")
    assert "does not exist" in put(urls(created)[1], 1).text
    assert api.refused("get_upload_url", **names(created), part_info_list=parts({1})) == (
        409,
        "AlreadyExist.File",
    )
    assert api.refused("list_uploaded_parts", **names(created)) == (404, "NotFound.UploadId")


def test_sizes_of_parts(api):
    created = api.create()
    assert told(put(urls(created)[2], 2, DATA[:100])) == (400, "InvalidPartSize")
    assert told(put(urls(created)[6], 6, bytes(78))) == (400, "EntityTooLarge")
    assert told(put(urls(created)[1], 1, b"x")) == (400, "EntityTooSmall")


def test_the_smallest_part_is_that_of_the_service():
    with Emulator(token=TOKEN) as server:
        created = Api(server.endpoint).create()
        assert told(put(urls(created)[1], 1)) == (400, "EntityTooSmall")


def test_pre_hash(api):
    beginning = hashlib.sha1(DATA[:1024]).hexdigest()
    created = api.create(pre_hash=beginning)
    for number in range(1, 7):
        put(urls(created)[number], number)
    api.ok("complete", **names(created))
    given = {"parent_file_id": "root", "name": "b", "size": len(DATA), "pre_hash": beginning}
    assert api.refused("create", **given) == (409, "PreHashMatched")
    assert api.ok("create", **{**given, "size": len(DATA) + 1})["upload_id"]
    assert api.ok("create", **{**given, "content_hash": SHA1})["rapid_upload"]


def test_content_that_came_by_another_service(api, server):
    credentials = cosfast.Credentials("1250000000", "local-secret-id", "local-secret-key")
    with cosfast.Client(credentials, endpoint=server.endpoint, journal=None) as client:
        client.upload(DATA, "bucket", "file")
    created = api.create(content_hash=SHA1, part_info_list=None)
    assert created["rapid_upload"]
    assert api.ok("get", file_id=created["file_id"])["content_hash"] == SHA1


@both
def test_restarts_keep_uploads_and_urls(tmp_path, algorithm):
    options = {"token": TOKEN, "limits": Limits(pds_part_size=64)}
    with Emulator(tmp_path / "root", **options) as first:
        created = Api(first.endpoint).create(algorithm=algorithm, content_hash_name=algorithm)
        put(urls(created)[1], 1)
        port = int(first.endpoint.rpartition(":")[2])
    with Emulator(tmp_path / "root", port=port, **options) as second:
        for number in range(2, 7):
            assert put(urls(created)[number], number).status_code == 200
        done = Api(second.endpoint).ok("complete", **names(created))
        assert done["content_hash"] == hash_fields(algorithm)["content_hash"]


def test_downloads(api):
    created = api.create()
    for number in range(1, 7):
        put(urls(created)[number], number)
    file = api.ok("complete", **names(created))["file_id"]
    link = api.ok("get_download_url", file_id=file, expire_sec=600)
    assert (link["size"], link["content_hash"]) == (len(DATA), SHA1)
    ranged = requests.get(link["url"], headers={"Range": "bytes=10-19"}, timeout=30)
    assert (ranged.status_code, ranged.content) == (206, DATA[10:20])
    assert told(put(link["url"], 1)) == (403, "SignatureDoesNotMatch")
    assert told(requests.get(urls(created)[1], timeout=30)) == (403, "SignatureDoesNotMatch")
    api.ok("delete", file_id=file)
    assert told(requests.get(link["url"], timeout=30)) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}]
)
def test_tokens(api, headers):
    assert api.call("get", headers=headers, file_id="root").json()["code"] == "AccessTokenInvalid"
    assert api.call("get", headers={"x-share-token": TOKEN}, file_id="root").status_code == 200


BAD = [
    ({"size": -1}, "InvalidParameter.Size"),
    ({"size": 1.5}, "InvalidParameter.Size"),
    ({"size": None}, "InvalidParameter.Size"),
    ({"size": 10**30}, "InvalidParameter.Size"),
    ({"name": "a/b"}, "InvalidParameter.Name"),
    ({"name": ""}, "InvalidParameter.Name"),
    ({"name": "\ud800"}, "InvalidParameter.Name"),
    ({"name": "a" * 1025}, "InvalidParameter.Name"),
    ({"parent_file_id": "nothing"}, "NotFound.File"),
    ({"type": "link"}, "InvalidParameter.Type"),
    ({"check_name_mode": "x"}, "InvalidParameter.CheckNameMode"),
    ({"content_hash": "xyz"}, "InvalidParameter.ContentHash"),
    ({"content_hash_name": "md5"}, "InvalidParameterNotSupported.ContentHashName"),
    ({"parallel_upload": "yes"}, "InvalidParameter.ParallelUpload"),
    ({"part_info_list": {}}, "InvalidParameter.PartInfoList"),
    ({"part_info_list": [1]}, "InvalidParameter.PartInfoList"),
    ({"part_info_list": [{"part_number": 0}]}, "InvalidParameter.PartNumber"),
    ({"part_info_list": [{"part_number": 2}]}, "InvalidParameter.PartInfoList"),
    (
        {"part_info_list": [{"part_number": 2, "parallel_sha1_ctx": {"h": [1] * 5}}]},
        "InvalidParameter.ParallelSha1Ctx",
    ),
    *(
        (
            {
                "content_hash_name": algorithm,
                "part_info_list": [{"part_number": 2, f"parallel_{algorithm}_ctx": context}],
            },
            f"InvalidParameter.Parallel{algorithm.capitalize()}Ctx",
        )
        for algorithm, words, others in (("sha1", 5, 8), ("sha256", 8, 5))
        for context in (
            {"h": [], "part_offset": 64},
            {"h": [1] * words, "part_offset": 63},
            {"h": [2**32] * words, "part_offset": 64},
            {"h": [1] * others, "part_offset": 64},
            {"h": "x", "part_offset": 64},
            [],
        )
    ),
    (  # contexts of another hash than the file's
        {
            "part_info_list": [
                {"part_number": 2, "parallel_sha256_ctx": {"h": [], "part_offset": 0}}
            ]
        },
        "InvalidParameter.PartInfoList",
    ),
    ({"content_hash": "0" * 40, "content_hash_name": "sha256"}, "InvalidParameter.ContentHash"),
]


@pytest.mark.parametrize(("fields", "code"), BAD)
def test_what_makes_no_sense_is_refused_by_name(api, fields, code):
    given = {"parent_file_id": "root", "name": "a", "size": len(DATA), "parallel_upload": True}
    assert api.refused("create", **{**given, **fields})[1] == code


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"size": 1e999}'])
def test_bodies_that_are_no_objects(server, body):
    answer = requests.post(
        f"{server.endpoint}/v2/file/create",
        data=body,
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=30,
    )
    assert answer.status_code == 400
    assert answer.json()["code"].startswith("InvalidParameter")


def test_other_paths_and_methods(server):
    for method, path, status in (
        ("GET", "/v2/file/get", 405),
        ("POST", "/v2/file/nothing", 404),
        ("POST", "/v2/user/get", 404),
        ("POST", "/pds-content/1/2", 405),
        ("GET", "/pds-content/1/2", 403),
        ("PUT", "/pds-content/1/2?Signature=%FF&Expires=9999999999&link=x", 403),
    ):
        answer = requests.request(method, server.endpoint + path, timeout=30)
        assert answer.status_code == status, (method, path, answer.text)


def test_a_list_is_paged_and_its_markers_are_checked(api):
    for number in range(7):
        api.ok("create", parent_file_id="root", name=f"{number}", type="folder")
    first = api.ok("list", parent_file_id="root", limit=5)
    second = api.ok("list", parent_file_id="root", limit=5, marker=first["next_marker"])
    found = [item["name"] for item in first["items"] + second["items"]]
    assert found == [str(number) for number in range(7)]
    for marker in ("x", "bm90IGpzb24=", "W10=", struct.pack("<Q", 1).hex()):
        assert api.refused("list", marker=marker) == (400, "InvalidParameter.Marker")
