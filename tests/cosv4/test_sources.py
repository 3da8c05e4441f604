"""What is uploaded is the source: its whole length, and one state of it, or nothing."""

from __future__ import annotations

import os
import time

import pytest
from emulated import BUCKET, connect
from lengths import KERNEL_FILES, ClaimingFile, EndlessFile, claim_size, empty_array, kernel_file
from worked_values import content

import cosfast

MIB = 1024 * 1024
INTEGRITY = ["parts", "stream", "none"]
HAS_CTIME = pytest.mark.skipif(os.name == "nt", reason="st_ctime is the creation there")


def stored(client, path="file"):
    return client.read(BUCKET, path)


@pytest.fixture
def written(tmp_path, opened):
    """Return what writes the source, and returns its path and what opens it."""

    def write(data):
        path = tmp_path / "source"
        path.write_bytes(data)
        return path, lambda: opened(path)

    return write


# Lengths


@pytest.mark.parametrize("integrity", INTEGRITY)
@pytest.mark.parametrize("name", KERNEL_FILES)
def test_kernel_files(client, opened, name, integrity):
    path, data = kernel_file(name)
    for source in (path, opened(path), opened(path, buffering=0)):
        result = client.upload(source, BUCKET, "file", overwrite=True, integrity=integrity)
        assert (result.filesize, result.sent_bytes) == (len(data), len(data))
        assert stored(client) == data


@pytest.mark.parametrize("integrity", INTEGRITY)
@pytest.mark.parametrize(
    "sizes",
    [
        (1000, 0),
        (1000, 999),
        (1000, 9 * MIB),
        (9 * MIB, 0),
        (9 * MIB, 9 * MIB - 1),
        (9 * MIB, 2**34),
    ],
)
def test_any_size_that_is_claimed(client, written, monkeypatch, sizes, integrity):
    size, claimed = sizes
    data = content(size)
    path, opened = written(data)
    claim_size(monkeypatch, path, claimed)
    for source in (path, opened(), ClaimingFile(data, claimed), EndlessFile(data)):
        result = client.upload(source, BUCKET, "file", overwrite=True, integrity=integrity)
        assert result.filesize == size
        assert stored(client) == data


def test_many_files_of_any_size_that_is_claimed(emulator, tmp_path, monkeypatch):
    """With a journal, which must not keep a list under a size that is not the list's."""
    datas = {"small": content(200_000), "large": content(9 * MIB), "other": content(10 * MIB)}
    journal = cosfast.Journal(tmp_path / "journal")
    old = time.time() - 100
    for name, data in datas.items():
        (tmp_path / name).write_bytes(data)
        os.utime(tmp_path / name, (old, old))
    kernel = dict(kernel_file(name) for name in KERNEL_FILES)
    time.sleep(0.2)  # stamps that the journal trusts
    claim_size(monkeypatch, tmp_path / "small", 0)
    claim_size(monkeypatch, tmp_path / "large", 10 * MIB)
    claim_size(monkeypatch, tmp_path / "other", 9 * MIB)
    sources = {**{tmp_path / name: data for name, data in datas.items()}, **kernel}
    options = cosfast.UploadOptions(overwrite=True)
    with connect(emulator.endpoint, journal=journal) as client:
        for round_ in range(2):
            jobs = [
                cosfast.UploadJob(path, BUCKET, f"{round_}{number}", options)
                for number, path in enumerate(sources)
            ]
            for job, result in client.upload_many(jobs):
                assert isinstance(result, cosfast.UploadResult), result
                assert stored(client, job.path) == sources[job.source]
        for path in sources:
            identity = cosfast.transfer.journal.FileIdentity.of(os.stat(path))
            assert journal.parts_of(identity, cosfast.SLICE_SIZE) is None
            assert journal.digest_of(identity) is None


