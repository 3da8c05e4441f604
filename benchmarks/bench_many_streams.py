"""Many independent streams in memory, on one thread, in the lanes of vector registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.files import random_bytes
from harness.race import OURS, Contender, Race, Work
from harness.sizes import MIB, Sizes, spell_size
from limits.machine_code import dependency_chain, memory_read
from peers import standard_library
from peers.ipsec_mb import LARGEST_JOB, ipsec_mb

from cosfast.hashing.many import digest_many

if TYPE_CHECKING:
    from conftest import Measure


def forced(kernel: str) -> Contender:
    """Return cosfast with one forced kernel, as with COSFAST_KERNEL."""
    return Contender(
        f"cosfast, {kernel} forced", lambda work: digest_many(work.data), OURS, kernel=kernel
    )


BEST = Contender("cosfast, best kernels", lambda work: digest_many(work.data), OURS)
HASHLIB = Contender("hashlib.sha1, a loop", lambda work: standard_library.digests(work.data))
LANES_LIMIT = dependency_chain("avx512", "rotate and add, 16 lanes")
LARGE = Race(
    "many streams",
    HASHLIB.name,
    (
        BEST,
        forced("avx512"),
        forced("shani"),
        forced("avx2"),
        forced("armce"),
        HASHLIB,
        LANES_LIMIT,
        dependency_chain("avx2", "rotate and add, 8 lanes"),
        memory_read(),
    ),
    {
        "cosfast, avx512 forced": claims.MANY_AVX512,
        "cosfast, shani forced": claims.MANY_SHANI,
        "cosfast, avx2 forced": claims.MANY_AVX2,
    },
    rounds=25,
)
JOBS = Race(
    "many streams",
    HASHLIB.name,
    (
        BEST,
        Contender("libipsec-mb", lambda work: ipsec_mb().digest_many(work.data)),
        HASHLIB,
        LANES_LIMIT,
        memory_read(),
    ),
    rounds=25,
)


def buffers(count: int, size: int) -> Work:
    """Return the work of hashing `count` buffers of `size` bytes."""
    pool = random_bytes(count * size)
    data = [pool[start : start + size] for start in range(0, len(pool), size)]
    title = f"{count:,} x {spell_size(size)}"
    return Work(title, data, standard_library.digests(data), len(pool))


@pytest.fixture(scope="module")
def large(sizes: Sizes) -> Work:
    """Return the work of hashing buffers of 1 MiB."""
    return buffers(sizes.buffers, MIB)


@pytest.fixture(scope="module")
def jobs(sizes: Sizes) -> Work:
    """Return the work of hashing buffers of the maximum size of libipsec-mb."""
    return buffers(sizes.jobs, LARGEST_JOB)


@pytest.mark.parametrize("name", LARGE.names)
def test_large_buffers(measure: Measure, large: Work, name: str) -> None:
    """Hash large buffers."""
    measure(LARGE, large, name)


@pytest.mark.parametrize("name", JOBS.names)
def test_beside_ipsec_mb(measure: Measure, jobs: Work, name: str) -> None:
    """Hash buffers of libipsec-mb's size."""
    measure(JOBS, jobs, name)
