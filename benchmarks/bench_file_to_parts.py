"""The parts list of a file in the page cache, compared with a digest alone, and with the SDK."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.race import OURS, Contender, Race, Work
from harness.sizes import Sizes, spell_size
from limits.machine_code import instructions
from limits.page_cache import read_file
from peers import pure_python, resumable, standard_library

import cosfast

if TYPE_CHECKING:
    from conftest import Measure
    from harness.files import Files

SLICE = cosfast.SLICE_SIZE


def digest_alone(result: str, work: Work) -> bool:
    """Check a peer that makes no list: the last entry is the file's SHA-1."""
    return bool(result == work.expected[-1])


OF_COSFAST = Contender(
    "cosfast.uploadparts", lambda work: cosfast.uploadparts(work.data).datashas, OURS
)
LARGE = Race(
    "file to parts",
    "hashlib.file_digest",
    (
        OF_COSFAST,
        Contender(
            "hashlib.file_digest",
            lambda work: standard_library.file_digest(work.data),
            check=digest_alone,
        ),
        Contender(
            "rehashes, serialized each slice",
            lambda work: resumable.rehashes_datashas(work.data, SLICE),
        ),
        instructions("shani", "SHA1RNDS4 chain"),
        read_file(),
    ),
    {OF_COSFAST.name: claims.FILE_TO_PARTS},
    rounds=11,
)
SMALL = Race(
    "file to parts",
    "pure Python",
    (
        OF_COSFAST,
        Contender("pure Python", lambda work: pure_python.datashas(work.data, SLICE)),
    ),
    {OF_COSFAST.name: claims.PURE_PYTHON},
    rounds=7,
)


@pytest.fixture(scope="module")
def large(sizes: Sizes, files: Files) -> Work:
    """Check a list: its last entry with hashlib, a slice in the middle with pure Python."""
    path = files.single(sizes.file)
    parts = cosfast.uploadparts(path)
    assert parts.sha1 == standard_library.sha1_of(path)
    index = len(parts) // 2
    with path.open("rb") as file:
        file.seek(index * SLICE)
        state = pure_python.compress(parts.state_before(index).words, file.read(SLICE))
    assert parts.raw(index) == struct.pack("<5I", *state)
    return Work(spell_size(sizes.file), path, parts.datashas, sizes.file)


@pytest.fixture(scope="module")
def small(sizes: Sizes, files: Files) -> Work:
    """Make a file small enough for pure Python."""
    path = files.single(sizes.pure_python)
    expected = cosfast.uploadparts(path).datashas
    return Work(spell_size(sizes.pure_python), path, expected, sizes.pure_python)


@pytest.mark.parametrize("name", LARGE.names)
def test_large_file(measure: Measure, large: Work, name: str) -> None:
    """Make the list of a large file."""
    measure(LARGE, large, name)


@pytest.mark.parametrize("name", SMALL.names)
def test_against_pure_python(measure: Measure, small: Work, name: str) -> None:
    """Make the list of a small file."""
    measure(SMALL, small, name)
