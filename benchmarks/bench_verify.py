"""Verification of a file with its parts list, slices in parallel over all lanes and cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.machine import cores
from harness.race import OURS, Contender, Race, Work
from harness.sizes import Sizes, spell_size
from limits.machine_code import instructions
from limits.page_cache import read_file, read_file_in_threads
from peers import standard_library

import cosfast

if TYPE_CHECKING:
    from conftest import Measure
    from harness.files import Files


def nothing_differs(result: list[int], _work: Work) -> bool:
    """Check what verify returned: no slice differs."""
    return result == []


RACE = Race(
    "verify",
    "hashlib.file_digest",
    (
        Contender(
            "cosfast.verify",
            lambda work: cosfast.verify(work.data, work.expected),
            OURS,
            nothing_differs,
        ),
        Contender(
            "cosfast.verify, one worker",
            lambda work: cosfast.verify(work.data, work.expected, max_workers=1),
            OURS,
            nothing_differs,
        ),
        Contender(
            "hashlib.file_digest",
            lambda work: standard_library.file_digest(work.data),
            check=lambda result, work: result == work.expected.sha1,
        ),
        read_file(),
        read_file_in_threads(),
        instructions("avx512", "vector instructions, 16 lanes, all cores", cores()),
    ),
    {"cosfast.verify": claims.VERIFY},
    rounds=11,
)


@pytest.fixture(scope="module")
def work(sizes: Sizes, files: Files) -> Work:
    """Make a file and its list, and check that a wrong entry is found."""
    path = files.single(sizes.file)
    parts = cosfast.uploadparts(path)
    index = len(parts) // 2
    wrong = parts.datashas
    wrong[index] = "0" * 40
    marred = cosfast.UploadParts(wrong, parts.filesize, parts.slice_size)
    assert cosfast.verify(path, marred) == [index, index + 1]
    return Work(spell_size(sizes.file), path, parts, sizes.file)


@pytest.mark.parametrize("name", RACE.names)
def test_verify(measure: Measure, work: Work, name: str) -> None:
    """Check one file."""
    measure(RACE, work, name)
