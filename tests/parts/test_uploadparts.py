"""`uploadparts` against the worked values, from every source, read in pieces of any size."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_values import VECTORS, content

import cosfast


class Trickle(io.RawIOBase):
    """A file that gives few bytes a read, of a length that varies, and cannot seek."""

    def __init__(self, data, most):
        self._data, self._position, self._most, self._reads = data, 0, most, 0

    def readable(self):
        return True

    def readinto(self, buffer):
        self._reads += 1
        count = min(len(buffer), 1 + self._reads * 7919 % self._most)
        piece = self._data[self._position : self._position + count]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)


class ReadOnly:
    """The least that a binary file can be: `read`, which may give less than was asked for."""

    def __init__(self, data):
        self._file = io.BytesIO(data)

    def read(self, size=-1):
        return self._file.read(min(size, 100_003) if size >= 0 else -1)


def check(parts, vector):
    assert json.loads(parts.to_json()) == vector["uploadparts"]
    assert parts.sha1 == vector["sha1"]
    assert (parts.filesize, parts.slice_size) == (vector["size"], vector["slice_size"])
    assert [part._asdict() for part in parts] == vector["uploadparts"]
    states = [parts.state_before(index).words for index in range(1, len(parts))]
    assert ["".join(f"{word:08x}" for word in words) for words in states] == vector["states_be"]


def _written(data, folder):
    path = folder / "content"
    path.write_bytes(data)
    return path


SOURCES = {
    "bytes": lambda data, _: data,
    "bytearray": lambda data, _: bytearray(data),
    "memoryview of words": lambda data, _: (
        memoryview(data + bytes(-len(data) % 4)).cast("I") if len(data) % 4 == 0 and data else data
    ),
    "path": _written,
    "path as text": lambda data, folder: str(_written(data, folder)),
    "open file": lambda data, folder: _written(data, folder).open("rb"),
    "unbuffered file": lambda data, folder: _written(data, folder).open("rb", buffering=0),
    "BytesIO": lambda data, _: io.BytesIO(data),
    "trickle": lambda data, _: Trickle(data, 65537),
    "read alone": lambda data, _: ReadOnly(data),
}


@pytest.mark.parametrize("make", SOURCES.values(), ids=SOURCES.keys())
def test_vectors(vector, make, tmp_path):
    source = make(vector["content"], tmp_path)
    try:
        check(cosfast.uploadparts(source, slice_size=vector["slice_size"]), vector)
    finally:
        if hasattr(source, "close"):
            source.close()


@pytest.mark.parametrize("most", [1, 63, 64, 65, 1000])
def test_tiny_reads(most):
    data = content(200_003)
    expected = cosfast.uploadparts(data, slice_size=4096)
    assert cosfast.uploadparts(Trickle(data, most), slice_size=4096) == expected


def test_a_pipe_is_read_to_its_end():
    data = content(3_000_001)
    reading, writing = os.pipe()

    def write():
        with os.fdopen(writing, "wb") as file:
            file.write(data)

    writer = threading.Thread(target=write)
    writer.start()
    with os.fdopen(reading, "rb") as file:
        parts = cosfast.uploadparts(file)
    writer.join()
    assert parts.sha1 == hashlib.sha1(data).hexdigest()


def test_wedrives_published_example():
    example = json.loads((VECTORS / "wedrive.json").read_text("ascii"))
    data = (b"1234567890\r\n" * 500000)[:-2]
    assert len(data) == example["size"]
    parts = cosfast.uploadparts(data, slice_size=example["slice_size"])
    assert parts.datashas == example["block_sha"]


def test_a_file_object_is_taken_from_where_it_stands():
    file = io.BytesIO(b"header" + b"x" * 100)
    file.seek(6)
    assert cosfast.uploadparts(file).sha1 == hashlib.sha1(b"x" * 100).hexdigest()


@settings(max_examples=60)
@given(st.integers(0, 5000), st.integers(1, 20).map(lambda n: n * 64))
def test_every_entry_is_the_state_there(size, slice_size):
    data = content(size)
    parts = cosfast.uploadparts(data, slice_size=slice_size)
    for part in parts[:-1]:
        assert part.datasha == cosfast.sha1(data[: part.offset + part.datalen]).state().datasha
    assert parts.sha1 == hashlib.sha1(data).hexdigest()
    assert sum(part.datalen for part in parts) == size


def test_progress_adds_up(tmp_path):
    path = _written(content(1_000_003), tmp_path)
    for source in (path, path.read_bytes()):
        seen = []
        cosfast.uploadparts(source, progress=seen.append)
        assert sum(seen) == 1_000_003


@pytest.mark.parametrize("slice_size", [0, -64, 1, 63, 65, 100, 1048577, 64.0, "64", None])
def test_a_bad_slice_size_is_named(slice_size):
    with pytest.raises(cosfast.InputError, match="slice_size"):
        cosfast.uploadparts(b"data", slice_size=slice_size)


def test_what_is_no_source_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        cosfast.uploadparts(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError, match=tmp_path.name):
        cosfast.uploadparts(tmp_path)
    with pytest.raises(cosfast.InputError, match="int"):
        cosfast.uploadparts(7)
    with pytest.raises(cosfast.InputError, match="text"):
        cosfast.uploadparts(io.StringIO("text"))


class _Changing(io.BytesIO):
    """A file whose size, once asked for, is no longer true."""

    def __init__(self, data, change):
        super().__init__(data)
        self._change = change

    def readinto(self, buffer):
        change, self._change = self._change, None
        if change:
            change(self)
        return super().readinto(buffer)


@pytest.mark.parametrize("change", ["shrinks", "grows"])
def test_a_file_object_that_changes_under_way(change):
    def alter(file):
        position = file.tell()
        file.truncate(10) if change == "shrinks" else file.seek(0, 2) and file.write(b"more")
        file.seek(position)

    with pytest.raises(cosfast.SourceChanged):
        cosfast.uploadparts(_Changing(b"x" * 100, alter))


@pytest.mark.parametrize("change", ["shrinks", "grows", "rewritten"])
def test_a_path_that_changes_under_way(tmp_path, change):
    path = _written(content(5_000_000), tmp_path)
    pending = [True]

    def alter(_count):
        if pending:
            pending.clear()
            if change == "shrinks":
                os.truncate(path, 4_000_000)
            elif change == "grows":
                with path.open("ab") as file:
                    file.write(b"more")
            else:
                path.write_bytes(content(5_000_000)[::-1])

    with pytest.raises(cosfast.SourceChanged, match="content"):
        cosfast.uploadparts(path, progress=alter)
