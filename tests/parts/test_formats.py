"""Hash contexts of every service: to the letter, read back, and verified."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from worked_values import VECTORS, content

import cosfast
from cosfast.parts.documents import read_parts, write_parts
from cosfast.parts.formats import FORMATS, OSS
from cosfast.parts.model import UploadParts

PUBLISHED = json.loads((VECTORS / "contexts.json").read_text("ascii"))
PDS, QUARK = PUBLISHED["pds"], PUBLISHED["quark"]
PDS_CONTENT = "\n".join(f"test-{i}" for i in range(100)).encode("ascii")
TAKES = [(name, algorithm) for name, each in FORMATS.items() for algorithm in each.field]


def whole(algorithm, data):
    return hashlib.new(algorithm, data).hexdigest()


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_the_vendors_pds_contexts(algorithm):
    parts = cosfast.uploadparts(PDS_CONTENT, slice_size=PDS["part_size"], algorithm=algorithm)
    contexts = parts.contexts()
    assert len(contexts) == PDS["part_number"]
    assert contexts[PDS["part_number"] - 1] == PDS[f"parallel_{algorithm}_ctx"]
    assert contexts[0] == {"h": [], "part_offset": 0}
    assert parts.digest.upper() == PDS[algorithm]
    assert (parts.algorithm, parts.filesize) == (algorithm, 789)


@pytest.mark.parametrize("recorded", QUARK["states"], ids=lambda each: each["sha1"][:8])
def test_the_states_seen_in_quarks_traffic(recorded):
    state = cosfast.Sha1State(recorded["h"], QUARK["length"])
    assert cosfast.Sha1.from_state(state).hexdigest() == recorded["sha1"]
    header = OSS.encode(state)
    words = ",".join(f'"h{number}":"{word}"' for number, word in enumerate(recorded["h"]))
    assert base64.b64decode(header).decode() == (
        '{"hash_type":"sha1",' + words + ',"Nl":"33554432","Nh":"0","data":"","num":"0"}'
    )
    assert OSS.decode(header) == state


@pytest.mark.parametrize(
    ("length", "low", "high"),
    [
        (2**29 - 64, 2**32 - 512, 0),
        (2**29, 0, 1),
        (2**29 + 64, 512, 1),
        (3 * 2**29, 0, 3),
        (2**61 - 64, 2**32 - 512, 2**32 - 1),
    ],
)
def test_bits_on_both_sides_of_512_mib(length, low, high):
    state = cosfast.Sha1State((1, 2, 3, 4, 2**32 - 1), length)
    fields = json.loads(base64.b64decode(OSS.encode(state)))
    assert (fields["Nl"], fields["Nh"]) == (str(low), str(high))
    assert fields["h4"] == "4294967295"
    assert OSS.decode(OSS.encode(state)) == state


def test_a_list_has_them_on_both_sides_of_512_mib_too():
    size = 2**29
    states = [cosfast.Sha1State((n, 2, 3, 4, 5), n * size) for n in (1, 2)]
    parts = UploadParts.from_states(states, 2 * size + 1, size, digest="00" * 20)
    first, second, third = parts.oss_hash_contexts()
    assert first is None
    assert json.loads(base64.b64decode(second))["Nh"] == "1"
    assert json.loads(base64.b64decode(third))["Nh"] == "2"


def test_all_bits_in_the_low_word_are_read():
    fields = {"hash_type": "sha1", **{f"h{n}": "7" for n in range(5)}}
    fields |= {"Nl": str(8 * 2**30), "Nh": "0", "data": "", "num": "0"}
    header = base64.b64encode(json.dumps(fields).encode()).decode()
    assert OSS.decode(header) == cosfast.Sha1State((7,) * 5, 2**30)


def test_the_first_part_and_the_words_of_each_method():
    data = content(3 * 4096 + 5)
    one = cosfast.uploadparts(data, slice_size=4096)
    two = cosfast.uploadparts(data, slice_size=4096, algorithm="sha256")
    assert one.oss_hash_contexts()[0] is None
    assert two.parallel_hash_contexts()[0] is None
    for number in (1, 2, 3):
        cut = data[: number * 4096]
        words = list(cosfast.sha256(cut).state().words)
        assert two.parallel_hash_contexts()[number] == {"h": words, "partOffset": len(cut)}
        assert two.contexts()[number] == {"h": words, "part_offset": len(cut)}
        fields = json.loads(base64.b64decode(one.oss_hash_contexts()[number]))
        assert [int(fields[f"h{n}"]) for n in range(5)] == list(cosfast.sha1(cut).state().words)
    for method in (one.parallel_hash_contexts, two.oss_hash_contexts, two.to_json):
        with pytest.raises(cosfast.InputError, match=r"supports sha\d+, not sha\d+"):
            method()
    with pytest.raises(cosfast.InputError, match=r"SHA-256.*\.digest"):
        _ = two.sha1
    assert two.digest == whole("sha256", data)
    assert one.digest == one.sha1 == whole("sha1", data)


def test_empty_files():
    for algorithm in ("sha1", "sha256"):
        parts = cosfast.uploadparts(b"", algorithm=algorithm)
        assert (parts.digest, list(parts), parts.contexts()) == (whole(algorithm, b""), [], [])


@given(st.integers(0, 2000), st.sampled_from([64, 128, 1024]))
def test_a_sha256_list_is_a_list(size, slice_size):
    data = content(size)
    parts = cosfast.uploadparts(data, slice_size=slice_size, algorithm="sha256")
    assert len(parts) == len(parts.datashas) == -(-size // slice_size)
    assert pickle.loads(pickle.dumps(parts)) == parts
    assert UploadParts(parts.datashas, size, slice_size, algorithm="sha256") == parts
    assert parts != cosfast.uploadparts(data, slice_size=slice_size) or not size
    assert cosfast.verify(data, parts) == []
    if size:
        damaged = bytearray(data)
        damaged[size // 2] ^= 1
        assert cosfast.verify(bytes(damaged), parts) == [size // 2 // slice_size]
    assert cosfast.extend(data + b"more", parts) == cosfast.uploadparts(
        data + b"more", slice_size=slice_size, algorithm="sha256"
    )


@pytest.mark.parametrize("slice_size", [4096, 262144])
def test_large_slices_of_a_sha256_list_are_verified(slice_size):
    data = content(1_000_003)
    parts = cosfast.uploadparts(data, slice_size=slice_size, algorithm="sha256")
    assert cosfast.verify(data, parts) == []
    damaged = bytearray(data)
    damaged[500_000] ^= 1
    damaged[-1] ^= 1
    assert cosfast.verify(damaged, parts) == [500_000 // slice_size, len(parts) - 1]


def test_extend_names_another_algorithm():
    parts = cosfast.uploadparts(b"data", algorithm="sha256")
    assert cosfast.extend(b"data", parts, algorithm="sha256") == parts
    with pytest.raises(cosfast.InputError, match="sha256.*sha1"):
        cosfast.extend(b"data", parts, algorithm="sha1")
    with pytest.raises(cosfast.SourceChanged, match="did not only grow"):
        cosfast.extend(b"Data", parts)


def test_a_builder_of_sha256():
    builder = cosfast.PartsBuilder(64, algorithm="sha256")
    builder.update(bytes(100))
    assert builder.finish() == cosfast.uploadparts(bytes(100), slice_size=64, algorithm="sha256")
    assert (builder.algorithm, builder.digest) == ("sha256", whole("sha256", bytes(100)))
    with pytest.raises(cosfast.InputError, match=r"SHA-256.*\.digest"):
        _ = builder.sha1


# -- documents


@pytest.mark.parametrize(("name", "algorithm"), TAKES)
@pytest.mark.parametrize("count", [0, 1, 2, 5])
def test_every_document_comes_back(name, algorithm, count):
    form = FORMATS[name]
    size = form.slice_size if form.fixed_size else 4096
    data = content(max(0, count * size - 3))
    parts = cosfast.uploadparts(data, slice_size=size, algorithm=algorithm)
    text = write_parts(parts, form)
    assert "\n" not in text
    # An empty list and one of a single part say neither the slice size nor, empty, the algorithm.
    back = read_parts(text)
    assert (back.digest, back.filesize, back.has_digest) == (parts.digest, len(data), True)
    if count > 1:
        assert back == parts
    assert cosfast.verify(data, back) == []
    if data:
        assert cosfast.verify(bytes(len(data)), back) == list(range(len(parts)))


@pytest.mark.parametrize(
    ("method", "algorithm"),
    [
        ("contexts", "sha1"),
        ("contexts", "sha256"),
        ("oss_hash_contexts", "sha1"),
        ("parallel_hash_contexts", "sha256"),
    ],
)
def test_contexts_alone_check_every_part_but_the_last(method, algorithm):
    data = content(4 * 4096 + 100)
    parts = cosfast.uploadparts(data, slice_size=4096, algorithm=algorithm)
    text = json.dumps(getattr(parts, method)())
    back = read_parts(text, filesize=len(data))
    assert (back.has_digest, back.algorithm, len(back)) == (False, algorithm, 5)
    assert getattr(back, method)() == getattr(parts, method)()
    assert pickle.loads(pickle.dumps(back)) == back != parts
    assert "not known" in repr(back)
    for index in range(5):
        damaged = bytearray(data)
        damaged[index * 4096 + 50] ^= 1
        assert cosfast.verify(damaged, back) == ([index] if index < 4 else [])
    assert cosfast.verify(data[:-1], back) == [4]
    assert cosfast.verify(data + b"x", back) == [4]
    whole_list = read_parts(text, filesize=len(data), digest=parts.digest)
    assert whole_list == parts
    assert cosfast.verify(damaged, whole_list) == [4]
    for needs_digest in (
        lambda: back.digest,
        lambda: back.datashas,
        lambda: back[-1],
        lambda: cosfast.extend(data, back),
    ):
        with pytest.raises(cosfast.InputError, match="digest"):
            needs_digest()
    with pytest.raises(cosfast.InputError, match="no valid file size"):
        read_parts(text)
    with pytest.raises(cosfast.InputError, match="make 6 parts, not 5"):
        read_parts(text, filesize=5 * 4096 + 1)


def test_contexts_of_a_single_part():
    back = read_parts("[null]", filesize=100)
    assert (len(back), back.has_digest, back.oss_hash_contexts()) == (1, False, [None])
    first = json.dumps([{"h": [], "part_offset": 0}])
    assert read_parts(first, filesize=100, digest=whole("sha1", bytes(100))).digest


def test_what_the_services_themselves_send():
    """PDS without the contexts' names of a digest, and a first part without a context."""
    data = content(2 * 128 + 1)
    parts = cosfast.uploadparts(data, slice_size=128, algorithm="sha256")
    entries = [
        {"part_number": number + 1, "part_size": part.datalen}
        | ({"parallel_sha256_ctx": context} if number else {})
        for number, (part, context) in enumerate(zip(parts, parts.contexts(), strict=True))
    ]
    back = read_parts(json.dumps({"part_info_list": entries}))
    assert (back.has_digest, back.contexts()) == (False, parts.contexts())
    entries[1]["part_size"] = 127
    with pytest.raises(cosfast.InputError, match="make 2 parts, not 3"):
        read_parts(json.dumps({"part_info_list": entries}))
    with pytest.raises(cosfast.InputError, match="part 1: part_size is 127, not 128"):
        read_parts(json.dumps({"part_info_list": entries}), filesize=257)


