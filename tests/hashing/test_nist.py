"""NIST's CAVP vectors for SHA-1: short, long and Monte Carlo messages."""

from __future__ import annotations

import re

import cryptography_vectors
import pytest

import cosfast

FOLDER = "hashes/SHA1"
ENTRY = re.compile(r"^(\w+) = ([0-9a-fA-F]+)\s*$", re.MULTILINE)


def entries(name):
    with cryptography_vectors.open_vector_file(f"{FOLDER}/{name}", "r") as file:
        return ENTRY.findall(file.read())


@pytest.mark.parametrize("name", ["SHA1ShortMsg.rsp", "SHA1LongMsg.rsp"])
def test_messages(name):
    found = entries(name)
    lengths = [int(value) for key, value in found if key == "Len"]
    messages = [bytes.fromhex(value) for key, value in found if key == "Msg"]
    digests = [value for key, value in found if key == "MD"]
    assert len(lengths) == len(messages) == len(digests) > 60
    for bits, message, digest in zip(lengths, messages, digests, strict=True):
        assert cosfast.sha1(message[: bits // 8]).hexdigest() == digest


def test_monte_carlo():
    found = entries("SHA1Monte.rsp")
    seed = bytes.fromhex(next(value for key, value in found if key == "Seed"))
    digests = [value for key, value in found if key == "MD"]
    assert len(digests) == 100
    for expected in digests:
        window = [seed] * 3
        for _ in range(1000):
            window.append(cosfast.sha1(b"".join(window[-3:])).digest())
        seed = window[-1]
        assert seed.hex() == expected
