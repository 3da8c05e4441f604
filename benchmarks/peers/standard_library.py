"""hashlib over buffers, over a file, and over many files in threads."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from harness.errors import UnavailableError
from harness.machine import cores

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def digests(buffers: Iterable[bytes], algorithm: str = "sha1") -> list[bytes]:
    """Return the digest of each buffer, one after another."""
    make = getattr(hashlib, algorithm)
    return [make(buffer).digest() for buffer in buffers]


def file_digest(path: Path) -> str:
    """Return the SHA-1 of a file, computed with `hashlib.file_digest`."""
    if not hasattr(hashlib, "file_digest"):
        raise UnavailableError("hashlib.file_digest came with Python 3.11")
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha1").hexdigest()


def sha1_of(path: Path) -> str:
    """Return the SHA-1 of a file, to check others; not timed."""
    sha1 = hashlib.sha1()
    with path.open("rb") as file:
        while block := file.read(2**20):
            sha1.update(block)
    return sha1.hexdigest()


def file_digests(paths: Iterable[Path]) -> list[str]:
    """Return the SHA-1 of each file, one after another."""
    return [file_digest(path) for path in paths]


def whole_file_digests(paths: Iterable[Path]) -> list[str]:
    """Return the SHA-1 of each file, read as a whole, on all cores: the fastest use of hashlib."""
    with ThreadPoolExecutor(cores()) as pool:
        return list(pool.map(lambda path: hashlib.sha1(path.read_bytes()).hexdigest(), paths))
