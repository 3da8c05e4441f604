"""Sources without a size: what they are copied into, and what is left of it."""

from __future__ import annotations

import os
import tempfile
import threading

import pytest
from emulated import BUCKET

import cosfast
from cosfast.parts.spool import MEMORY_BYTES, Spool

SMALL, LARGE = b"small", bytes(MEMORY_BYTES + 1)

on_posix = pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")


@pytest.fixture
def no_disk(tmp_path, monkeypatch):
    """Have temporary files go to a folder that is not there."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))


@pytest.fixture
def empty_folder(tmp_path, monkeypatch):
    """Have temporary files go to a folder of their own; return it."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def pipe_of(data):
    read, write = os.pipe()

    def fill():
        with os.fdopen(write, "wb") as file:
            file.write(data)

    threading.Thread(target=fill).start()
    return os.fdopen(read, "rb")


@on_posix
def test_what_is_small_stays_in_memory(client, no_disk):
    with pipe_of(SMALL) as pipe:
        result = client.upload(pipe, BUCKET, "small")
    assert (result.filesize, client.read(BUCKET, "small")) == (len(SMALL), SMALL)
    with pipe_of(LARGE) as pipe, pytest.raises(FileNotFoundError):
        client.upload(pipe, BUCKET, "large")


@on_posix
def test_what_is_large_is_sent_from_disk_and_leaves_nothing_there(client, empty_folder):
    with pipe_of(LARGE) as pipe:
        result = client.upload(pipe, BUCKET, "large")
    assert result.sha1 == cosfast.sha1(LARGE).hexdigest()
    assert list(empty_folder.iterdir()) == []


@pytest.mark.parametrize("beyond", [10, 10 * MEMORY_BYTES])
def test_truncation_extends_as_in_a_local_file(tmp_path, beyond):
    with (tmp_path / "local").open("w+b") as local, Spool("spool") as spool:
        for file in (local, spool):
            file.write(b"123456")
            file.truncate(beyond)
            assert file.tell() == 6
            file.write(b"7")
            file.truncate(8)
            file.seek(0)
            assert file.read() == b"1234567\0"


@pytest.mark.parametrize("size", [10, MEMORY_BYTES + 1], ids=["in memory", "on disk"])
@pytest.mark.parametrize(("offset", "whence"), [(-1, 0), (-11, 1), (-(10**9), 2), (0, 3)])
def test_positions_that_do_not_exist(size, offset, whence):
    with Spool("spool") as spool:
        spool.write(bytes(size))
        spool.seek(10)
        with pytest.raises(ValueError):
            spool.seek(offset, whence)
        assert spool.tell() == 10
