"""`Client.upload` against a real server: what ends up there, and what went over the wire."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import time

import pytest
import requests
from emulated import BUCKET, connect, start_emulator
from requests.adapters import HTTPAdapter
from worked_values import content

import cosfast
from cosfast.emulator import faults

MIB = 1024 * 1024


class Stopped(Exception):
    """Raised by a test's own progress callback."""


def downloaded(result):
    response = requests.get(result.access_url, timeout=30)
    response.raise_for_status()
    return response.content


def interrupted_upload(client, data, path, *, after):
    """Upload until `after` bytes have been acknowledged, and stop there."""
    done = []

    def stop(count):
        done.append(count)
        if sum(done) >= after:
            raise Stopped

    with pytest.raises(Stopped):
        client.upload(data, BUCKET, path, progress=stop, concurrency=2)
    return sum(done)


@pytest.mark.parametrize("size", [0, 1, 63, 64, MIB, 8 * MIB])
def test_small_files_go_in_one_request(client, size):
    data = content(size)
    result = client.upload(data, BUCKET, "small")
    assert downloaded(result) == data
    assert (result.sha1, result.filesize) == (hashlib.sha1(data).hexdigest(), size)
    assert (result.instant, result.sent_bytes, result.resumed_bytes) == (False, size, 0)


@pytest.mark.parametrize("concurrency", [1, 3, 8])
@pytest.mark.parametrize("size", [8 * MIB + 1, 9 * MIB, 12 * MIB + 12345])
def test_larger_ones_go_in_slices(client, size, concurrency):
    data = content(size)
    seen = []
    result = client.upload(data, BUCKET, "large", concurrency=concurrency, progress=seen.append)
    assert downloaded(result) == data
    assert client.stat(BUCKET, "large").sha1 == result.sha1 == hashlib.sha1(data).hexdigest()
    assert sum(seen) == result.sent_bytes == size
    assert result.resource_path == "/1250000000/bucket/large"


def test_200_mib_under_concurrency_8(client, tmp_path):
    path = tmp_path / "big"
    block = content(MIB)
    with path.open("wb") as file:
        for number in range(200):
            file.write(number.to_bytes(8, "big") + block[8:])
    result = client.upload(path, BUCKET, "big", concurrency=8)
    with path.open("rb") as file:
        expected = (
            hashlib.file_digest(file, "sha1").hexdigest() if _HAS_FILE_DIGEST else _sha1(path)
        )
    assert client.stat(BUCKET, "big").sha1 == result.sha1 == expected
    assert hashlib.sha1(downloaded(result)).hexdigest() == expected


_HAS_FILE_DIGEST = hasattr(hashlib, "file_digest")


def _sha1(path):
    return hashlib.sha1(path.read_bytes()).hexdigest()


def test_every_kind_of_source(client, tmp_path):
    data = content(9 * MIB + 7)
    path = tmp_path / "source"
    path.write_bytes(data)
    file = io.BytesIO(b"not this" + data)
    file.seek(8)
    with path.open("rb") as opened:
        for number, source in enumerate((path, str(path), bytearray(data), opened, file)):
            result = client.upload(source, BUCKET, f"kind-{number}")
            assert downloaded(result) == data
        assert not opened.closed


def test_without_integrity_nothing_is_hashed_and_all_arrives(client):
    data = content(10 * MIB + 3)
    for slice_size in (524288, 1048576, 2097152, 3145728):
        result = client.upload(
            data, BUCKET, f"plain-{slice_size}", integrity="none", slice_size=slice_size
        )
        assert downloaded(result) == data
        assert result.sha1 == ""


def test_the_servers_slice_size_is_obeyed():
    data = content(9 * MIB + 99)
    with start_emulator(slice_size=524288) as emulator, connect(emulator.endpoint) as client:
        result = client.upload(data, BUCKET, "file")
        assert downloaded(result) == data


def test_serial_upload_is_obeyed():
    data = content(10 * MIB)
    with start_emulator(serial_upload=True) as emulator:
        recorder = Recorder()
        with connect(emulator.endpoint, session=recorder.session) as client:
            client.upload(data, BUCKET, "file", concurrency=8)
    assert recorder.most_at_once("upload_slice_data") == 1


class Recorder(HTTPAdapter):
    """Counts requests under way, by operation."""

    def __init__(self):
        super().__init__(pool_maxsize=32)
        self.session = requests.Session()
        self.session.mount("http://", self)
        self.operations = []
        self.bodies = []
        self._now = {}
        self._most = {}
        self._lock = threading.Lock()

    def most_at_once(self, operation):
        return self._most.get(operation, 0)

    def send(self, request, **options):
        head = next(iter(request.body), b"") if request.body is not None else b""
        operation = operation_of(bytes(head)) or request.method
        with self._lock:
            self.operations.append(operation)
            self.bodies.append(request.body)
            self._now[operation] = self._now.get(operation, 0) + 1
            self._most[operation] = max(self._most.get(operation, 0), self._now[operation])
        try:
            return super().send(request, **options)
        finally:
            with self._lock:
                self._now[operation] -= 1


