"""One stream in memory, limited by the same chain of SHA1RNDS4 as hashlib."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.files import random_bytes
from harness.race import OURS, Contender, Race, Work
from harness.sizes import Sizes, spell_size
from limits.machine_code import instructions, memory_read
from peers import resumable

import cosfast

if TYPE_CHECKING:
    from conftest import Measure

RACE = Race(
    "one stream in memory",
    "hashlib.sha1",
    (
        Contender("cosfast.sha1", lambda work: cosfast.sha1(work.data).hexdigest(), OURS),
        Contender("hashlib.sha1", lambda work: hashlib.sha1(work.data).hexdigest()),
        Contender("rehashes.PySha1", lambda work: resumable.rehashes_digest(work.data)),
        Contender("rehash.sha1", lambda work: resumable.rehash_sha1()(work.data).hexdigest()),
        instructions("shani", "SHA1RNDS4 chain"),
        memory_read(),
    ),
    {"cosfast.sha1": claims.ONE_STREAM},
    rounds=25,
)


SHA256 = Race(
    "one stream in memory",
    "hashlib.sha256",
    (
        Contender("cosfast.sha256", lambda work: cosfast.sha256(work.data).hexdigest(), OURS),
        Contender("hashlib.sha256", lambda work: hashlib.sha256(work.data).hexdigest()),
        instructions("shani", "SHA256RNDS2 chain", algorithm="sha256"),
        memory_read(),
    ),
    {"cosfast.sha256": claims.ONE_STREAM_SHA256},
    rounds=25,
)


@pytest.fixture(scope="module")
def work(sizes: Sizes) -> Work:
    """Return the work of hashing one buffer."""
    data = random_bytes(sizes.stream)
    expected = hashlib.sha1(data).hexdigest()
    return Work(spell_size(len(data)), data, expected, len(data))


@pytest.mark.parametrize("name", RACE.names)
def test_one_stream(measure: Measure, work: Work, name: str) -> None:
    """Hash one buffer."""
    measure(RACE, work, name)


@pytest.fixture(scope="module")
def work_of_sha256(sizes: Sizes) -> Work:
    """Return the work of hashing one buffer with SHA-256."""
    data = random_bytes(sizes.stream)
    expected = hashlib.sha256(data).hexdigest()
    return Work(f"{spell_size(len(data))}, SHA-256", data, expected, len(data))


@pytest.mark.parametrize("name", SHA256.names)
def test_one_stream_of_sha256(measure: Measure, work_of_sha256: Work, name: str) -> None:
    """Hash one buffer with SHA-256."""
    measure(SHA256, work_of_sha256, name)
