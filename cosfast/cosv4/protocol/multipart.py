"""Request bodies that can be streamed: `multipart/form-data` (RFC 7578) and JSON.

A body has a length and a content type, and its chunks can be iterated repeatedly, so that an HTTP
library can send it with a Content-Length and send it again in a retry.
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
"""Name of the field with the content of a file (PROTOCOL.md, sections 4 and 5)."""


class MultipartBody(MemoryBody):
    """A form of text fields and at most one binary field, which is not copied.

    Args:
        fields: Pairs of name and value, in the order in which they are sent.
        content: Value of `CONTENT_FIELD`, any contiguous bytes-like object, or None for a form
            without it. It must not change while the body is in use.
        boundary: Separator of the parts; by default 128 random bits, so that the content need not
            be searched for it.

    Raises:
        InputError: If a field is not text, or the content is not contiguous bytes.
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
    """One JSON object, in ASCII, so that its length is the same in characters and bytes.

    Args:
        fields: Pairs of name and value.

    Raises:
        InputError: If a field is not text.
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
    """Return a view of the bytes of a contiguous bytes-like object, without a copy.

    Raises:
        InputError: If `content` is something else.
    """
    try:
        view = memoryview(content)
        # an empty array of several dimensions cannot be cast
        return view.cast("B") if view.nbytes else memoryview(b"")
    except TypeError as exc:
        kind = type(content).__name__
        raise InputError(f"the content must be contiguous bytes, not {kind}: {exc}") from exc


def _text_part(boundary: str, name: str, value: str) -> bytes:
    check_text(name, value)
    disposition = f'Content-Disposition: form-data; name="{name}"'
    return f"--{boundary}\r\n{disposition}\r\n\r\n{value}\r\n".encode()


def _content_head(boundary: str) -> bytes:
    # some servers treat a part without a file name as text
    disposition = (
        f'Content-Disposition: form-data; name="{CONTENT_FIELD}"; filename="{CONTENT_FIELD}"'
    )
    kind = "Content-Type: application/octet-stream"
    return f"--{boundary}\r\n{disposition}\r\n{kind}\r\n\r\n".encode()
