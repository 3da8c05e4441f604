"""`verify` and `extend`: what a list says of a file that is there already."""

from __future__ import annotations

import io
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from worked_values import content

import cosfast


def test_the_vectors_match(vector, tmp_path):
    parts = cosfast.UploadParts.from_json(
        cosfast.uploadparts(vector["content"], slice_size=vector["slice_size"]).to_json(),
        slice_size=vector["slice_size"],
    )
    path = tmp_path / "content"
    path.write_bytes(vector["content"])
    for source in (vector["content"], path, io.BytesIO(vector["content"])):
        assert cosfast.verify(source, parts) == []


@settings(max_examples=150)
@given(st.data(), st.integers(1, 6000), st.integers(1, 12).map(lambda n: n * 64))
def test_exactly_the_broken_slices_are_named(data, size, slice_size):
    original = content(size)
    parts = cosfast.uploadparts(original, slice_size=slice_size)
    places = data.draw(st.sets(st.integers(0, size - 1), max_size=5))
    broken = bytearray(original)
    for place in places:
        broken[place] ^= 1 << (place % 8)
    expected = sorted({place // slice_size for place in places})
    assert cosfast.verify(broken, parts) == expected


@pytest.mark.parametrize(
    ("size", "expected"),
    [(0, [0, 1, 2]), (100, [0, 1, 2]), (128, [1, 2]), (299, [2]), (301, [2]), (384, [2])],
)
def test_a_file_of_another_length(size, expected):
    original = content(1000)
    parts = cosfast.uploadparts(original[:300], slice_size=128)
    assert cosfast.verify(original[:size], parts) == expected


def test_slices_beyond_the_list_differ():
    original = content(1000)
    parts = cosfast.uploadparts(original[:256], slice_size=128)
    assert cosfast.verify(original[:512], parts) == [2, 3]


@pytest.mark.parametrize("slice_size", [None, 128])
def test_an_empty_list_has_no_slice_that_could_differ(tmp_path, slice_size):
    empty = cosfast.UploadParts.from_json("[]", slice_size=slice_size)
    path = tmp_path / "content"
    path.write_bytes(content(200))
    for source in (content(200), path, io.BytesIO(content(200))):
        with pytest.raises(cosfast.InputError, match="list is empty.* 200 bytes"):
            cosfast.verify(source, empty)
    path.write_bytes(b"")
    for source in (b"", path, io.BytesIO()):
        assert cosfast.verify(source, empty) == []


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 6).map(lambda n: n * 64))
def test_extend_is_the_list_of_the_grown_file(before, more, slice_size):
    data = content(before + more)
    parts = cosfast.uploadparts(data[:before], slice_size=slice_size)
    assert cosfast.extend(data, parts) == cosfast.uploadparts(data, slice_size=slice_size)


def test_extend_reads_only_the_end(tmp_path):
    """Bytes before the last interior state are not looked at: a change there goes unseen."""
    path = tmp_path / "log"
    path.write_bytes(content(1000))
    parts = cosfast.uploadparts(path, slice_size=256)
    with path.open("r+b") as file:
        file.write(b"\0" * 256)
        file.seek(0, os.SEEK_END)
        file.write(b"appended")
    assert cosfast.extend(path, parts).datashas[:3] == parts.datashas[:3]


def test_extend_refuses_what_did_not_only_grow():
    parts = cosfast.uploadparts(content(1000), slice_size=256)
    with pytest.raises(cosfast.SourceChanged, match="shrank"):
        cosfast.extend(content(1000)[:999], parts)
    changed = bytearray(content(1000) + b"more")
    changed[999] ^= 1
    with pytest.raises(cosfast.SourceChanged, match="before 1000"):
        cosfast.extend(changed, parts)