def operation_of(head):
    for part in head.split(b"\r\n"):
        if part.startswith(b"upload"):
            return part.decode()
    return None


def test_slices_go_in_parallel_within_the_bound(emulator):
    recorder = Recorder()
    with connect(emulator.endpoint, session=recorder.session) as client:
        client.upload(content(24 * MIB), BUCKET, "file", concurrency=4)
    assert 1 < recorder.most_at_once("upload_slice_data") <= 4
    assert recorder.operations.count("upload_slice_data") == 24
    assert recorder.operations.count("upload_slice_finish") == 1


def test_a_slice_is_sent_as_a_view_of_the_source(emulator):
    data = content(9 * MIB)
    recorder = Recorder()
    with connect(emulator.endpoint, session=recorder.session) as client:
        client.upload(data, BUCKET, "file")
    large = [
        piece for body in recorder.bodies if body is not None for piece in body if len(piece) >= MIB
    ]
    assert len(large) == 9
    assert all(isinstance(piece, memoryview) and piece.obj is data for piece in large)


def test_a_file_that_is_there_already_is_taken_instantly(client):
    data = content(9 * MIB)
    client.upload(data, BUCKET, "first")
    seen = []
    result = client.upload(data, BUCKET, "second", progress=seen.append)
    assert (result.instant, result.sent_bytes, sum(seen)) == (True, 0, len(data))
    assert downloaded(result) == data


def test_an_interrupted_upload_goes_on(client):
    data = content(20 * MIB + 5)
    interrupted_upload(client, data, "file", after=9 * MIB)
    seen = []
    result = client.upload(data, BUCKET, "file", progress=seen.append)
    assert result.resumed_bytes >= 9 * MIB
    assert result.sent_bytes + result.resumed_bytes == sum(seen) == len(data)
    assert downloaded(result) == data


def test_without_integrity_no_earlier_slice_is_trusted(client):
    first, second = content(9 * MIB), content(9 * MIB)[::-1]
    for path in ("same", "other"):
        opened = client.slice_init(BUCKET, path, filesize=len(first))
        client.slice_data(BUCKET, path, session=opened.session, offset=0, content=first[:MIB])
    result = client.upload(first, BUCKET, "same", integrity="none")
    assert (result.resumed_bytes, result.sent_bytes) == (0, len(first))
    assert downloaded(result) == first
    with pytest.raises(cosfast.UnfinishedUploadError, match="different content"):
        client.upload(second, BUCKET, "other", integrity="none")
    assert (
        downloaded(client.upload(second, BUCKET, "other", integrity="none", overwrite=True))
        == second
    )


def test_an_unfinished_upload_of_other_content_is_an_error_or_is_replaced(client):
    interrupted_upload(client, content(12 * MIB), "file", after=3 * MIB)
    other = content(11 * MIB)
    with pytest.raises(cosfast.UnfinishedUploadError, match="different content.*overwrite"):
        client.upload(other, BUCKET, "file")
    result = client.upload(other, BUCKET, "file", overwrite=True)
    assert downloaded(result) == other


@pytest.mark.parametrize("size", [100, 9 * MIB])
def test_what_exists_is_replaced_only_where_asked(client, size):
    first, second = content(size), content(size + 1)
    client.upload(first, BUCKET, "file")
    with pytest.raises(cosfast.ExistsError, match="cos://bucket/file"):
        client.upload(second, BUCKET, "file")
    assert client.stat(BUCKET, "file").sha1 == hashlib.sha1(first).hexdigest()
    client.upload(second, BUCKET, "file", overwrite=True)
    assert client.stat(BUCKET, "file").sha1 == hashlib.sha1(second).hexdigest()


@pytest.mark.parametrize("size", [10, 9 * MIB])
def test_missing_folders_are_made(client, size):
    result = client.upload(content(size), BUCKET, "a/b c/ü/file", biz_attr="说明")
    assert downloaded(result) == content(size)
    assert client.stat(BUCKET, "a/b c/ü/").is_folder
    assert client.stat(BUCKET, "a/b c/ü/file").biz_attr == "说明"
    client.upload(b"neighbour", BUCKET, "a/b c/other")


