"""Parts lists of many large or small files, over all lanes and cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.machine import cores
from harness.race import OURS, Contender, Race, Work
from harness.sizes import KIB, MIB, Sizes, spell_size
from limits.machine_code import instructions
from limits.page_cache import read_files_in_threads
from peers import standard_library

import cosfast

if TYPE_CHECKING:
    import os

    from conftest import Measure
    from harness.claims import Claim
    from harness.files import Files


def hash_all(work: Work) -> list[str]:
    """Return the SHA-1 of each file in the given order, from results in order of completion."""
    found: dict[str | os.PathLike[str], str] = {}
    for path, parts in cosfast.uploadparts_many(work.data):
        assert not isinstance(parts, OSError), parts
        found[path] = parts.sha1
    return [found[path] for path in work.data]


def race(claim: Claim, rounds: int) -> Race:
    """Return the race, the same for all sizes."""
    return Race(
        "many files",
        "hashlib.file_digest, a loop",
        (
            Contender("cosfast.uploadparts_many", hash_all, OURS),
            Contender(
                "hashlib.file_digest, a loop",
                lambda work: standard_library.file_digests(work.data),
            ),
            Contender(
                "hashlib.sha1 in threads",
                lambda work: standard_library.whole_file_digests(work.data),
            ),
            read_files_in_threads(),
            instructions("avx512", "vector instructions, 16 lanes, all cores", cores()),
        ),
        {"cosfast.uploadparts_many": claim},
        rounds,
    )


LARGE = race(claims.FILES_1_MIB, 11)
SMALL = race(claims.FILES_16_KIB, 15)


def work_of(files: Files, count: int, size: int) -> Work:
    """Return the work of hashing `count` files of `size` bytes."""
    paths = files.many(count, size)
    expected = standard_library.whole_file_digests(paths)
    return Work(f"{count:,} files of {spell_size(size)}", paths, expected, count * size)


@pytest.fixture(scope="module")
def large(sizes: Sizes, files: Files) -> Work:
    """Make files of one slice."""
    return work_of(files, sizes.files_1_mib, MIB)


@pytest.fixture(scope="module")
def small(sizes: Sizes, files: Files) -> Work:
    """Make files so small that opening them takes a large share of the time."""
    return work_of(files, sizes.files_16_kib, 16 * KIB)


@pytest.mark.parametrize("name", LARGE.names)
def test_files_of_1_mib(measure: Measure, large: Work, name: str) -> None:
    """Hash files of one slice."""
    measure(LARGE, large, name)


@pytest.mark.parametrize("name", SMALL.names)
def test_files_of_16_kib(measure: Measure, small: Work, name: str) -> None:
    """Hash small files."""
    measure(SMALL, small, name)
