"""Uploads to a path that has a file already: the same content is done, other content an error."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
import requests
from emulated import BUCKET, CREDENTIALS, connect
from requests.adapters import HTTPAdapter
from worked_values import content

import cosfast
from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.emulator import faults

MIB = 1024 * 1024
SIZES = [0, 100, 2 * MIB, 9 * MIB + 5]
INTEGRITIES = ["parts", "stream", "none"]


class Counting(HTTPAdapter):
    """Counts the bytes of content that go out; loses the first answer to `lose`."""

    def __init__(self, lose=None):
        super().__init__(pool_maxsize=32)
        self.sent = 0
        self.operations = []
        self._lose = lose

    def send(self, request, **options):
        pieces = [bytes(piece) for piece in request.body or ()]
        head = b"".join(pieces)[:400]
        self.operations.append(next((op for op in OPERATIONS if op in head), request.method))
        if b"filecontent" in b"".join(pieces[:1]):
            self.sent += sum(map(len, pieces))
        response = super().send(request, **options)
        if self._lose is not None and self._lose in head:
            self._lose = None
            response.raw.read()
            raise requests.ConnectionError("the answer was lost")
        return response


OPERATIONS = (
    b"upload_slice_init",
    b"upload_slice_list",
    b"upload_slice_data",
    b"upload_slice_finish",
    b"upload",
)


def counted(emulator, *, lose=None, **options):
    session, adapter = requests.Session(), Counting(lose)
    session.mount("http://", adapter)
    return connect(emulator.endpoint, session=session, **options), adapter


@pytest.fixture(params=["bytes", "path", "pipe"])
def source_of(request, tmp_path):
    def make(data):
        if request.param == "bytes":
            return data
        path = tmp_path / "source"
        path.write_bytes(data)
        return path if request.param == "path" else Unseekable(data)

    return make


class Unseekable:
    """What can be read only once."""

    def __init__(self, data):
        self._file = io.BytesIO(data)

    def read(self, size):
        return self._file.read(size)


@pytest.mark.parametrize("integrity", INTEGRITIES)
@pytest.mark.parametrize("size", SIZES)
def test_the_same_content_is_done(emulator, client, source_of, size, integrity):
    data = content(size)
    first = client.upload(data, BUCKET, "file", biz_attr="first")
    assert not first.existed
    before = client.stat(BUCKET, "file")
    seen = []
    other, adapter = counted(emulator)
    with other:
        result = other.upload(
            source_of(data),
            BUCKET,
            "file",
            integrity=integrity,
            biz_attr="second",
            progress=seen.append,
        )
    assert (result.existed, result.instant) == (True, True)
    assert (result.sent_bytes, result.resumed_bytes, sum(seen)) == (0, 0, size)
    assert (result.sha1, result.filesize) == (hashlib.sha1(data).hexdigest(), size)
    assert (result.access_url, result.url, result.resource_path) == (
        first.access_url,
        first.url,
        first.resource_path,
    )
    assert adapter.sent < MIB  # a larger file is not sent to be refused
    assert client.stat(BUCKET, "file") == before


@pytest.mark.parametrize("integrity", INTEGRITIES)
@pytest.mark.parametrize("size", SIZES[1:])
@pytest.mark.parametrize("longer", [0, 1])
def test_other_content_is_an_error_that_says_what_to_do(client, size, integrity, longer):
    data = content(size)
    client.upload(data, BUCKET, "file")
    with pytest.raises(cosfast.ExistsError, match="cos://bucket/file") as caught:
        client.upload(data[::-1] + bytes(longer), BUCKET, "file", integrity=integrity)
    assert caught.value.code == -177
    assert "overwrite=True" in str(caught.value)
    assert "--overwrite" in str(caught.value)
    assert client.stat(BUCKET, "file").sha1 == hashlib.sha1(data).hexdigest()


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_a_folder_in_the_way_cannot_be_overwritten(client, size):
    client.create_folder(BUCKET, "name")
    with pytest.raises(cosfast.ExistsError) as caught:
        client.upload(bytes(size), BUCKET, "name")
    assert caught.value.code == -178
    assert "overwrite" not in str(caught.value)


def test_an_unfinished_upload_in_the_way_names_the_flag(client):
    client.slice_init(BUCKET, "file", filesize=12 * MIB)
    with pytest.raises(cosfast.UnfinishedUploadError, match=r"overwrite=True \(--overwrite\)"):
        client.upload(bytes(9 * MIB), BUCKET, "file")


@pytest.mark.parametrize("method", ["move", "copy"])
def test_a_move_or_copy_onto_a_file_names_the_flag(client, method):
    client.upload(b"1", BUCKET, "one")
    client.upload(b"2", BUCKET, "two")
    with pytest.raises(cosfast.ExistsError, match=r"overwrite=True \(--overwrite\)"):
        getattr(client, method)(BUCKET, "one", "two")


@pytest.mark.parametrize("integrity", INTEGRITIES)
def test_many_files_again(client, tmp_path, integrity):
    options = cosfast.UploadOptions(integrity=integrity)
    jobs = []
    for number, size in enumerate([*SIZES, 3, 4]):
        path = tmp_path / str(number)
        path.write_bytes(content(size))
        jobs.append(cosfast.UploadJob(path, BUCKET, f"many/{number}", options))
    assert not any(result.existed for _, result in client.upload_many(jobs[1:]))
    jobs[-1].source.write_bytes(b"else")
    outcomes = dict(client.upload_many(jobs))
    assert isinstance(outcomes[jobs[-1]], cosfast.ExistsError)
    assert [outcomes[job].existed for job in jobs[:-1]] == [False, *[True] * 4]
    assert sum(outcomes[job].sent_bytes for job in jobs[:-1]) == 0


@pytest.mark.parametrize("integrity", INTEGRITIES)
@pytest.mark.parametrize("same", [True, False])
def test_another_who_finishes_first(emulator, client, integrity, same):
    """The file comes to be while the slices are sent: `finish` is refused."""
    data = content(12 * MIB)
    seen = []
    address = ObjectAddress(CREDENTIALS.appid, BUCKET, "file")

    def progress(count):
        if not seen:  # content that is nowhere before, or our own upload would be instant
            theirs = data if same else data[::-1]
            with connect(emulator.endpoint) as other:
                other.call(objects.upload(address, theirs))
        seen.append(count)

    options = {"integrity": integrity, "progress": progress}
    if same:
        result = client.upload(data, BUCKET, "file", **options)
        assert (result.existed, result.instant) == (True, False)
        assert result.sent_bytes == sum(seen) == len(data)
    else:
        with pytest.raises(cosfast.ExistsError, match="overwrite=True"):
            client.upload(data, BUCKET, "file", **options)


@pytest.mark.parametrize("integrity", INTEGRITIES)
@pytest.mark.parametrize("size", SIZES)
def test_what_a_lost_answer_has_made_did_not_exist(emulator, size, integrity):
    data = content(size)
    lose = b"upload_slice_finish" if size > 8 * MIB else b"upload"
    client, _ = counted(emulator, lose=lose)
    with client:
        result = client.upload(data, BUCKET, "file", integrity=integrity)
        assert (result.existed, result.sent_bytes) == (False, size)
        assert client.stat(BUCKET, "file").sha1 == hashlib.sha1(data).hexdigest()


def test_an_instant_upload_whose_answer_was_lost(emulator, client):
    data = content(9 * MIB)
    client.upload(data, BUCKET, "elsewhere")
    other, _ = counted(emulator, lose=b"upload_slice_init")
    with other:
        result = other.upload(data, BUCKET, "file")
    assert (result.existed, result.instant, result.sent_bytes) == (False, True, 0)


def test_a_file_of_another_size_is_not_hashed(client, tmp_path):
    client.upload(b"short", BUCKET, "file")
    path = tmp_path / "source"
    path.write_bytes(content(9 * MIB))
    hashed = []
    with pytest.raises(cosfast.ExistsError):
        client.upload(path, BUCKET, "file", integrity="none", hash_progress=hashed.append)
    assert hashed == []


def test_a_source_that_changed_is_not_taken_for_what_is_there(client, tmp_path):
    data = content(9 * MIB)
    client.upload(data, BUCKET, "file")
    path = tmp_path / "source"
    path.write_bytes(data)

    def change(_count):
        if path.stat().st_size == len(data):
            with path.open("ab") as file:
                file.write(b"more")

    with pytest.raises(cosfast.SourceChanged):
        client.upload(path, BUCKET, "file", integrity="none", hash_progress=change)


@pytest.mark.parametrize("operation", ["upload", "upload_slice_init"])
def test_a_refusal_about_nothing_is_not_tried_again(emulator, operation):
    """The server says that the file exists, and then that it does not: it is no success."""
    emulator.faults.add(operation, faults.Refusal(-177), times=9)
    client, adapter = counted(emulator)
    with client, pytest.raises(cosfast.ExistsError):
        client.upload(content(100 if operation == "upload" else 9 * MIB), BUCKET, "file")
    assert adapter.operations.count(operation.encode()) == 1


class Tampering(HTTPAdapter):
    """Changes what `stat` says."""

    def __init__(self, **fields):
        super().__init__()
        self._fields = fields

    def send(self, request, **options):
        response = super().send(request, **options)
        if request.method == "GET":
            told = json.loads(response.raw.read())
            told["data"].update(self._fields)
            response.raw = io.BytesIO(json.dumps(told).encode())
            response.raw.read = lambda *_, read=response.raw.read, **__: read()
        return response


@pytest.mark.parametrize("size", [100, 2 * MIB, 9 * MIB])
@pytest.mark.parametrize("fields", [{"sha": ""}, {"filelen": 10}], ids=["no SHA-1", "unfinished"])
def test_what_the_server_cannot_vouch_for_is_not_the_same(client, emulator, size, fields):
    client.upload(content(size), BUCKET, "file")
    session = requests.Session()
    session.mount("http://", Tampering(**fields))
    with connect(emulator.endpoint, session=session) as other:
        with pytest.raises(cosfast.ExistsError, match="overwrite=True"):
            other.upload(content(size), BUCKET, "file")
