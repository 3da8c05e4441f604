"""`digest_many`: the digests of many whole messages at once, over the lanes of one core."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.hashing.core import ffi, lib
from cosfast.hashing.state import DIGEST_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable


def digest_many(messages: Iterable[Any]) -> list[bytes]:
    """Return the SHA-1 of each message, in order; all are hashed side by side.

    Args:
        messages: contiguous bytes-like objects, of any lengths. The GIL is free meanwhile.

    Raises:
        TypeError: where one is not bytes-like.
    """
    views = [ffi.from_buffer("uint8_t[]", message) for message in messages]
    digests = ffi.new("uint8_t[]", len(views) * DIGEST_SIZE)
    lengths = [len(view) for view in views]
    lib.cosfast_hash_many(lib.COSFAST_SHA1, views, lengths, len(views), digests)
    return split_digests(ffi.buffer(digests)[:])


def split_digests(joined: bytes) -> list[bytes]:
    """Cut digests that stand behind one another apart."""
    return [joined[at : at + DIGEST_SIZE] for at in range(0, len(joined), DIGEST_SIZE)]
