"""Hash contexts of a file in the page cache, in every format: beside a digest alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest
from harness import claims
from harness.race import OURS, Contender, Race, Work
from harness.sizes import Sizes, spell_size
from peers import pure_python

import cosfast

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Measure
    from harness.files import Files

PART = 4 * 1024 * 1024
SMALL_PART = 256 * 1024


def all_contexts(path: Path, algorithm: str) -> tuple[Any, ...]:
    """Return the digest and the contexts in every format that takes the algorithm."""
    parts = cosfast.uploadparts(path, slice_size=PART, algorithm=algorithm)
    other = parts.oss_hash_contexts() if algorithm == "sha1" else parts.parallel_hash_contexts()
    return parts.digest, len(parts.contexts()), len(other)


def digest_alone(path: Path, algorithm: str) -> str:
    """Return the digest, as `hashlib.file_digest` gives it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def words_of_lists(path: Path) -> list[list[int]]:
    """Return the contexts' words of small parts."""
    return [each["h"] for each in cosfast.uploadparts(path, slice_size=SMALL_PART).contexts()[1:]]


def words_of_prefixes(path: Path) -> list[list[int]]:
    """Hash everything before each part again in pure Python, as the public client of Quark does."""
    with path.open("rb") as file:
        content = file.read()
    return [
        list(pure_python.compress(pure_python.INITIAL, content[:offset]))
        for offset in range(SMALL_PART, len(content), SMALL_PART)
    ]


def race(algorithm: str, claim: claims.Claim) -> Race:
    """Return the race of one algorithm."""
    return Race(
        "hash contexts",
        "hashlib.file_digest",
        (
            Contender(
                "cosfast, every format", lambda work: all_contexts(work.data, algorithm), OURS
            ),
            Contender(
                "hashlib.file_digest",
                lambda work: digest_alone(work.data, algorithm),
                check=lambda result, work: result == work.expected[0],
            ),
        ),
        {"cosfast, every format": claim},
        rounds=11,
    )


RACES = {
    "sha1": race("sha1", claims.CONTEXTS),
    "sha256": race("sha256", claims.CONTEXTS_SHA256),
}
PREFIXES = Race(
    "hash contexts",
    "each prefix again, pure Python",
    (
        Contender("cosfast.uploadparts", lambda work: words_of_lists(work.data), OURS),
        Contender("each prefix again, pure Python", lambda work: words_of_prefixes(work.data)),
    ),
    rounds=3,
)


@pytest.fixture(scope="module", params=RACES)
def contexts(request: pytest.FixtureRequest, sizes: Sizes, files: Files) -> tuple[Race, Work]:
    """Return the work of a large file's contexts."""
    algorithm: str = request.param
    path = files.single(sizes.file)
    count = -(-sizes.file // PART)
    expected = (digest_alone(path, algorithm), count, count)
    return RACES[algorithm], Work(
        f"{spell_size(sizes.file)}, {algorithm}", path, expected, sizes.file
    )


@pytest.fixture(scope="module")
def prefixes(files: Files) -> Work:
    """Return the work of a small file's contexts, which is quadratic in pure Python."""
    path = files.single(4 * SMALL_PART)
    return Work(spell_size(4 * SMALL_PART), path, words_of_lists(path), 4 * SMALL_PART)


@pytest.mark.parametrize("name", RACES["sha1"].names)
def test_contexts(measure: Measure, contexts: tuple[Race, Work], name: str) -> None:
    """Make the contexts of a large file."""
    measure(*contexts, name)


@pytest.mark.parametrize("name", PREFIXES.names)
def test_prefixes(measure: Measure, prefixes: Work, name: str) -> None:
    """Make the contexts of a small file."""
    measure(PREFIXES, prefixes, name)