def test_the_upload_of_a_wrongly_sized_file_is_resumed(emulator, tmp_path, monkeypatch):
    data = content(12 * MIB)
    path = tmp_path / "source"
    path.write_bytes(data)
    claim_size(monkeypatch, path, 10)
    journal = cosfast.Journal(tmp_path / "journal")

    def interrupt(_count):
        raise KeyboardInterrupt

    with connect(emulator.endpoint, journal=journal) as client:
        with pytest.raises(KeyboardInterrupt):
            client.upload(path, BUCKET, "file", progress=interrupt, concurrency=1)
        result = client.upload(path, BUCKET, "file")
        assert 0 < result.resumed_bytes < result.filesize == len(data)
        assert stored(client) == data


@pytest.mark.parametrize("integrity", INTEGRITY)
@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0)])
def test_empty_arrays(client, shape, integrity):
    result = client.upload(empty_array(shape), BUCKET, "file", integrity=integrity)
    assert result.filesize == 0
    assert stored(client) == b""


# States


def rewrite(path):
    """Change what was sent and what was not, and put the modification time back."""
    status = path.stat()
    with path.open("r+b") as file:
        for place in (1000, 23 * MIB):
            file.seek(place)
            file.write(b"rewritten")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES_OF_THE_CTIME = {
    "chmod": lambda path: path.chmod(0o600),
    "linked": lambda path: os.link(path, path.with_name("link")),
}


def upload_with_change(client, path, change, *, as_file, integrity):
    pending = [change]

    def progress(_count):
        if pending:
            pending.pop()(path)

    options = {"progress": progress, "integrity": integrity, "concurrency": 1}
    if as_file:
        with path.open("rb") as file:
            return client.upload(file, BUCKET, "file", **options)
    return client.upload(path, BUCKET, "file", **options)


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(content(24 * MIB))
    time.sleep(0.03)  # the clock of the time stamps has moved by the first change
    return path


@HAS_CTIME
@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("integrity", INTEGRITY)
def test_a_rewrite_under_the_old_stamps(client, large, as_file, integrity):
    with pytest.raises(cosfast.SourceChanged):
        upload_with_change(client, large, rewrite, as_file=as_file, integrity=integrity)
    assert not client.exists(BUCKET, "file")


@HAS_CTIME
@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("integrity", ["stream", "none"])
@pytest.mark.parametrize("change", CHANGES_OF_THE_CTIME.values(), ids=CHANGES_OF_THE_CTIME.keys())
def test_a_change_of_the_ctime_alone_counts_without_a_list(
    client, large, change, as_file, integrity
):
    with pytest.raises(cosfast.SourceChanged, match="ctime"):
        upload_with_change(client, large, change, as_file=as_file, integrity=integrity)
    assert not client.exists(BUCKET, "file")


@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("change", CHANGES_OF_THE_CTIME.values(), ids=CHANGES_OF_THE_CTIME.keys())
def test_a_change_of_the_ctime_alone_is_none_to_a_list(client, large, change, as_file):
    result = upload_with_change(client, large, change, as_file=as_file, integrity="parts")
    assert result.sha1 == cosfast.uploadparts(large).sha1
    assert stored(client) == large.read_bytes()


@HAS_CTIME
@pytest.mark.parametrize("as_file", [False, True])
@pytest.mark.parametrize("integrity", INTEGRITY)
def test_a_small_file_that_changes_while_it_is_read(
    client, written, monkeypatch, as_file, integrity
):
    path, opened = written(content(100_000))
    time.sleep(0.03)
    pending = [path.chmod]
    kind = cosfast.parts.sources.FileSource if as_file else cosfast.parts.sources.PathSource
    really = kind.read_slice

    def read_slice(self, *arguments):
        read = really(self, *arguments)
        if pending:
            pending.pop()(0o600)
        return read

    monkeypatch.setattr(kind, "read_slice", read_slice)
    source = opened() if as_file else path
    with pytest.raises(cosfast.SourceChanged, match="ctime"):
        client.upload(source, BUCKET, "file", integrity=integrity)
    assert not client.exists(BUCKET, "file")
