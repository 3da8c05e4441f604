"""The fields of a request, from a query string, JSON, or a multipart or urlencoded form.

Depending on SDK and operation, clients send the same field as a string or a number, so the type of
a field is the one that the operation reads, whatever was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

from cosfast.emulator.errors import BadRequestError, Problem
from cosfast.emulator.wire.body import body_chunks, refuse_larger, too_large
from cosfast.emulator.wire.formdata import (
    FormDataError,
    FormDataParser,
    PartBegin,
    PartEnd,
    boundary_of,
)
from cosfast.emulator.wire.http import invite_body
from cosfast.emulator.wire.values import BLANKS, load_json, read_number

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from aiohttp import web

    from cosfast.emulator.settings import Limits
    from cosfast.emulator.wire.body import Content, OnReceived, Spill

Value = bytes | str | int | float | bool | list[object] | dict[str, object] | None

OnField = Callable[[str, bytes], None]
"""Called with the name and value of each field of a multipart form, when it is complete."""

_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


class Form:
    """The fields of a request by lower-case name.

    Raises:
        BadRequestError: If a method reads a malformed field.
    """

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self._fields = dict(fields)

    def over(self, other: Form) -> Form:
        """Return the union of two forms; this one takes precedence."""
        return Form({**other._fields, **self._fields})

    def has(self, name: str) -> bool:
        """Return whether the field was sent, even if it is empty."""
        return name.lower() in self._fields

    def given(self, name: str) -> bool:
        """Return whether the field was sent and is not empty."""
        value = self.value(name)
        return value is not None and value != b"" and value != ""  # noqa: PLR1714 - lists are unhashable

    def value(self, name: str) -> Value:
        """Return the field as it was sent, or None."""
        return self._fields.get(name.lower())

    def text(self, name: str, default: str = "") -> str:
        """Return the field as text; an integer as decimal digits."""
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")  # a lone surrogate fails below
        if isinstance(value, bytes):
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                raise malformed_field(name, "is not UTF-8") from None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise malformed_field(name, "is neither a string nor a number")

    def integer(self, name: str) -> int | None:
        """Return the field as a non-negative integer, or None if it is missing or empty."""
        text = self.text(name).strip(BLANKS)
        if not text:
            return None
        number = read_number(text)
        if number is None:
            raise malformed_field(name, "is not a whole number of at most 18 digits")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        """Return the field as a boolean.

        The Node.js SDK of COS v4 sends 1 as a single NUL byte and 0 as an empty value (PROTOCOL.md
        section 6, item 9), so these are accepted too.
        """
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        text = self.text(name).strip(" ")
        if text in {"", "0"}:
            return False
        if text in {"1", "\0"}:
            return True
        raise malformed_field(name, "is neither 0 nor 1")

    def sha1(self, name: str) -> str | None:
        """Return the field as a SHA-1 in lower-case hex, or None if it is missing or empty."""
        return self._hex(name, _SHA1, "is not a SHA-1 of 40 hex digits")

    def md5(self, name: str) -> str | None:
        """Return the field as an MD5 in lower-case hex, or None if it is missing or empty."""
        return self._hex(name, _MD5, "is not an MD5 of 32 hex digits")

    def _hex(self, name: str, pattern: re.Pattern[str], complaint: str) -> str | None:
        text = self.text(name).strip(BLANKS)
        if not text:
            return None
        if not pattern.fullmatch(text):
            raise malformed_field(name, complaint)
        return text.lower()


def parse_query(query: str, *, literal_plus: Container[str] = ()) -> Form:
    """Parse a query string.

    Args:
        query: Query string without the question mark.
        literal_plus: Lower-case names of the fields in which `+` is a plus sign, as in base64. In
            other fields it is a space, as HTML forms and most clients encode it.
    """
    fields: dict[str, Value] = {}
    for pair in query.split("&"):
        raw_name, _, raw_value = pair.partition("=")
        name = unquote_plus(raw_name).lower()
        if name:
            decode = unquote if name in literal_plus else unquote_plus
            fields.setdefault(name, decode(raw_value, errors="replace"))
    return Form(fields)


def parse_urlencoded(body: bytes) -> Form:
    """Parse an `application/x-www-form-urlencoded` body."""
    fields: dict[str, Value] = {}
    for pair in body.split(b"&"):
        raw_name, _, raw_value = pair.replace(b"+", b" ").partition(b"=")
        _add_field(fields, unquote_to_bytes(raw_name), unquote_to_bytes(raw_value))
    return Form(fields)


def parse_json(body: bytes) -> Form:
    """Parse a JSON object.

    Raises:
        BadRequestError: If the body is not a JSON object. If it is not JSON, the connection
            closes: if a client counts characters instead of bytes in its Content-Length, the rest
            of its body follows and would be read as the next request.
    """
    try:
        values = load_json(body)
    except ValueError:
        raise BadRequestError(Problem.MALFORMED, "the body is not JSON", close=True) from None
    if not isinstance(values, dict):
        raise BadRequestError(Problem.MALFORMED, "the body is not a JSON object")
    fields: dict[str, Value] = {}
    for name, value in values.items():
        _add_field(fields, name, value)
    return Form(fields)


def malformed_field(name: str, complaint: str) -> BadRequestError:
    """Return the refusal of a malformed field."""
    return BadRequestError(Problem.MALFORMED, f"field {name[:80]!r} {complaint}")


async def read_form(
    request: web.BaseRequest,
    content: Content,
    limits: Limits,
    *,
    content_field: str,
    spill: Spill,
    on_field: OnField | None = None,
    on_received: OnReceived | None = None,
) -> Form:
    """Read the fields and the content from a request's body.

    Args:
        request: Request whose body is unread.
        content: Receives the bytes of the field `content_field` of a multipart form.
        limits: Limits of size and speed.
        content_field: Name in lower case.
        spill: Adds a chunk that does not fit into memory to the content.
        on_field: Called for each field of a multipart form except `content_field`.
        on_received: Called after each chunk.

    Raises:
        BadRequestError: If the body is malformed, too large, slow or incomplete. The connection
            then closes, unless the whole body was read.
    """
    largest = limits.upload_size + limits.fields_size
    refuse_larger(request, largest)
    await invite_body(request)
    content_type = request.headers.get("Content-Type", "")
    kind = content_type.partition(";")[0].strip().lower()
    if kind.startswith("multipart/"):
        try:
            parser = FormDataParser(
                boundary_of(content_type), max_header_size=limits.part_header_size
            )
            collector = _PartCollector(content, content_field, limits, spill, on_field)
            async for chunk in body_chunks(request, limits, largest, on_received):
                for event in parser.feed(chunk):
                    await collector.take(event)
            parser.close()
        except FormDataError as error:
            raise BadRequestError(
                Problem.MALFORMED, f"multipart body: {error}", close=True
            ) from None
        return Form(collector.fields)
    chunks = body_chunks(request, limits, limits.fields_size, on_received)
    body = b"".join([chunk async for chunk in chunks])
    if not body.strip():
        return Form({})
    if kind == "application/x-www-form-urlencoded" and not body.lstrip().startswith(b"{"):
        return parse_urlencoded(body)
    return parse_json(body)


class _PartCollector:
    """Collects fields and content from the events of a parser, within the limits."""

    def __init__(
        self,
        content: Content,
        content_field: str,
        limits: Limits,
        spill: Spill,
        on_field: OnField | None,
    ) -> None:
        self.fields: dict[str, Value] = {}
        self._content = content
        self._content_field = content_field
        self._limits = limits
        self._spill = spill
        self._on_field = on_field
        self._name = ""
        self._value: list[bytes] = []
        self._parts = 0
        self._fields_size = 0
        self._content_seen = False

    async def take(self, event: PartBegin | bytes | PartEnd) -> None:
        if isinstance(event, PartBegin):
            self._begin(event.name.lower())
        elif isinstance(event, PartEnd):
            if self._name != self._content_field:
                value = b"".join(self._value)
                _add_field(self.fields, self._name, value)
                if self._on_field is not None:
                    self._on_field(self._name, value)
        elif self._name == self._content_field:
            await self._take_content(event)
        else:
            self._take_value(event)

    def _begin(self, name: str) -> None:
        self._name, self._value = name, []
        self._parts += 1
        if self._parts > self._limits.fields_count:
            raise FormDataError(f"the form has more than {self._limits.fields_count} parts")
        if name == self._content_field and self._content_seen:
            raise FormDataError(f"{name} was sent twice")
        self._content_seen |= name == self._content_field

    def _take_value(self, chunk: bytes) -> None:
        self._fields_size += len(chunk)
        if self._fields_size > self._limits.fields_size:
            raise too_large(self._limits.fields_size)
        self._value.append(chunk)

    async def _take_content(self, chunk: bytes) -> None:
        if self._content.size + len(chunk) > self._limits.upload_size:
            raise too_large(self._limits.upload_size)
        if not self._content.add_in_memory(chunk):
            await self._spill(chunk)


def _add_field(fields: dict[str, Value], name: str | bytes, value: Value) -> None:
    """Add a field; refuse a second value of the same name."""
    if isinstance(name, bytes):
        name = name.decode("utf-8", "replace")
    name = name.lower()
    if name and fields.setdefault(name, value) != value:
        raise malformed_field(name, "was sent twice with different values")
