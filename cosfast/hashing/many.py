"""`digest_many`: the digests of many messages at once, in the SIMD lanes of one CPU core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.hashing.core import ffi, lib
from cosfast.hashing.state import algorithm_named

if TYPE_CHECKING:
    from collections.abc import Iterable


def digest_many(messages: Iterable[Any], *, algorithm: str = "sha1") -> list[bytes]:
    """Return the digest of each message, in order; several are hashed in parallel lanes.

    The GIL is released during hashing.

    Args:
        messages: Contiguous bytes-like objects, of any lengths.
        algorithm: ``"sha1"`` or ``"sha256"``.

    Raises:
        InputError: If the algorithm is unknown.
        TypeError: If a message is not a bytes-like object.
    """
    kind = algorithm_named(algorithm)
    views = [ffi.from_buffer("uint8_t[]", message) for message in messages]
    size = kind.digest_size
    digests = ffi.new("uint8_t[]", len(views) * size)
    lengths = [len(view) for view in views]
    lib.cosfast_hash_many(kind.number, views, lengths, len(views), digests)
    joined = ffi.buffer(digests)[:]
    return [joined[at : at + size] for at in range(0, len(joined), size)]
