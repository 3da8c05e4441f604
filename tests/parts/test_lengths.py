"""The length of a file is what reading to its end gives, whatever its size is said to be."""

from __future__ import annotations

import io
import os

import pytest
from lengths import KERNEL_FILES, ClaimingFile, EndlessFile, claim_size, empty_array, kernel_file
from worked_values import content

import cosfast

SIZE = 300_000
CLAIMS = [0, 1, SIZE - 1, SIZE + 1, 2 * SIZE, 64 * 1024 * 1024]


def agrees(source, data, *, slice_size=4096):
    """Compare what each entry point makes of a source with what it makes of its bytes."""
    expected = cosfast.uploadparts(data, slice_size=slice_size)
    assert cosfast.uploadparts(source(), slice_size=slice_size) == expected
    assert cosfast.verify(source(), expected) == []
    other = bytearray(data)
    other[0] ^= 1
    assert cosfast.verify(source(), cosfast.uploadparts(other, slice_size=slice_size))[0] == 0
    longer = cosfast.uploadparts(data + bytes(slice_size), slice_size=slice_size)
    assert cosfast.verify(source(), longer)[-1] == len(longer) - 1
    begin = cosfast.uploadparts(data[: len(data) // 2], slice_size=slice_size)
    assert cosfast.extend(source(), begin) == expected
    with pytest.raises(cosfast.SourceChanged, match="shrank"):
        cosfast.extend(source(), longer)


def many(path, data, **options):
    expected = cosfast.uploadparts(data, **options)
    return dict(cosfast.uploadparts_many([path] * 3, **options)) == {path: expected}


@pytest.mark.parametrize("path", KERNEL_FILES)
def test_kernel_files(path, opened):
    path, data = kernel_file(path)
    agrees(lambda: path, data, slice_size=64)
    agrees(lambda: opened(path), data, slice_size=64)
    agrees(lambda: opened(path, buffering=0), data, slice_size=64)
    assert many(path, data)
    assert many(path, data, slice_size=64)


@pytest.mark.parametrize("claimed", CLAIMS)
def test_a_path(tmp_path, monkeypatch, opened, claimed):
    data = content(SIZE)
    path = tmp_path / "file"
    path.write_bytes(data)
    claim_size(monkeypatch, path, claimed)
    agrees(lambda: path, data)
    agrees(lambda: opened(path), data)
    assert many(path, data)


@pytest.mark.parametrize("claimed", CLAIMS)
def test_a_file_object(claimed):
    data = content(SIZE)
    agrees(lambda: ClaimingFile(data, claimed), data)
    agrees(lambda: EndlessFile(data), data)


def test_a_file_object_is_taken_from_where_it_stands():
    data = content(SIZE)
    for file in (ClaimingFile(data, 7), ClaimingFile(data, SIZE * 2), EndlessFile(data)):
        file.seek(1000)
        assert cosfast.uploadparts(file) == cosfast.uploadparts(data[1000:])
    file = io.BytesIO(data)
    file.seek(SIZE + 5)
    assert cosfast.uploadparts(file) == cosfast.uploadparts(b"")


def test_kernel_files_are_taken_from_where_they_stand():
    for name in KERNEL_FILES:
        path, data = kernel_file(name)
        with open(path, "rb") as file:
            assert file.read(5) == data[:5]
            assert cosfast.uploadparts(file) == cosfast.uploadparts(data[5:])


def test_sizes_at_the_edges_hold(tmp_path):
    """What ends where the system says is read in lanes and slices, not copied."""
    for size in (0, 1, 4096, 4097, SIZE):
        path = tmp_path / str(size)
        path.write_bytes(content(size))
        with cosfast.parts.sources.open_source(path) as source:
            assert source.size == size
        with path.open("rb") as file, cosfast.parts.sources.open_source(file) as source:
            assert source.size == size
            assert file.tell() == 0


@pytest.mark.parametrize("change", ["grows", "shrinks"])
@pytest.mark.parametrize("as_object", [False, True])
def test_a_change_while_it_is_opened_is_a_change(tmp_path, monkeypatch, opened, change, as_object):
    """Not a file that never tells its length: the size moves with the content."""
    path = tmp_path / "file"
    path.write_bytes(content(SIZE))
    really = os.fstat
    pending = [True]

    def change_after(descriptor):
        status = really(descriptor)
        if pending and status.st_size == SIZE:
            pending.clear()
            if change == "grows":
                with path.open("ab") as file:
                    file.write(b"more")
            else:
                os.truncate(path, SIZE // 2)
        return status

    monkeypatch.setattr(os, "fstat", change_after)
    source = opened(path) if as_object else path
    with pytest.raises(cosfast.SourceChanged):
        cosfast.uploadparts(source)


@pytest.mark.parametrize("shape", [(0,), (0, 3), (3, 0), (0, 0, 2)])
def test_empty_arrays_of_any_shape_are_no_bytes(shape):
    empty = empty_array(shape)
    assert cosfast.uploadparts(empty) == cosfast.uploadparts(b"")
    assert cosfast.verify(empty, cosfast.uploadparts(b"")) == []
    assert cosfast.extend(empty, cosfast.uploadparts(b"")) == cosfast.uploadparts(b"")
    builder = cosfast.PartsBuilder()
    builder.update(empty)
    assert builder.finish() == cosfast.uploadparts(b"")
    assert cosfast.sha1(empty).hexdigest() == cosfast.sha1().hexdigest()


def test_arrays_of_any_shape_are_their_bytes():
    array = memoryview(content(48)).cast("H", (2, 3, 4))
    assert cosfast.uploadparts(array) == cosfast.uploadparts(content(48))
    assert cosfast.sha1(array).digest() == cosfast.sha1(content(48)).digest()
    with pytest.raises(cosfast.InputError, match="contiguous"):
        cosfast.uploadparts(memoryview(content(48))[::2])
