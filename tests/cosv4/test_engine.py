"""What the upload engine promises beyond the plain way: streams, pipes, limits, stops, loss."""

from __future__ import annotations

import hashlib
import os
import pickle
import threading
import time

import pytest
import requests
from emulated import BUCKET, CREDENTIALS, connect
from requests.adapters import HTTPAdapter
from worked_values import content

import cosfast

MIB = 1024 * 1024


def downloaded(result):
    response = requests.get(result.access_url, timeout=30)
    response.raise_for_status()
    return response.content


class Recording(HTTPAdapter):
    """Keeps the head of each body; `lose` makes the answer to an operation get lost, once."""

    def __init__(self, lose=()):
        super().__init__(pool_maxsize=32)
        self.heads = []
        self._lose = set(lose)
        self._lock = threading.Lock()

    def send(self, request, **options):
        head = request.method.encode()
        if request.body is not None:
            head = bytes(next(iter(request.body)))
        with self._lock:
            self.heads.append(head)
        response = super().send(request, **options)
        for operation in list(self._lose):
            if operation in head:
                self._lose.discard(operation)
                response.raw.read()
                raise requests.ConnectionError("the answer was lost")
        return response

    def count(self, operation):
        return sum(operation in head for head in self.heads)


def recorded(emulator, *, lose=(), **options):
    session, adapter = requests.Session(), Recording(lose)
    session.mount("http://", adapter)
    return connect(emulator.endpoint, session=session, **options), adapter


# Integrity "stream"


@pytest.mark.parametrize("slice_size", [524288, 1048576, 3145728])
def test_stream_arrives_and_is_compared(client, tmp_path, slice_size):
    path = tmp_path / "source"
    path.write_bytes(content(12 * MIB + 77))
    result = client.upload(path, BUCKET, "file", integrity="stream", slice_size=slice_size)
    assert downloaded(result) == path.read_bytes()
    assert result.sha1 == hashlib.sha1(path.read_bytes()).hexdigest()


def test_stream_reads_the_file_once_and_sends_before_it_is_hashed(emulator, tmp_path):
    data = content(24 * MIB)
    path = tmp_path / "source"
    path.write_bytes(data)
    seen = []
    client, adapter = recorded(emulator)
    with client, path.open("rb") as file:
        counted = Counted(file)
        client.upload(
            counted,
            BUCKET,
            "file",
            integrity="stream",
            progress=lambda n: seen.append(counted.total),
        )
    assert counted.total == len(data)
    assert seen[0] < len(data)
    assert b"uploadparts" not in b"".join(adapter.heads)


class Counted:
    """A file object that counts the bytes read from it."""

    def __init__(self, file):
        self._file = file
        self.total = 0

    def read(self, size):
        data = self._file.read(size)
        self.total += len(data)
        return data

    def __getattr__(self, name):
        return getattr(self._file, name)


def test_stream_finds_that_the_server_has_something_else(emulator, tmp_path):
    class Corrupts(HTTPAdapter):
        def send(self, request, **options):
            body = b"".join(map(bytes, request.body or ()))
            if b"upload_slice_data" in body[:200] and b"\r\n\r\n3145728\r\n" in body[:600]:
                request.body = body.replace(b"\x00\x01\x02\x03", b"\x00\x01\x02\x04", 1)
            return super().send(request, **options)

    session = requests.Session()
    session.mount("http://", Corrupts())
    data = bytearray(content(12 * MIB))
    data[3 * MIB + 5000 : 3 * MIB + 5004] = b"\x00\x01\x02\x03"
    with connect(emulator.endpoint, session=session) as client:
        with pytest.raises(cosfast.IntegrityError, match="not " + hashlib.sha1(data).hexdigest()):
            client.upload(data, BUCKET, "file", integrity="stream")


# Pipes


@pytest.mark.parametrize("size", [100, 10 * MIB + 1])
@pytest.mark.parametrize("integrity", ["parts", "stream"])
def test_a_pipe_is_uploaded(client, size, integrity):
    data = content(size)
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as pipe:
        result = client.upload(pipe, BUCKET, "file", integrity=integrity)
    writer.join()
    assert downloaded(result) == data
    assert result.sha1 == hashlib.sha1(data).hexdigest()


