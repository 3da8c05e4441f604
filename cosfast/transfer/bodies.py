"""JSON request bodies: in memory, and with a field that is encoded in base64 while it is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from cosfast.hashing.core import ffi, lib
from cosfast.transfer.request import MemoryBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENCODED_AT_ONCE = 384 * 1024
"""Bytes encoded at a time, a multiple of 3: more is hardly faster and takes memory."""


class JsonBody(MemoryBody):
    """A JSON document in memory, compact and in ASCII.

    Args:
        document: Any value that `json.dumps` accepts.
    """

    content_type = "application/json"

    def __init__(self, document: Any) -> None:
        self._data = _compact(document)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


class Base64JsonBody:
    """A JSON object with one field in base64, which is never in memory as a whole.

    Args:
        fields: The other fields, which come first.
        name: Name of the base64 field.
        content: Bytes of that field, contiguous and one-dimensional. They must not change while the
            body is in use.
    """

    content_type = "application/json"

    def __init__(self, fields: Mapping[str, Any], name: str, content: memoryview) -> None:
        opened = _compact({**fields, name: ""})
        self._head, self._tail = opened[:-2], opened[-2:]
        self._content = content
        self._length = len(opened) + base64_length(len(content))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes | memoryview]:
        view = self._content
        yield self._head
        for start in range(0, len(view), ENCODED_AT_ONCE):
            yield encode_base64(view[start : start + ENCODED_AT_ONCE])
        yield self._tail


def encode_base64(view: memoryview) -> memoryview:
    """Return `view` in standard base64. Unlike `base64`, this releases the GIL."""
    text = bytearray(base64_length(len(view)))
    if text:
        lib.cosfast_base64_encode(ffi.from_buffer(view), len(view), ffi.from_buffer(text))
    return memoryview(text)


def base64_length(length: int) -> int:
    """Return the number of characters of `length` bytes in standard base64."""
    return -(-length // 3) * 4


def _compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