def oss(**changes):
    fields = {"hash_type": "sha1", **{f"h{n}": "7" for n in range(5)}, "Nl": "1024", "Nh": "0"}
    text = json.dumps({**fields, "data": "", "num": "0", **changes})
    return base64.b64encode(text.encode()).decode()


def pds(words=(1, 2, 3, 4, 5), offset=128):
    return {"h": list(words) if isinstance(words, tuple) else words, "part_offset": offset}


FIRST = pds((), 0)


@pytest.mark.parametrize(
    ("contexts", "names"),
    [
        ([FIRST, pds((1, 2, 3, 4))], "part 1: h must have 5 words .* not 4"),
        ([FIRST, pds((1, 2, 3, 4, 2**32))], "part 1: word h4"),
        ([FIRST, pds((1, 2, 3, 4, -1))], "part 1: word h4"),
        ([FIRST, pds((1, 2, 3, 4, True))], "part 1: word h4"),
        ([FIRST, pds("12345")], "part 1: h must be a list"),
        ([FIRST, pds(offset=100)], "part 1: .*multiple of 64, not 100"),
        ([FIRST, pds(offset=-64)], "part 1: .*offset"),
        ([FIRST, pds(offset="128")], "part 1: .*offset"),
        ([FIRST, pds(offset=10**30)], "part 1: .*offset"),
        ([FIRST, pds(), pds(offset=128)], "part 2 is at offset 128, not 256"),
        ([FIRST, pds(), pds((1,) * 8, 256)], "part 2 is not a state of SHA-1"),
        ([FIRST, pds(), None], "part 2 has no context"),
        ([pds(), pds()], "part 0 has a context"),
        ([None, oss(hash_type="md5")], "part 1: .*hash_type"),
        ([None, oss(h2="4294967296")], "part 1: word h2"),
        ([None, oss(h2=7)], "part 1: .*h2 is not a decimal"),
        ([None, oss(h2="-7")], "part 1: .*h2 is not a decimal"),
        ([None, oss(Nl="1023")], "part 1: .*1023 bits"),
        ([None, oss(Nl="1032")], "part 1: .*multiple of 64, not 129"),
        ([None, oss(Nl="4294967296", Nh="1")], "part 1: .*Nl"),
        ([None, oss(num="1")], "part 1: .*pending"),
        ([None, oss(data="eA==")], "part 1: .*pending"),
        ([None, "%%%"], "part 1: .*base64"),
        ([None, base64.b64encode(b"7").decode()], "part 1: .*object"),
        ([None, 7], "part 1|part 0"),
    ],
)
def test_contexts_that_are_none_are_named(contexts, names):
    with pytest.raises(cosfast.InputError, match=names):
        read_parts(json.dumps(contexts), filesize=300)


