"""Both algorithms of the C core, straight through the binding, with each kernel of this machine."""

from __future__ import annotations

import hashlib
import os
import re

import cryptography_vectors
import pytest

from cosfast.hashing.core import ffi, kernel_name, lib

ENTRY = re.compile(r"^(\w+) = ([0-9a-fA-F]+)\s*$", re.MULTILINE)
FOLDERS = {"SHA1": "SHA1", "SHA256": "SHA2"}
ALGORITHMS = {"SHA1": lib.COSFAST_SHA1, "SHA256": lib.COSFAST_SHA256}
KERNELS = [
    kernel_name(number)
    for number in range(lib.cosfast_kernel_count())
    if lib.cosfast_kernel_supported(number)
]


@pytest.fixture(params=KERNELS)
def kernel(request):
    assert lib.cosfast_select(request.param.encode()) == lib.COSFAST_SELECTED
    yield request.param
    lib.cosfast_select(os.environ.get("COSFAST_KERNEL", "").encode() or ffi.NULL)


@pytest.fixture(params=ALGORITHMS)
def name(request):
    return request.param


def entries(name, file):
    path = f"hashes/{FOLDERS[name]}/{name}{file}.rsp"
    with cryptography_vectors.open_vector_file(path, "r") as opened:
        return ENTRY.findall(opened.read())


def whole(algorithm, message):
    digest = ffi.new("uint8_t[]", lib.cosfast_digest_size(algorithm))
    lib.cosfast_hash(algorithm, message, len(message), digest)
    return bytes(digest)


def streamed(algorithm, message, cut):
    context, other = ffi.new("cosfast_context *"), ffi.new("cosfast_context *")
    lib.cosfast_init(context, algorithm)
    lib.cosfast_update(context, message[:cut], cut)
    assert lib.cosfast_import(
        other, algorithm, list(context.h), context.length, bytes(context.pending)
    )
    lib.cosfast_update(other, message[cut:], len(message) - cut)
    digest = ffi.new("uint8_t[]", lib.cosfast_digest_size(algorithm))
    lib.cosfast_digest(other, digest)
    return bytes(digest)


def together(algorithm, messages):
    size = lib.cosfast_digest_size(algorithm)
    digests = ffi.new("uint8_t[]", size * len(messages))
    views = [ffi.from_buffer("uint8_t[]", message) for message in messages]
    lib.cosfast_hash_many(algorithm, views, list(map(len, messages)), len(messages), digests)
    joined = bytes(digests)
    return [joined[at : at + size] for at in range(0, len(joined), size)]


@pytest.mark.parametrize("file", ["ShortMsg", "LongMsg"])
def test_nist_messages(kernel, name, file):
    algorithm = ALGORITHMS[name]
    found = entries(name, file)
    lengths = [int(value) // 8 for key, value in found if key == "Len"]
    texts = [bytes.fromhex(value) for key, value in found if key == "Msg"]
    digests = [bytes.fromhex(value) for key, value in found if key == "MD"]
    assert len(lengths) == len(texts) == len(digests) > 60
    messages = [text[:length] for text, length in zip(texts, lengths, strict=True)]
    assert [whole(algorithm, message) for message in messages] == digests
    assert [streamed(algorithm, message, len(message) // 3) for message in messages] == digests
    assert together(algorithm, messages) == digests


def test_nist_monte_carlo(kernel, name):
    found = entries(name, "Monte")
    seed = bytes.fromhex(next(value for key, value in found if key == "Seed"))
    digests = [bytes.fromhex(value) for key, value in found if key == "MD"]
    assert len(digests) == 100
    for expected in digests:
        window = [seed] * 3
        for _ in range(1000):
            window.append(whole(ALGORITHMS[name], b"".join(window[-3:])))
        seed = window[-1]
        assert seed == expected


def test_many_messages_are_hashlibs(kernel, name):
    messages = [hashlib.shake_128(b"%d" % n).digest(n * 7919 % 5000) for n in range(300)]
    expected = [hashlib.new(name, message).digest() for message in messages]
    assert together(ALGORITHMS[name], messages) == expected


def test_streams_are_compressed_from_any_state(kernel, name):
    """The blocks of a message, cut into streams that each start from the state before them."""
    algorithm = ALGORITHMS[name]
    size = lib.cosfast_digest_size(algorithm)
    message = hashlib.shake_128(b"streams").digest(64 * 1000)
    context = ffi.new("cosfast_context *")
    lib.cosfast_init(context, algorithm)
    start = ffi.from_buffer("uint8_t[]", message)
    streams = ffi.new("cosfast_stream[]", 40)
    after = []
    for number, stream in enumerate(streams):
        stream.h = list(context.h)
        stream.data = start + 64 * 25 * number
        stream.blocks = 25
        lib.cosfast_update(context, stream.data, 64 * 25)
        after.append(list(context.h)[: size // 4])
    lib.cosfast_compress_many(algorithm, streams, len(streams))
    assert [list(stream.h)[: size // 4] for stream in streams] == after


def test_files_are_hashlibs(kernel, name, tmp_path):
    if not lib.COSFAST_HAS_FILES:
        pytest.skip("this system has no cosfast_hash_files")
    algorithm, count = ALGORITHMS[name], 70
    size = lib.cosfast_digest_size(algorithm)
    contents = [hashlib.shake_128(b"%d" % n).digest(n * 131 % 3000) for n in range(count)]
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)
    paths = b"".join(str(tmp_path / str(n)).encode() + b"\0" for n in range(count))
    heap, errors = ffi.new("uint8_t[]", 1 << 16), ffi.new("int32_t[]", count)
    sizes, digests = ffi.new("uint64_t[]", count), ffi.new("uint8_t[]", count * size)
    lib.cosfast_hash_files(algorithm, paths, count, 3000, heap, len(heap), errors, sizes, digests)
    assert not any(errors)
    assert list(sizes) == list(map(len, contents))
    expected = b"".join(hashlib.new(name, content).digest() for content in contents)
    assert bytes(digests) == expected
