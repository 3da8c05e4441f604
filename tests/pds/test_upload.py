"""Uploads to PDS: parts in any order, instant, resumed, in order, and what may go wrong."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import threading
import time
from pathlib import Path

import pytest
from pds.servers import DRIVE, PART, connect, start_emulator
from worked_values import content

import cosfast
from cosfast import pds
from cosfast.emulator import faults
from cosfast.transfer.journal import FileIdentity

DATA = content(20 * PART + 123)
VECTOR = json.loads((Path(__file__).parents[1] / "vectors" / "contexts.json").read_text("ascii"))[
    "pds"
]
VECTOR_CONTENT = "\n".join(f"test-{number}" for number in range(100)).encode()

OTHERS = {"sha1": "sha256", "sha256": "sha1"}


def digest_of(data, algorithm):
    return hashlib.new(algorithm, data).hexdigest()


def stored(client, file_id):
    received = io.BytesIO()
    client.download(file_id, received)
    return received.getvalue()


@pytest.fixture
def recorded(monkeypatch):
    """Collect the operations that clients of this process ask for, and their fields."""
    from cosfast.pds.service import PdsService

    asked = []
    encode = PdsService.encode

    def collect(self, request):
        asked.append(request)
        return encode(self, request)

    monkeypatch.setattr(PdsService, "encode", collect)
    return asked


def test_the_vendors_vector(client, recorded, algorithm):
    result = client.upload(VECTOR_CONTENT, name="vector", part_size=128, algorithm=algorithm)
    known = {algorithm: VECTOR[algorithm].lower(), OTHERS[algorithm]: ""}
    assert (result.sha1, result.sha256, result.size) == (known["sha1"], known["sha256"], 789)
    assert stored(client, result.file_id) == VECTOR_CONTENT
    created = next(request for request in recorded if request.operation == "create")
    parts, context = created.fields["part_info_list"], f"parallel_{algorithm}_ctx"
    assert len(parts) == 7
    assert parts[0] == {"part_number": 1, context: {"h": [], "part_offset": 0}}
    assert parts[6] == {"part_number": 7, context: VECTOR[context]}
    assert created.fields["content_hash"] == VECTOR[algorithm]
    assert created.fields["content_hash_name"] == algorithm


def test_parts_arrive_and_the_file_is_found_in_its_folder(client, tmp_path, algorithm):
    path = tmp_path / "holiday photos.zip"
    path.write_bytes(DATA)
    folder = client.create_folder("of mine")
    seen, hashed, digest = [], [], digest_of(DATA, algorithm)
    result = client.upload(
        path,
        parent_file_id=folder.file_id,
        part_size=PART,
        content_type="application/zip",
        progress=seen.append,
        hash_progress=hashed.append,
        algorithm=algorithm,
    )
    assert result == pds.UploadResult(
        result.file_id, path.name, len(DATA), algorithm, digest, False, len(DATA), 0
    )
    assert sum(seen) == sum(hashed) == len(DATA)
    (listed,) = client.list(folder.file_id)
    assert (listed.file_id, listed.name, listed.size) == (result.file_id, path.name, len(DATA))
    known = {algorithm: digest}
    assert (listed.sha1, listed.sha256) == (known.get("sha1"), known.get("sha256"))
    assert not listed.is_folder
    assert stored(client, result.file_id) == DATA


@pytest.mark.parametrize("size", [0, 1, 63, 64, PART, PART + 1, 2 * PART])
def test_any_length(client, size, algorithm):
    data = content(size)
    result = client.upload(data, name="file", part_size=PART, algorithm=algorithm)
    assert stored(client, result.file_id) == data


def test_a_part_size_that_is_not_round(client):
    result = client.upload(DATA, name="file", part_size=64 * 101)
    assert stored(client, result.file_id) == DATA


def test_the_usual_part_size_takes_its_contexts_from_a_finer_list(client, monkeypatch, algorithm):
    monkeypatch.setattr("cosfast.pds.options.DEFAULT_PART_SIZE", 2 * 1024 * 1024)
    data = content(5 * 1024 * 1024 + 1)
    result = client.upload(data, name="file", algorithm=algorithm)
    assert stored(client, result.file_id) == data


def test_known_content_is_not_sent(client, algorithm):
    first = client.upload(DATA, name="first", part_size=PART, algorithm=algorithm)
    second = client.upload(DATA, name="second", part_size=PART, algorithm=algorithm)
    assert (second.instant, second.sent_bytes) == (True, 0)
    assert second.file_id != first.file_id
    assert stored(client, second.file_id) == DATA


def test_a_pipe_and_an_open_file(client, tmp_path, algorithm):
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(DATA))
    with gzip.open(path) as opened:
        result = client.upload(opened, name="unzipped", part_size=PART, algorithm=algorithm)
    assert stored(client, result.file_id) == DATA
    data = content(3 * PART)
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb") as end:
            end.write(data)

    thread = threading.Thread(target=write)
    thread.start()
    with os.fdopen(reading, "rb") as pipe:
        result = client.upload(pipe, name="piped", part_size=PART, algorithm=algorithm)
    thread.join()
    assert stored(client, result.file_id) == data


def test_what_a_taken_name_leads_to(client):
    first = client.upload(b"one", name="a.txt")
    with pytest.raises(pds.ExistsError, match=r"a\.txt.*auto_rename") as refused:
        client.upload(b"two", name="a.txt", check_name_mode="refuse")
    assert refused.value.file_id == first.file_id
    assert refused.value.code == "AlreadyExist.File"
    renamed = client.upload(b"two", name="a.txt", check_name_mode="auto_rename")
    assert renamed.name == "a (1).txt"
    assert client.upload(b"three", name="a.txt").name == "a.txt"
    assert sorted(entry.name for entry in client.list()) == ["a (1).txt", "a.txt", "a.txt"]


def test_a_domain_without_parallel_upload_gets_parts_in_order(recorded, algorithm):
    with start_emulator(pds_parallel_upload=False) as server, connect(server) as client:
        result = client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
        assert stored(client, result.file_id) == DATA
    sent = [request.target for request in recorded if request.operation == "put_part"]
    assert sent == [f"pds://{DRIVE}/root/file part {number}" for number in range(1, 22)]


def test_a_domain_that_forgets_to_say_so_gets_them_in_order_after_its_refusal(
    client, server, algorithm
):
    server.faults.add("pds.put_part", faults.Refusal("PartNotSequential"))
    result = client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
    assert stored(client, result.file_id) == DATA


def test_urls_are_fetched_in_batches_and_again_when_they_expire(
    client, server, recorded, algorithm
):
    server.faults.add("pds.put_part", faults.Refusal("AccessDenied"), times=3)
    data = content(120 * PART)
    result = client.upload(data, name="file", part_size=PART, algorithm=algorithm)
    assert stored(client, result.file_id) == data
    asked = [request for request in recorded if request.operation == "get_upload_url"]
    assert all(len(request.fields["part_info_list"]) <= 50 for request in asked)
    assert all(
        f"parallel_{algorithm}_ctx" in part
        for request in asked
        for part in request.fields["part_info_list"]
    )


def test_urls_that_will_have_expired_are_not_used(monkeypatch):
    monkeypatch.setattr("cosfast.pds.urls.UPLOAD_URL_SECONDS", 0)
    with start_emulator(limits={"pds_url_lifetime": 1.0}) as server, connect(server) as client:
        result = client.upload(DATA, name="file", part_size=PART, max_rate=20 * PART)
        assert stored(client, result.file_id) == DATA


@pytest.mark.parametrize("code", ["AccessTokenInvalid", "AccessTokenExpired", "TokenExpired"])
def test_an_expired_token_is_replaced(server, code):
    given = []

    def token():
        given.append(1)
        return "token-that-must-not-show" if len(given) != 2 else "wrong"

    server.faults.add("pds.complete", faults.Refusal(code))
    with connect(server, token=token) as client:
        result = client.upload(DATA, name="file", part_size=PART)
        assert stored(client, result.file_id) == DATA
    assert len(given) == 3  # the second one was wrong
    with connect(server, token="wrong") as client, pytest.raises(pds.TokenError) as refused:
        client.get(result.file_id)
    assert (refused.value.code, refused.value.http_status) == ("AccessTokenInvalid", 401)
    assert refused.value.request_id


def test_a_part_that_is_there_is_no_failure(client, server, algorithm):
    server.faults.add("pds.put_part", faults.LostAnswer(), times=3)
    result = client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
    assert stored(client, result.file_id) == DATA


def test_a_lost_answer_of_complete_is_looked_up(client, server, algorithm):
    server.faults.add("pds.complete", faults.LostAnswer())
    result = client.upload(
        DATA, name="file", part_size=PART, check_name_mode="refuse", algorithm=algorithm
    )
    assert not result.instant
    assert stored(client, result.file_id) == DATA
    assert len(list(client.list())) == 1


def test_a_lost_answer_of_an_instant_upload_is_looked_up(client, server, algorithm):
    client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
    server.faults.add("pds.create", faults.LostAnswer())
    result = client.upload(
        DATA, name="other", part_size=PART, check_name_mode="refuse", algorithm=algorithm
    )
    assert result.instant
    assert len(list(client.list())) == 2


@pytest.mark.parametrize("operation", ["pds.put_part", "pds.complete"])
def test_an_upload_that_is_unknown_starts_over(client, server, operation, algorithm):
    server.faults.add(operation, faults.SessionExpired())
    seen = []
    result = client.upload(
        DATA, name="file", part_size=PART, progress=seen.append, algorithm=algorithm
    )
    assert stored(client, result.file_id) == DATA
    assert sum(seen) == len(DATA)


def test_bytes_that_change_after_they_were_hashed(client, tmp_path, algorithm):
    path = tmp_path / "file"
    path.write_bytes(DATA)

    def change(_count):
        if path.read_bytes() == DATA:
            with path.open("r+b") as file:
                file.seek(5 * PART)
                file.write(b"changed")

    with pytest.raises(cosfast.SourceChanged):
        client.upload(path, part_size=PART, progress=change, concurrency=1, algorithm=algorithm)
    assert not list(client.list())


def test_a_server_that_makes_something_else_of_the_parts(client, server, monkeypatch, algorithm):
    from cosfast.emulator.services.pds import uploads

    other = client.upload(b"x", name="other").file_id
    wrong, describe = digest_of(b"other", algorithm), uploads.describe
    told = {"content_hash": wrong.upper(), "file_id": other}
    monkeypatch.setattr(uploads, "describe", lambda entry: {**describe(entry), **told})
    with pytest.raises(cosfast.ContentMismatchError, match=f"{algorithm} {wrong}"):
        client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
    assert [entry.file_id for entry in client.list()] == [other]  # the wrong file alone is gone


@pytest.mark.parametrize("told", [{"content_hash": ""}, {"size": None}, {"content_hash_name": "x"}])
def test_a_server_that_does_not_tell_what_it_has_made(client, monkeypatch, algorithm, told):
    from cosfast.emulator.services.pds import files, uploads

    describe = uploads.describe
    for module in (files, uploads):
        monkeypatch.setattr(module, "describe", lambda entry: {**describe(entry), **told})
    with pytest.raises(cosfast.AnswerError, match=f"size and {algorithm}"):
        client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
    monkeypatch.undo()
    (entry,) = client.list()  # it may be right, and is not deleted
    assert stored(client, entry.file_id) == DATA


@pytest.mark.parametrize("told", [{"content_hash": ""}, {"size": None}])
def test_what_complete_does_not_tell_is_asked_for(client, monkeypatch, algorithm, told):
    from cosfast.emulator.services.pds import uploads

    describe = uploads.describe
    monkeypatch.setattr(uploads, "describe", lambda entry: {**describe(entry), **told})
    result = client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)
    assert stored(client, result.file_id) == DATA


def test_a_domain_that_goes_by_another_hash(client, monkeypatch, algorithm):
    from cosfast.emulator.services.pds import uploads

    other, describe = OTHERS[algorithm], uploads.describe
    told = {"content_hash_name": other, "content_hash": digest_of(DATA, other).upper()}
    monkeypatch.setattr(uploads, "describe", lambda entry: {**describe(entry), **told})
    with pytest.raises(cosfast.AnswerError, match=f"--algorithm {other}"):
        client.upload(DATA, name="file", part_size=PART, algorithm=algorithm)


# Hashed on the way.


def test_with_pre_hash_parts_leave_while_the_rest_is_hashed(client, recorded, tmp_path, algorithm):
    path = tmp_path / "file"
    path.write_bytes(DATA)
    hashed_when_sent, hashed = [], []
    result = client.upload(
        path,
        part_size=PART,
        concurrency=1,
        pre_hash=True,
        progress=lambda _count: hashed_when_sent.append(sum(hashed)),
        hash_progress=hashed.append,
        algorithm=algorithm,
    )
    assert stored(client, result.file_id) == DATA
    assert (result.digest, sum(hashed)) == (digest_of(DATA, algorithm), len(DATA))
    assert hashed_when_sent[0] == 0
    created = next(request for request in recorded if request.operation == "create")
    assert created.fields["pre_hash"] == hashlib.sha1(DATA[:1024]).hexdigest().upper()
    assert "content_hash" not in created.fields
    assert created.fields.get("content_hash_name", "sha1") == algorithm
    again = client.upload(path, part_size=PART, pre_hash=True, algorithm=algorithm)
    assert again.instant
    third = client.upload(path, name="x", part_size=PART, algorithm=algorithm)
    assert stored(client, third.file_id) == DATA


def test_with_pre_hash_and_several_connections(client, server, algorithm):
    server.faults.add("pds.put_part", faults.Refusal("AccessDenied"), times=2)
    server.faults.add("pds.complete", faults.LostAnswer())
    data = content(60 * PART + 1)
    result = client.upload(data, name="file", part_size=PART, pre_hash=True, algorithm=algorithm)
    assert stored(client, result.file_id) == data


def test_with_pre_hash_a_lost_upload_is_hashed_and_starts_over(client, server, algorithm):
    server.faults.add("pds.put_part", faults.SessionExpired())
    result = client.upload(DATA, name="file", part_size=PART, pre_hash=True, algorithm=algorithm)
    assert stored(client, result.file_id) == DATA


def test_with_pre_hash_content_that_is_known_by_another_hash_alone(client, algorithm):
    client.upload(DATA, name="other", part_size=PART, algorithm=OTHERS[algorithm])
    result = client.upload(DATA, name="file", part_size=PART, pre_hash=True, algorithm=algorithm)
    assert (result.instant, result.digest) == (False, digest_of(DATA, algorithm))
    assert stored(client, result.file_id) == DATA


def test_with_pre_hash_a_domain_that_wants_order(algorithm):
    with start_emulator(pds_parallel_upload=False) as server, connect(server) as client:
        result = client.upload(
            DATA, name="file", part_size=PART, pre_hash=True, algorithm=algorithm
        )
        assert stored(client, result.file_id) == DATA


# The journal.


@pytest.fixture
def journal(tmp_path):
    return cosfast.Journal(tmp_path / "journal.sqlite3")


def settled_file(path, data):
    """Write a file, and wait until the journal keeps its parts list."""
    path.write_bytes(data)
    while not FileIdentity.of(path.stat()).is_settled:
        time.sleep(0.02)
    return path


class _Stop(Exception):
    pass


def stop_after(count):
    done = []

    def progress(number):
        done.append(number)
        if len(done) == count:
            raise _Stop

    return progress


def test_an_upload_is_resumed_by_another_client(server, journal, tmp_path, recorded, algorithm):
    path = settled_file(tmp_path / "file", content(120 * PART + 5))
    with connect(server, journal=journal) as client, pytest.raises(_Stop):
        client.upload(
            path, part_size=PART, concurrency=1, progress=stop_after(110), algorithm=algorithm
        )
    recorded.clear()
    with connect(server, journal=journal) as client:
        hashed = []
        result = client.upload(
            path, part_size=PART, algorithm=algorithm, hash_progress=hashed.append
        )
        assert not hashed  # the contexts are in the journal
        assert result.resumed_bytes == 110 * PART
        assert result.sent_bytes == 10 * PART + 5
        assert stored(client, result.file_id) == path.read_bytes()
        assert "create" not in {request.operation for request in recorded}
        pages = [each for each in recorded if each.operation == "list_uploaded_parts"]
        assert len(pages) == 2
        assert client.upload(path, part_size=PART, algorithm=algorithm).instant


def test_with_pre_hash_an_upload_is_resumed_once_it_is_hashed(server, journal, tmp_path, algorithm):
    path = settled_file(tmp_path / "file", content(30 * PART))
    wanted = {"part_size": PART, "algorithm": algorithm, "pre_hash": True}
    server.faults.add("pds.complete", faults.Refusal("InternalError"), times=4)
    with connect(server, journal=journal) as client:
        with pytest.raises(pds.PdsError):
            client.upload(path, **wanted)
        result = client.upload(path, **wanted)
        assert (result.resumed_bytes, result.sent_bytes) == (30 * PART, 0)
        assert stored(client, result.file_id) == path.read_bytes()


@pytest.mark.parametrize("change", ["content", "part size", "algorithm"])
def test_other_content_parts_or_hashes_are_not_resumed(
    server, journal, tmp_path, change, algorithm
):
    path = settled_file(tmp_path / "file", DATA)
    wanted = {"part_size": PART, "algorithm": algorithm}
    with connect(server, journal=journal) as client:
        with pytest.raises(_Stop):
            client.upload(path, concurrency=1, progress=stop_after(5), **wanted)
        if change == "content":
            path.write_bytes(DATA[::-1])
        elif change == "part size":
            wanted["part_size"] *= 2
        else:
            wanted["algorithm"] = OTHERS[algorithm]
        result = client.upload(path, **wanted)
        assert (result.resumed_bytes, result.sent_bytes) == (0, len(DATA))
        assert result.digest == digest_of(path.read_bytes(), wanted["algorithm"])
        assert stored(client, result.file_id) == path.read_bytes()


def test_an_upload_in_order_is_resumed_in_order(journal, tmp_path, algorithm):
    path = settled_file(tmp_path / "file", DATA)
    with start_emulator(pds_parallel_upload=False) as server:
        with connect(server, journal=journal) as client, pytest.raises(_Stop):
            client.upload(path, part_size=PART, progress=stop_after(7), algorithm=algorithm)
        with connect(server, journal=journal) as client:
            result = client.upload(path, part_size=PART, algorithm=algorithm)
            assert result.resumed_bytes == 7 * PART
            assert stored(client, result.file_id) == DATA


def test_an_upload_that_was_completed_but_not_forgotten(
    server, journal, tmp_path, monkeypatch, algorithm
):
    path = settled_file(tmp_path / "file", DATA)
    monkeypatch.setattr(cosfast.Journal, "forget_upload", lambda *_: None)
    with connect(server, journal=journal) as client:
        first = client.upload(path, part_size=PART, check_name_mode="refuse", algorithm=algorithm)
        second = client.upload(path, part_size=PART, check_name_mode="refuse", algorithm=algorithm)
        assert (second.instant, second.file_id) == (True, first.file_id)


def test_a_remembered_list_of_other_bytes_is_made_anew(server, journal, tmp_path, algorithm):
    """A memory map may change bytes without the time stamps."""
    data = content(40 * PART)
    path = settled_file(tmp_path / "file", data)
    wrong = bytearray(data)
    wrong[7 * PART] ^= 1
    parts = cosfast.uploadparts(bytes(wrong), slice_size=PART, algorithm=algorithm)
    journal.remember_parts(FileIdentity.of(path.stat()), parts)
    with connect(server, journal=journal) as client:
        result = client.upload(path, part_size=PART, algorithm=algorithm)
        assert stored(client, result.file_id) == data


# Bad input.


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"part_size": 100}, "part_size"),
        ({"part_size": 0}, "part_size"),
        ({"part_size": 6 * 1024**3}, "part_size"),
        ({"part_size": True}, "part_size"),
        ({"part_size": 64}, "9000 parts"),
        ({"concurrency": 0}, "concurrency"),
        ({"algorithm": "md5"}, "algorithm"),
        ({"check_name_mode": "overwrite"}, "check_name_mode"),
        ({"name": "a/b"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "ä" * 513}, "1024"),
        ({"name": "\ud800"}, "name"),
        ({"parent_file_id": ""}, "parent_file_id"),
        ({"parent_file_id": "a b"}, "parent_file_id"),
        ({"deadline": -1}, "deadline"),
        ({"name": None}, "name="),
    ],
)
def test_what_makes_no_sense_is_an_input_error(client, options, named):
    data = bytes(64 * 9001)
    with pytest.raises(cosfast.InputError, match=named):
        client.upload(data, **{"name": "file", **options})


@pytest.mark.parametrize(
    "options",
    [
        {"drive_id": ""},
        {"token": 5},
        {"token": ""},
        {"token": "a b"},
        {"token": "a\r\nb"},
        {"endpoint": None},
        {"endpoint": "ftp://x"},
        {"domain_id": "a.b"},
        {"retry": 3},
        {"timeout": -1},
    ],
)
def test_a_client_that_makes_no_sense(options):
    given = {"drive_id": "d", "token": "t", "endpoint": "http://127.0.0.1:9", **options}
    with pytest.raises(cosfast.InputError):
        pds.Client(given.pop("domain_id", None), **given)


def test_the_domains_address():
    with pds.Client("bj123", token="t", drive_id="1") as client:
        assert client.endpoint == "https://bj123.api.aliyunpds.com"


def test_part_sizes_make_at_most_9000_parts():
    from cosfast.pds.options import DEFAULT_PART_SIZE, MAX_PART_SIZE, part_size_for

    assert part_size_for(0) == part_size_for(9000 * DEFAULT_PART_SIZE) == DEFAULT_PART_SIZE
    for size in (9000 * DEFAULT_PART_SIZE + 1, 10**12, 9000 * MAX_PART_SIZE):
        chosen = part_size_for(size)
        assert chosen % 64 == 0
        assert -(-size // chosen) <= 9000
        assert chosen <= MAX_PART_SIZE
    with pytest.raises(cosfast.InputError, match="too many"):
        part_size_for(9000 * MAX_PART_SIZE + 1)


# Around it.


def test_folders_are_listed_page_by_page(client, recorded):
    folder = client.create_folder("many")
    names = [f"file-{number:03}" for number in range(25)]
    for name in names:
        client.upload(b"same", name=name, parent_file_id=folder.file_id)
    recorded.clear()
    assert [entry.name for entry in client.list(folder.file_id, page_size=10)] == names
    assert [request.operation for request in recorded] == ["list"] * 3
    with pytest.raises(cosfast.InputError):
        client.list(page_size=101)


def test_folders_are_made_once(client, server):
    folder = client.create_folder("one")
    assert folder.is_folder
    with pytest.raises(pds.ExistsError) as refused:
        client.create_folder("one")
    assert refused.value.file_id == folder.file_id
    server.faults.add("pds.create", faults.LostAnswer())
    assert client.create_folder("two").name == "two"


def test_delete(client, server):
    folder = client.create_folder("one")
    file = client.upload(b"x", name="x", parent_file_id=folder.file_id)
    server.faults.add("pds.delete", faults.LostAnswer())
    client.delete(folder.file_id)
    for gone in (folder.file_id, file.file_id):
        with pytest.raises(pds.NotFoundError):
            client.get(gone)
        with pytest.raises(pds.NotFoundError):
            client.delete(gone)
    with pytest.raises(cosfast.InputError):
        client.delete("root")


def test_a_download_is_resumed_and_its_urls_fetched_again(client, server, tmp_path, algorithm):
    data = content(9 * 1024 * 1024 + 7)
    file = client.upload(data, name="file", algorithm=algorithm)
    target = tmp_path / "target"
    with pytest.raises(_Stop):
        client.download(file.file_id, target, concurrency=1, progress=stop_after(20))
    server.faults.add("pds.download", faults.Refusal("AccessDenied"))
    result = client.download(file.file_id, target)
    assert target.read_bytes() == data
    assert result.digest == digest_of(data, algorithm)
    assert result.resumed_bytes > 0
    assert result.resumed_bytes + result.received_bytes == len(data)


def test_errors_pickle():
    import pickle

    error = pds.NotFoundError("NotFound.File", "no", 404, "r", operation="get", target="pds://1/2")
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), vars(again)) == (str(error), vars(error))
    assert str(error) == "get pds://1/2: NotFound.File no (HTTP 404, request id r)"
    assert isinstance(error, cosfast.CosError)
