"""`SmallFiles`: files of one slice, opened, read and hashed in the core, many in one call."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import SourceChanged
from cosfast.hashing.core import ffi, lib
from cosfast.hashing.state import DIGEST_SIZE
from cosfast.parts.model import UploadParts

if TYPE_CHECKING:
    from collections.abc import Sequence

    Path = str | os.PathLike[str]
    Result = tuple[Path, UploadParts | OSError]

SMALL_BYTES = 128 * 1024
"""The largest small file; others have enough to do for a lane of their own."""

HEAP_BYTES = 2 * 1024 * 1024
"""Bytes read before they are hashed: enough for every lane, and still in the core's cache."""


class Sorted(NamedTuple):
    """What came of some paths: results, and those that are no small files."""

    results: list[Result]
    others: list[Path]


class SmallFiles:
    """Hashes what is small among files; one thread at a time uses it.

    Args:
        slice_size: bytes in a slice; a file of more than one slice is not small.
    """

    def __init__(self, slice_size: int) -> None:
        self._slice_size = slice_size
        self._limit = min(SMALL_BYTES, slice_size)
        self._heap = ffi.new("uint8_t[]", HEAP_BYTES)

    def hash(self, paths: Sequence[Path]) -> Sorted:
        """Hash the small files among `paths`; a failed one has its error as its result."""
        names = [os.fsencode(path) for path in paths]
        plain = [name if b"\0" not in name else b"" for name in names]  # no file has such a name
        count = len(paths)
        errors = ffi.new("int32_t[]", count)
        sizes = ffi.new("uint64_t[]", count)
        digests = ffi.new("uint8_t[]", count * DIGEST_SIZE)
        joined = b"\0".join(plain)
        limits = (self._limit, self._heap, HEAP_BYTES)
        lib.cosfast_hash_files(lib.COSFAST_SHA1, joined, count, *limits, errors, sizes, digests)
        return self._sort(
            paths, ffi.unpack(errors, count), ffi.unpack(sizes, count), ffi.buffer(digests)[:]
        )

    def _sort(
        self, paths: Sequence[Path], errors: list[int], sizes: list[int], digests: bytes
    ) -> Sorted:
        results: list[Result] = []
        others: list[Path] = []
        for number, (path, error, size) in enumerate(zip(paths, errors, sizes, strict=True)):
            if error == 0:
                raw = digests[number * DIGEST_SIZE : (number + 1) * DIGEST_SIZE] if size else b""
                results.append((path, UploadParts.from_raw(raw, size, self._slice_size)))
            elif error == lib.COSFAST_FILE_OTHER:
                others.append(path)
            else:
                results.append((path, _error(path, error)))
        return Sorted(results, others)


def _error(path: Path, number: int) -> OSError:
    name = os.fspath(path)
    if number == lib.COSFAST_FILE_CHANGED:
        return SourceChanged(name, "it changed while it was read")
    return OSError(number, os.strerror(number), name)