def test_documents_that_contradict_themselves_are_named():
    parts = cosfast.uploadparts(content(300), slice_size=128)
    good = json.loads(write_parts(parts, FORMATS["pds"]))
    for change, names in [
        ({"content_hash_name": "md5"}, "content_hash_name"),
        ({"content_hash_name": "sha256"}, "SHA-256"),
        ({"content_hash": "12"}, "40 hex digits"),
        ({"content_hash": 12}, "content_hash"),
        ({"size": "300"}, "size"),
        ({"size": 600}, "make 5 parts"),
        ({"part_info_list": [7]}, "part 0"),
        ({"part_info_list": list(reversed(good["part_info_list"]))}, "part_number is 3, not 1"),
    ]:
        with pytest.raises(cosfast.InputError, match=names):
            read_parts(json.dumps({**good, **change}))


def test_a_format_for_another_algorithm_or_size_is_refused():
    one = cosfast.uploadparts(content(300), slice_size=128)
    two = cosfast.uploadparts(content(300), slice_size=128, algorithm="sha256")
    for parts, name in [(two, "cos"), (two, "wedrive"), (two, "oss"), (one, "cmcc")]:
        with pytest.raises(cosfast.InputError, match=re.escape(FORMATS[name].service)):
            write_parts(parts, FORMATS[name])
    with pytest.raises(cosfast.InputError, match="2097152 bytes, not 128"):
        write_parts(one, FORMATS["wedrive"])
    assert FORMATS["wedrive"].slice_size == cosfast.WEDRIVE_BLOCK_SIZE == 2097152
    assert FORMATS["cos"].slice_size == cosfast.SLICE_SIZE == 1048576


def test_part_sizes_that_a_service_forbids():
    size = 6 * 1024**3
    parts = UploadParts.from_raw(bytes(40), 2 * size, size)
    for contexts in (parts.contexts, parts.oss_hash_contexts):
        with pytest.raises(cosfast.InputError, match=f"at most 5368709120 bytes, not {size}"):
            contexts()