# Answers that are lost


@pytest.mark.parametrize(
    "operation",
    [b"upload_slice_init", b"upload_slice_list", b"upload_slice_data", b"upload_slice_finish"],
)
@pytest.mark.parametrize("integrity", ["parts", "stream"])
def test_an_answer_that_is_lost(emulator, operation, integrity):
    """The work was done, the reply never came: tried again, and right all the same."""
    data = content(12 * MIB)
    client, _ = recorded(emulator, lose=[operation])
    with client:
        result = client.upload(data, BUCKET, "file", integrity=integrity)
    assert downloaded(result) == data
    assert result.access_url
    assert result.url


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_small_uploads_answer_that_is_lost(emulator, overwrite):
    client, _ = recorded(emulator, lose=[b"filecontent"])
    with client:
        result = client.upload(b"small", BUCKET, "file", overwrite=overwrite)
    assert downloaded(result) == b"small"
    assert result.url.endswith("/files/v2/1250000000/bucket/file")


def test_what_was_there_before_is_not_taken_for_ours(emulator):
    client, _ = recorded(emulator)
    with client:
        client.upload(b"theirs", BUCKET, "file")
    client, _ = recorded(emulator, lose=[b"filecontent"])
    with client, pytest.raises(cosfast.ExistsError):
        client.upload(b"ours", BUCKET, "file")


def test_an_answer_of_a_folder_that_is_lost(emulator):
    client, _ = recorded(emulator, lose=[b'"create"'])
    with client:
        result = client.upload(b"small", BUCKET, "a/b/file")
    assert downloaded(result) == b"small"


def test_a_session_that_the_server_lost_starts_over_once(emulator, monkeypatch):
    data = content(12 * MIB)
    client, adapter = recorded(emulator)
    seen = []

    def forget(count):
        seen.append(count)
        if len(seen) == 3:
            client.delete(BUCKET, "file")

    with client:
        result = client.upload(data, BUCKET, "file", progress=forget, concurrency=1)
    assert downloaded(result) == data
    assert min(seen) < 0
    assert sum(seen) == len(data)
    assert adapter.count(b"upload_slice_init") == 2


# The journal


def old_file(path, data):
    """Write a file that was not changed a moment ago, as far as its time stamp tells."""
    path.write_bytes(data)
    time.sleep(0.15)
    return path


def test_the_journal_saves_hashing(emulator, tmp_path):
    path = old_file(tmp_path / "source", content(12 * MIB))
    journal = cosfast.Journal(tmp_path / "journal")
    hashed = []
    for name in ("first", "second"):
        with connect(emulator.endpoint, journal=journal) as client:
            client.upload(path, BUCKET, name, hash_progress=hashed.append)
    assert sum(hashed) == 12 * MIB
    path.write_bytes(content(12 * MIB)[::-1])
    with connect(emulator.endpoint, journal=journal) as client:
        result = client.upload(path, BUCKET, "third", hash_progress=hashed.append)
    assert downloaded(result) == path.read_bytes()
    assert sum(hashed) == 24 * MIB


def test_a_remembered_upload_is_listed_without_sending_the_parts(emulator, tmp_path):
    path = old_file(tmp_path / "source", content(12 * MIB))
    journal = cosfast.Journal(tmp_path / "journal")
    client, _ = recorded(emulator, journal=journal)

    def interrupt(_count):
        raise KeyboardInterrupt

    with client, pytest.raises(KeyboardInterrupt):
        client.upload(path, BUCKET, "file", progress=interrupt, concurrency=1)
    client, adapter = recorded(emulator, journal=journal)
    with client:
        result = client.upload(path, BUCKET, "file")
    assert adapter.count(b"upload_slice_init") == 0
    assert result.resumed_bytes >= MIB
    assert downloaded(result) == path.read_bytes()
    client, adapter = recorded(emulator, journal=journal)
    with client:
        assert client.upload(path, BUCKET, "file").existed
    assert adapter.count(b"upload_slice_list") == 0


