"""Packages that can export a SHA-1 state: rehashes (in Rust), and rehash (only with OpenSSL 1)."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from harness.errors import UnavailableError

if TYPE_CHECKING:
    from pathlib import Path

_WORDS = 20  # bytes: rehashes serializes h0..h4 first, little-endian, as `datasha` is


@cache
def rehashes_sha1() -> Any:
    """Return the class `rehashes.PySha1`."""
    try:
        return import_module("rehashes").PySha1
    except ImportError as exc:
        raise UnavailableError("not installed: pip install rehashes") from exc


@cache
def rehash_sha1() -> Any:
    """Return the function `rehash.sha1`."""
    try:
        sha1 = import_module("rehash").sha1
        sha1()
    except (ImportError, NotImplementedError) as exc:
        raise UnavailableError(str(exc)) from exc
    return sha1


def rehashes_digest(data: bytes) -> str:
    """Return the digest of one buffer."""
    sha1 = rehashes_sha1()()
    sha1.update(data)
    return str(sha1.finalize())


def rehashes_datashas(path: Path, slice_size: int) -> list[str]:
    """Return the `datasha` of each slice of a file, from rehashes' serialized state."""
    sha1 = rehashes_sha1()()
    found = []
    with path.open("rb", buffering=0) as file:
        while data := file.read(slice_size):
            sha1.update(data)
            found.append(sha1.serialize()[:_WORDS].hex())
    return [*found[:-1], sha1.finalize()] if found else []
