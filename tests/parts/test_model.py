"""The list and its wire forms."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worked_values import content

import cosfast

HEX = "0123456789abcdef0123456789abcdef01234567"
THREE = cosfast.uploadparts(content(300), slice_size=128)


def test_the_wire_string_is_compact_and_in_the_protocols_order(vector):
    parts = cosfast.uploadparts(vector["content"], slice_size=vector["slice_size"])
    expected = json.dumps(vector["uploadparts"], separators=(",", ":"))
    assert parts.to_json() == expected


def test_is_a_sequence():
    assert len(THREE) == 3
    assert THREE[0] == THREE[-3] == cosfast.UploadPart(0, 128, THREE.datashas[0])
    assert THREE[1:] == (THREE[1], THREE[2])
    assert list(THREE) == [THREE[0], THREE[1], THREE[2]]
    assert THREE[2] in THREE
    assert THREE.index(THREE[2]) == 2
    with pytest.raises(IndexError):
        THREE[3]
    assert "3 of 128 bytes" in repr(THREE)


@given(st.integers(0, 3000), st.integers(1, 10).map(lambda n: n * 64))
def test_comes_back_from_json_and_pickle(size, slice_size):
    parts = cosfast.uploadparts(content(size), slice_size=slice_size)
    assert cosfast.UploadParts.from_json(parts.to_json(), slice_size=slice_size) == parts
    assert pickle.loads(pickle.dumps(parts)) == parts
    assert hash(pickle.loads(pickle.dumps(parts))) == hash(parts)
    if len(parts) > 1:
        assert cosfast.UploadParts.from_json(parts.to_json()) == parts


def test_a_single_part_is_of_the_usual_slice_size():
    text = json.dumps([{"offset": 0, "datalen": 1000, "datasha": HEX}])
    assert cosfast.UploadParts.from_json(text).slice_size == cosfast.SLICE_SIZE
    large = json.dumps([{"offset": 0, "datalen": 2_000_001, "datasha": HEX}])
    assert cosfast.UploadParts.from_json(large).slice_size == 2_000_064
    assert cosfast.UploadParts.from_json("[]").sha1 == cosfast.sha1().hexdigest()


def test_pds_contexts_are_the_states_before():
    data = content(3 * 4096 + 5)
    parts = cosfast.uploadparts(data, slice_size=4096)
    contexts = parts.contexts()
    assert contexts[0] == {"h": [], "part_offset": 0}
    for number in (1, 2, 3):
        state = cosfast.sha1(data[: number * 4096]).state()
        assert contexts[number] == {"h": list(state.words), "part_offset": number * 4096}


def entry(**changes):
    return {"offset": 0, "datalen": 64, "datasha": HEX, **changes}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ("{}", "not a JSON array"),
        ("[7]", "part 0 is not"),
        (json.dumps([entry(offset=-1)]), "part 0: offset"),
        (json.dumps([entry(offset=True)]), "part 0: offset"),
        (json.dumps([entry(datalen="64")]), "part 0: datalen"),
        (json.dumps([entry(datalen=0)]), "part 0 is empty"),
        (json.dumps([entry(datasha="x")]), "part 0.*40 hex"),
        (json.dumps([entry(datasha=None)]), "part 0.*40 hex"),
        (json.dumps([{"offset": 0, "datalen": 1}]), "part 0.*40 hex"),
        (json.dumps([entry(offset=64)]), "part 0 is 64 bytes at 64"),
        (json.dumps([entry(), entry(offset=128)]), "part 1 is 64 bytes at 128"),
        (json.dumps([entry(), entry()]), "part 1 is 64 bytes at 0"),
        (json.dumps([entry(), entry(offset=64, datalen=128)]), "part 1 is 128"),
        (json.dumps([entry(datalen=63), entry(offset=63)]), "multiple of 64"),
    ],
)
def test_a_list_that_is_none_is_named(text, names):
    with pytest.raises(cosfast.InputError, match=names):
        cosfast.UploadParts.from_json(text)


def test_entries_must_fit_the_file():
    with pytest.raises(cosfast.InputError, match="make 2 parts, not 1"):
        cosfast.UploadParts([HEX], 100, 64)
    with pytest.raises(cosfast.InputError, match="40 hex"):
        cosfast.UploadParts(["short"], 64, 64)
    with pytest.raises(cosfast.InputError):
        cosfast.UploadParts([], -64, 64)


@pytest.mark.parametrize("filesize", [64.0, "64", None, True, -64, 2**61])
def test_a_filesize_is_a_whole_number_of_bytes(filesize):
    with pytest.raises(cosfast.InputError, match=r"filesize|parts"):
        cosfast.UploadParts(["00" * 20], filesize, 64)
    with pytest.raises(cosfast.InputError, match=r"filesize|parts"):
        cosfast.UploadParts.from_raw(bytes(20), filesize, 64)