CHANGES = {
    "rewritten": lambda path, data: path.write_bytes(data[::-1]),
    "truncated": lambda path, data: os.truncate(path, len(data) // 2),
    "grown": lambda path, data: path.write_bytes(data + b"more"),
    "one byte": lambda path, data: _flip(path),
}


def _flip(path):
    with path.open("r+b") as file:
        file.seek(5 * MIB)
        byte = file.read(1)
        file.seek(5 * MIB)
        file.write(bytes([byte[0] ^ 1]))


@pytest.mark.parametrize("integrity", ["parts", "none"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_a_source_that_changes_under_way_never_counts_as_done(client, tmp_path, change, integrity):
    data = content(16 * MIB)
    path = tmp_path / "source"
    path.write_bytes(data)
    pending = [change]

    def progress(_count):
        if pending:
            pending.pop()(path, data)

    with pytest.raises((cosfast.SourceChanged, cosfast.IntegrityError)):
        client.upload(path, BUCKET, "file", progress=progress, integrity=integrity, concurrency=2)
    with pytest.raises(cosfast.NotFoundError):
        client.stat(BUCKET, "file")


def test_a_change_between_hashing_and_sending_is_blamed_on_the_source(client, tmp_path):
    data = content(12 * MIB)
    path = tmp_path / "source"
    path.write_bytes(data)
    parts = cosfast.uploadparts(path)
    status = path.stat()
    _flip(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    ((_, outcome),) = client.upload_many([cosfast.UploadJob(path, BUCKET, "file", parts=parts)])
    assert isinstance(outcome, cosfast.SourceChanged)
    assert "slice at offset 5242880" in str(outcome)
    assert not client.exists(BUCKET, "file")


def test_a_file_that_grew_since_it_was_hashed_is_blamed_on_the_source(client, tmp_path):
    path = tmp_path / "source"
    path.write_bytes(content(12 * MIB))
    parts = cosfast.uploadparts(path)
    with path.open("ab") as file:
        file.write(b"more")
    jobs = [cosfast.UploadJob(path, BUCKET, "file", parts=parts)]
    ((_, outcome),) = client.upload_many(jobs)
    assert isinstance(outcome, cosfast.SourceChanged)
    assert not client.exists(BUCKET, "file")


def test_an_upload_can_be_repeated_after_a_failure(client, tmp_path):
    data = content(12 * MIB)
    path = tmp_path / "source"
    path.write_bytes(data)
    with pytest.raises(cosfast.SourceChanged):
        client.upload(path, BUCKET, "file", progress=lambda _count: path.write_bytes(data[:-1]))
    result = client.upload(path, BUCKET, "file", overwrite=True)
    assert downloaded(result) == data[:-1]


def test_no_thread_and_no_file_stays_behind(client, tmp_path):
    path = tmp_path / "source"
    path.write_bytes(content(12 * MIB))
    before = own_threads()
    interrupted_upload(client, path, "file", after=2 * MIB)
    client.upload(path, BUCKET, "file")
    assert own_threads() == before
    assert str(path) not in open_files()


def own_threads():
    return sorted(thread.name for thread in threading.enumerate() if "emulator" not in thread.name)


def open_files():
    try:
        descriptors = os.listdir("/proc/self/fd")
    except FileNotFoundError:
        pytest.skip("this system does not list a process's open files")
    return [
        os.readlink(f"/proc/self/fd/{number}")
        for number in descriptors
        if os.path.lexists(f"/proc/self/fd/{number}")
    ]


MIB = 1024 * 1024


@pytest.mark.parametrize("max_rate", [None, 40 * MIB])
def test_a_small_file_counts_while_it_is_sent(client, emulator, max_rate):
    """Its bytes are counted before the server has answered, and none of them twice."""
    seen = []
    emulator.faults.add("upload", faults.Latency(0.3), times=1)
    started = time.monotonic()
    client.upload(
        bytes(6 * MIB),
        BUCKET,
        "file",
        max_rate=max_rate,
        overwrite=True,
        progress=lambda count: seen.append((count, time.monotonic() - started)),
    )
    took = time.monotonic() - started
    assert sum(count for count, _ in seen) == 6 * MIB
    assert len(seen) > (5 if max_rate else 0)
    assert sum(count for count, at in seen if at < took - 0.25) > 5 * MIB


def test_what_has_to_be_sent_again_does_not_count(emulator):
    emulator.faults.add("upload", faults.ResetAfter(2 * MIB), times=2)
    emulator.faults.add("upload", faults.HttpStatus(503), times=1)
    seen = []
    with connect(emulator.endpoint) as client:
        client.upload(bytes(6 * MIB), BUCKET, "folder/file", overwrite=True, progress=seen.append)
        assert sum(seen) == 6 * MIB
        assert min(seen) < 0
        seen.clear()
        emulator.faults.add("upload", faults.Refusal(-97), times=1)
        with pytest.raises(cosfast.AuthenticationError):
            client.upload(bytes(6 * MIB), BUCKET, "x", overwrite=True, progress=seen.append)
        assert sum(seen) == 0
        seen.clear()
        client.upload(b"", BUCKET, "empty", progress=seen.append)
        assert seen == []


@pytest.mark.parametrize("error", [BrokenPipeError, TimeoutError, ZeroDivisionError])
def test_an_error_of_the_callback_is_no_failure_of_the_connection(client, error):
    calls = []

    def fail(count):
        calls.append(count)
        raise error("of the callback")

    with pytest.raises(error, match="of the callback"):
        client.upload(bytes(MIB // 2), BUCKET, "file", progress=fail)
    assert len(calls) == 1
