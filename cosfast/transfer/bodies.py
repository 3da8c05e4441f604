"""JSON bodies: one in memory, and one whose bytes are encoded in base64 as they are sent."""

from __future__ import annotations

import json
from binascii import b2a_base64
from typing import TYPE_CHECKING, Any

from cosfast.transfer.request import MemoryBody

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ENCODED_AT_ONCE = 96 * 1024
"""Bytes encoded at a time, a multiple of 3: so few that they stay in the core's cache."""


class JsonBody(MemoryBody):
    """One JSON document, compact and in ASCII.

    Args:
        document: Anything that `json.dumps` takes.
    """

    content_type = "application/json"

    def __init__(self, document: Any) -> None:
        self._data = _compact(document)

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


class Base64JsonBody:
    """A JSON object of which one field is bytes in base64, never in memory as a whole.

    Args:
        fields: The other fields, which come first.
        name: The field.
        content: Its bytes, contiguous and of one dimension. They must not change while the body is
            in use.
    """

    content_type = "application/json"

    def __init__(self, fields: Mapping[str, Any], name: str, content: memoryview) -> None:
        opened = _compact({**fields, name: ""})
        self._head, self._tail = opened[:-2], opened[-2:]
        self._content = content
        self._length = len(opened) + base64_length(len(content))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes]:
        view = self._content
        yield self._head
        for start in range(0, len(view), ENCODED_AT_ONCE):
            yield b2a_base64(view[start : start + ENCODED_AT_ONCE], newline=False)
        yield self._tail


def base64_length(length: int) -> int:
    """Return the characters that `length` bytes become in standard base64."""
    return -(-length // 3) * 4


def _compact(document: Any) -> bytes:
    return json.dumps(document, separators=(",", ":"), allow_nan=False).encode()