def test_a_list_in_the_journal_that_is_wrong_is_made_anew(emulator, tmp_path):
    """As after a change that no time stamp shows: the server sees it, and the file is hashed."""
    from cosfast.transfer.journal import FileIdentity

    path = old_file(tmp_path / "source", content(12 * MIB))
    journal = cosfast.Journal(tmp_path / "journal")
    other = bytearray(content(12 * MIB))
    other[5 * MIB : 6 * MIB] = bytes(MIB)  # unless chance picks just this slice to look at
    wrong = cosfast.uploadparts(other)
    journal.remember_parts(FileIdentity.of(os.stat(path)), wrong)
    with connect(emulator.endpoint, journal=journal) as client:
        result = client.upload(path, BUCKET, "file", overwrite=True)
    assert downloaded(result) == path.read_bytes()


def test_a_journal_that_cannot_be_used_costs_a_warning(emulator, tmp_path):
    folder = tmp_path / "a folder stands here"
    folder.mkdir()
    with connect(emulator.endpoint, journal=cosfast.Journal(folder)) as client:
        with pytest.warns(UserWarning, match="journal"):
            client.upload(content(12 * MIB), BUCKET, "file")


# Many files


def jobs_of(folder, sizes):
    made = []
    for number, size in enumerate(sizes):
        path = folder / f"file-{number}"
        path.write_bytes(content(size))
        made.append(cosfast.UploadJob(path, BUCKET, f"many/{number}"))
    return made


SIZES = [0, 1, 1000, 9 * MIB, 100_000, 10 * MIB + 3, 5, 64]


def check_many(client, jobs, outcomes):
    assert sorted(job.path for job in outcomes) == sorted(job.path for job in jobs)
    for job in jobs:
        assert downloaded(outcomes[job]) == job.source.read_bytes()


def test_many_files(client, tmp_path):
    jobs = jobs_of(tmp_path, SIZES)
    check_many(client, jobs, dict(client.upload_many(iter(jobs), max_workers=3)))


def test_one_failure_among_many_is_its_own(client, tmp_path):
    jobs = jobs_of(tmp_path, [10, 9 * MIB, 20])
    bad = [
        cosfast.UploadJob(tmp_path / "nowhere", BUCKET, "x"),
        cosfast.UploadJob(jobs[0].source, BUCKET, "bad?name"),
        cosfast.UploadJob(jobs[0].source, "bad/bucket", "x"),
    ]
    outcomes = dict(client.upload_many([*bad, *jobs]))
    assert isinstance(outcomes[bad[0]], FileNotFoundError)
    assert isinstance(outcomes[bad[1]], cosfast.InputError)
    assert isinstance(outcomes[bad[2]], cosfast.InputError)
    check_many(client, jobs, {job: outcomes[job] for job in jobs})
    with pytest.raises(cosfast.InputError, match="max_workers"):
        client.upload_many(jobs, max_workers=0)


def test_many_over_processes(client, tmp_path):
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    jobs = jobs_of(tmp_path, SIZES)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as executor:
        check_many(client, jobs, dict(client.upload_many(jobs, executor=executor)))


def test_many_over_a_dask_cluster(client, tmp_path, cluster):
    jobs = jobs_of(tmp_path, [*SIZES, *range(200, 300)])
    outcomes = dict(client.upload_many(jobs, executor=cluster.get_executor()))
    assert {id(job) for job in outcomes} == {id(job) for job in jobs}
    check_many(client, jobs, outcomes)


def test_relative_paths_of_many_are_those_of_the_caller(client, tmp_path, cluster, monkeypatch):
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(name.encode())
    monkeypatch.chdir(tmp_path)
    jobs = [cosfast.UploadJob(name, BUCKET, name) for name in ("a", "b")]
    outcomes = dict(client.upload_many(jobs, executor=cluster.get_executor()))
    assert [outcomes[job].filesize for job in jobs] == [1, 1]


def test_a_client_pickles_with_its_key_and_without_its_connections(client):
    twin = pickle.loads(pickle.dumps(client))
    twin.upload(b"from a twin", BUCKET, "file")
    assert CREDENTIALS.secret_key not in repr(twin)
    twin.close()
