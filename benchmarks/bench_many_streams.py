"""Many independent streams in memory, on one thread, in the lanes of vector registers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.files import random_bytes
from harness.race import OURS, Contender, Race, Work
from harness.sizes import MIB, Sizes, spell_size
from limits.machine_code import instructions, memory_read
from peers import standard_library
from peers.ipsec_mb import LARGEST_JOB, ipsec_mb

from cosfast.hashing.many import digest_many

if TYPE_CHECKING:
    from conftest import Measure


def ours(kernel: str | None, algorithm: str) -> Contender:
    """Return cosfast with its best kernels, or with one forced, as with COSFAST_KERNEL."""
    name = "cosfast, best kernels" if kernel is None else f"cosfast, {kernel} forced"
    return Contender(
        name, lambda work: digest_many(work.data, algorithm=algorithm), OURS, kernel=kernel
    )


def hashlib_loop(algorithm: str) -> Contender:
    """Return hashlib, one buffer after another."""
    return Contender(
        f"hashlib.{algorithm}, a loop",
        lambda work: standard_library.digests(work.data, algorithm),
    )


LIMITS = {
    "sha1": (
        instructions("avx512", "vector instructions, 16 lanes"),
        instructions("avx2", "rotate and add, 8 lanes"),
    ),
    "sha256": (instructions("avx512", "vector instructions, 16 lanes", algorithm="sha256"),),
}
LARGE_CLAIMS = {
    "sha1": {
        "cosfast, shani forced": claims.MANY_SHANI,
        "cosfast, avx2 forced": claims.MANY_AVX2,
    },
    "sha256": {"cosfast, shani forced": claims.MANY_SHANI_SHA256},
}
JOBS_CLAIMS = {"sha1": claims.JOBS_AVX512, "sha256": claims.JOBS_AVX512_SHA256}
LARGE = {
    algorithm: Race(
        "many streams",
        f"hashlib.{algorithm}, a loop",
        (
            *(ours(kernel, algorithm) for kernel in (None, "avx512", "shani", "avx2", "armce")),
            hashlib_loop(algorithm),
            *LIMITS[algorithm],
            memory_read(),
        ),
        LARGE_CLAIMS[algorithm],
        rounds=25,
    )
    for algorithm in ("sha1", "sha256")
}
JOBS = {
    algorithm: Race(
        "many streams",
        "libipsec-mb",
        (
            ours(None, algorithm),
            ours("avx512", algorithm),
            Contender(
                "libipsec-mb",
                lambda work, algorithm=algorithm: ipsec_mb().digest_many(work.data, algorithm),
            ),
            hashlib_loop(algorithm),
            LIMITS[algorithm][0],
            memory_read(),
        ),
        {"cosfast, avx512 forced": JOBS_CLAIMS[algorithm]},
        rounds=25,
    )
    for algorithm in ("sha1", "sha256")
}


def buffers(count: int, size: int, algorithm: str) -> Work:
    """Return the work of hashing `count` buffers of `size` bytes."""
    pool = random_bytes(count * size)
    data = [pool[start : start + size] for start in range(0, len(pool), size)]
    title = f"{count:,} x {spell_size(size)}" + (", SHA-256" if algorithm == "sha256" else "")
    return Work(title, data, standard_library.digests(data, algorithm), len(pool))


def entries(races: dict[str, Race]) -> list[tuple[str, str]]:
    """Return each algorithm with each contender of its race."""
    return [(algorithm, name) for algorithm, race in races.items() for name in race.names]


@pytest.fixture(scope="module")
def large(sizes: Sizes) -> dict[str, Work]:
    """Return the work of hashing buffers of 1 MiB, for each algorithm."""
    return {algorithm: buffers(sizes.buffers, MIB, algorithm) for algorithm in LARGE}


@pytest.fixture(scope="module")
def jobs(sizes: Sizes) -> dict[str, Work]:
    """Return the work of hashing buffers of the maximum size of libipsec-mb."""
    return {algorithm: buffers(sizes.jobs, LARGEST_JOB, algorithm) for algorithm in JOBS}


@pytest.mark.parametrize(("algorithm", "name"), entries(LARGE))
def test_large_buffers(measure: Measure, large: dict[str, Work], algorithm: str, name: str) -> None:
    """Hash large buffers."""
    measure(LARGE[algorithm], large[algorithm], name)


@pytest.mark.parametrize(("algorithm", "name"), entries(JOBS))
def test_beside_ipsec_mb(
    measure: Measure, jobs: dict[str, Work], algorithm: str, name: str
) -> None:
    """Hash buffers of libipsec-mb's size."""
    measure(JOBS[algorithm], jobs[algorithm], name)
