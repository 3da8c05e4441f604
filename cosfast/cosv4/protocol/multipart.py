"""Bodies of requests: `multipart/form-data` (RFC 7578) and JSON, ready to be streamed.

A body has a length, a content type and any number of iterations over its chunks, so that an HTTP
library can send it with a Content-Length and a retry can send it again.
"""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.addresses import check_text
from cosfast.errors import InputError
from cosfast.transfer.request import MemoryBody

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CONTENT_FIELD = "filecontent"
"""The field that holds a file's bytes (PROTOCOL.md, sections 4 and 5)."""


class MultipartBody(MemoryBody):
    """Text fields in the order given, then at most one binary one, which is never copied.

    Args:
        fields: pairs of name and value.
        content: the bytes of `CONTENT_FIELD`, any contiguous bytes-like object, or None for a
            form without it. It must not change while the body is in use.
        boundary: what divides the parts; by default 128 random bits, so that no content needs to
            be searched for it.

    Raises:
        InputError: where a field is not text, or the content is not contiguous bytes.
    """

    def __init__(
        self, fields: Iterable[tuple[str, str]], content: Any = None, *, boundary: str | None = None
    ) -> None:
        boundary = boundary or secrets.token_hex(16)
        head = b"".join(_text_part(boundary, name, value) for name, value in fields)
        end = f"--{boundary}--\r\n".encode()
        self.content_type: str = f"multipart/form-data; boundary={boundary}"
        if content is None:
            self._chunks: tuple[bytes | memoryview, ...] = (head + end,)
        else:
            head += _content_head(boundary)
            self._chunks = (head, byte_view(content), b"\r\n" + end)
        self._length = sum(map(len, self._chunks))

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[bytes | memoryview]:
        return iter(self._chunks)


class JsonBody(MemoryBody):
    """One JSON object, in ASCII, so that nobody can count its length wrongly.

    Args:
        fields: pairs of name and value.

    Raises:
        InputError: where a field is not text.
    """

    content_type = "application/json"

    def __init__(self, fields: Iterable[tuple[str, str]]) -> None:
        values = dict(fields)
        for name, value in values.items():
            check_text(name, value)
        self._data = json.dumps(values).encode()

    def __len__(self) -> int:
        return len(self._data)

    def __iter__(self) -> Iterator[bytes]:
        yield self._data


Body = MultipartBody | JsonBody


def byte_view(content: Any) -> memoryview:
    """Return the bytes of any contiguous bytes-like object, without copying them.

    Raises:
        InputError: where it is something else.
    """
    try:
        view = memoryview(content)
        # an empty array of several dimensions cannot be cast, and has no bytes to show
        return view.cast("B") if view.nbytes else memoryview(b"")
    except TypeError as exc:
        kind = type(content).__name__
        raise InputError(f"the content must be contiguous bytes, not {kind}: {exc}") from exc


def _text_part(boundary: str, name: str, value: str) -> bytes:
    check_text(name, value)
    disposition = f'Content-Disposition: form-data; name="{name}"'
    return f"--{boundary}\r\n{disposition}\r\n\r\n{value}\r\n".encode()


def _content_head(boundary: str) -> bytes:
    # a file name marks a binary part for servers that would take a nameless one as text
    disposition = (
        f'Content-Disposition: form-data; name="{CONTENT_FIELD}"; filename="{CONTENT_FIELD}"'
    )
    kind = "Content-Type: application/octet-stream"
    return f"--{boundary}\r\n{disposition}\r\n{kind}\r\n\r\n".encode()
