"""Small updates: the overhead of a call, and of exporting and importing a state."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from harness import claims
from harness.files import random_bytes
from harness.race import OURS, Contender, Race, Work
from harness.sizes import spell_size
from peers import resumable

import cosfast

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Measure

UPDATE_SIZES = (16, 64, 256, 1024, 4096, 16384)
DIGEST_SIZES = (64, 100, 1024)
CLAIMED_UPDATE, CLAIMED_DIGEST = 16, 100


def updates(work: Work, sha1: Any) -> Any:
    """Update one object repeatedly with the same bytes; return the object."""
    data, update = work.data, sha1.update
    for _ in range(work.repeats):
        update(data)
    return sha1


def digests(work: Work, digest: Callable[[bytes], str]) -> str:
    """Hash the same short message repeatedly, with a new object each time."""
    data = work.data
    for _ in range(work.repeats - 1):
        digest(data)
    return digest(data)


def moves_of_cosfast(work: Work) -> str:
    """Export the state as bytes and continue in a new object, repeatedly."""
    sha1 = cosfast.sha1(work.data)
    for _ in range(work.repeats):
        state = cosfast.Sha1State.from_bytes(sha1.state().to_bytes())
        sha1 = cosfast.Sha1.from_state(state)
    return sha1.hexdigest()


def moves_of_rehashes(work: Work) -> str:
    """Do the same with rehashes."""
    kind = resumable.rehashes_sha1()
    sha1 = kind()
    sha1.update(work.data)
    for _ in range(work.repeats):
        sha1 = kind.deserialize(sha1.serialize())
    return str(sha1.finalize())


UPDATES = Race(
    "small updates",
    "hashlib.sha1",
    (
        Contender("cosfast.sha1", lambda work: updates(work, cosfast.sha1()).hexdigest(), OURS),
        Contender("hashlib.sha1", lambda work: updates(work, hashlib.sha1()).hexdigest()),
        Contender(
            "rehashes.PySha1",
            lambda work: updates(work, resumable.rehashes_sha1()()).finalize(),
        ),
    ),
)
DIGESTS = Race(
    "small updates",
    "hashlib.sha1",
    (
        Contender(
            "cosfast.sha1",
            lambda work: digests(work, lambda data: cosfast.sha1(data).hexdigest()),
            OURS,
        ),
        Contender(
            "hashlib.sha1",
            lambda work: digests(work, lambda data: hashlib.sha1(data).hexdigest()),
        ),
        Contender(
            "rehashes.PySha1",
            lambda work: digests(work, resumable.rehashes_digest),
        ),
    ),
)
CLAIMED_UPDATES = replace(UPDATES, claims={"cosfast.sha1": claims.UPDATE_16})
CLAIMED_DIGESTS = replace(DIGESTS, claims={"cosfast.sha1": claims.DIGEST_100})
SHA256_UPDATES = Race(
    "small updates",
    "hashlib.sha256",
    (
        Contender("cosfast.sha256", lambda work: updates(work, cosfast.sha256()).hexdigest(), OURS),
        Contender("hashlib.sha256", lambda work: updates(work, hashlib.sha256()).hexdigest()),
    ),
)
SHA256_DIGESTS = Race(
    "small updates",
    "hashlib.sha256",
    (
        Contender(
            "cosfast.sha256",
            lambda work: digests(work, lambda data: cosfast.sha256(data).hexdigest()),
            OURS,
        ),
        Contender(
            "hashlib.sha256",
            lambda work: digests(work, lambda data: hashlib.sha256(data).hexdigest()),
        ),
    ),
)
MOVES = Race(
    "small updates",
    "rehashes.PySha1",
    (
        Contender("cosfast.sha1", moves_of_cosfast, OURS),
        Contender("rehashes.PySha1", moves_of_rehashes),
    ),
)


def work_of_updates(size: int, algorithm: str) -> Work:
    """Return the work of updates of one size."""
    data = random_bytes(size)
    repeats = min(20_000, 2**24 // size)
    expected = hashlib.new(algorithm, data * repeats).hexdigest()
    title = f"update of {spell_size(size)}" + (", SHA-256" if algorithm == "sha256" else "")
    return Work(title, data, expected, size, repeats)


def work_of_digests(size: int, algorithm: str) -> Work:
    """Return the work of hashing short messages of one size."""
    data = random_bytes(size)
    expected = hashlib.new(algorithm, data).hexdigest()
    title = f"message of {spell_size(size)}" + (", SHA-256" if algorithm == "sha256" else "")
    return Work(title, data, expected, size, 10_000)


@pytest.fixture(params=UPDATE_SIZES)
def update(request: pytest.FixtureRequest) -> Work:
    """Return the work of updates of one size."""
    return work_of_updates(request.param, "sha1")


@pytest.fixture(params=DIGEST_SIZES)
def digest(request: pytest.FixtureRequest) -> Work:
    """Return the work of hashing short messages."""
    return work_of_digests(request.param, "sha1")


@pytest.fixture
def update_of_sha256() -> Work:
    """Return the work of short updates of SHA-256."""
    return work_of_updates(CLAIMED_UPDATE, "sha256")


@pytest.fixture
def digest_of_sha256() -> Work:
    """Return the work of hashing short messages with SHA-256."""
    return work_of_digests(CLAIMED_DIGEST, "sha256")


@pytest.fixture
def move() -> Work:
    """Return the work of exporting and importing a state with pending bytes."""
    data = random_bytes(100)
    expected = hashlib.sha1(data).hexdigest()
    return Work("state out and in", data, expected, repeats=2000)


@pytest.mark.parametrize("name", UPDATES.names)
def test_update(measure: Measure, update: Work, name: str) -> None:
    """Update one object many times."""
    measure(CLAIMED_UPDATES if update.size == CLAIMED_UPDATE else UPDATES, update, name)


@pytest.mark.parametrize("name", DIGESTS.names)
def test_digest(measure: Measure, digest: Work, name: str) -> None:
    """Hash many short messages."""
    measure(CLAIMED_DIGESTS if digest.size == CLAIMED_DIGEST else DIGESTS, digest, name)


@pytest.mark.parametrize("name", SHA256_UPDATES.names)
def test_update_of_sha256(measure: Measure, update_of_sha256: Work, name: str) -> None:
    """Update one SHA-256 many times."""
    measure(SHA256_UPDATES, update_of_sha256, name)


@pytest.mark.parametrize("name", SHA256_DIGESTS.names)
def test_digest_of_sha256(measure: Measure, digest_of_sha256: Work, name: str) -> None:
    """Hash many short messages with SHA-256."""
    measure(SHA256_DIGESTS, digest_of_sha256, name)


@pytest.mark.parametrize("name", MOVES.names)
def test_state_out_and_in(measure: Measure, move: Work, name: str) -> None:
    """Export and import a state many times."""
    measure(MOVES, move, name)
