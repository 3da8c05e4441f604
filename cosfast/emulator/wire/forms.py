"""The fields of a request, whatever they came in: a query, JSON, or one of two kinds of form.

Clients send the same field as a string or a number, by SDK and by operation, so a field
is known by its name alone and read as what the operation needs (PROTOCOL.md section 6).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, unquote_plus, unquote_to_bytes

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.wire.values import BLANKS, load_json, read_number

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = bytes | str | int | float | bool | list[object] | dict[str, object] | None

CONTENT_FIELD = "filecontent"
_SHA1 = re.compile(r"[0-9a-fA-F]{40}")
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


class Form:
    """A request's fields by lower-case name. Reading a malformed one raises code -5993."""

    def __init__(self, fields: Mapping[str, Value]) -> None:
        self._fields = dict(fields)

    def over(self, other: Form) -> Form:
        """Return these fields, and of the other's those that are not among them."""
        return Form({**other._fields, **self._fields})

    def has(self, name: str) -> bool:
        """Whether the field was sent at all, be it empty."""
        return name.lower() in self._fields

    def given(self, name: str) -> bool:
        """Whether the field was sent with anything in it."""
        value = self.value(name)
        return value is not None and value != b"" and value != ""  # noqa: PLR1714 - a list has no hash

    def value(self, name: str) -> Value:
        """Return the field as it came; None where it did not."""
        return self._fields.get(name.lower())

    def text(self, name: str, default: str = "") -> str:
        """Read the field as text; numbers as their decimal digits."""
        value = self.value(name)
        if value is None:
            return default
        if isinstance(value, str):
            value = value.encode("utf-8", "surrogatepass")  # half a pair fails below
        if isinstance(value, bytes):
            try:
                return value.decode("utf-8")
            except UnicodeDecodeError:
                raise _malformed(name, "is not UTF-8") from None
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise _malformed(name, "is neither a string nor a number")

    def integer(self, name: str) -> int | None:
        """Read the field as a number that is not negative; None where it is missing or empty."""
        text = self.text(name).strip(BLANKS)
        if not text:
            return None
        number = read_number(text)
        if number is None:
            raise _malformed(name, "is not a whole number of at most 18 digits")
        return number

    def flag(self, name: str, *, default: bool) -> bool:
        """Read the field as a switch.

        Node's SDK sends the number 1 as a single NUL byte and 0 as nothing at all
        (PROTOCOL.md section 6, item 9), so an empty value is 0 and a NUL is 1.
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
        raise _malformed(name, "is neither 0 nor 1")

    def sha(self, name: str = "sha") -> str | None:
        """Read the field as a SHA-1 in lower-case hex; None where it is missing or empty."""
        return self._hex(name, _SHA1, "is not the hex of a SHA-1 (40 digits)")

    def md5(self, name: str = "datamd5") -> str | None:
        """Read the field as an MD5 in lower-case hex; None where it is missing or empty."""
        return self._hex(name, _MD5, "is not the hex of an MD5 (32 digits)")

    def _hex(self, name: str, pattern: re.Pattern[str], complaint: str) -> str | None:
        text = self.text(name).strip(BLANKS)
        if not text:
            return None
        if not pattern.fullmatch(text):
            raise _malformed(name, complaint)
        return text.lower()


def parse_query(query: str) -> Form:
    """Read a query string.

    `+` is a space, as HTML forms and most clients write it, but not in `sign`: there it
    is a digit of base64 (PROTOCOL.md section 2).
    """
    fields: dict[str, Value] = {}
    for pair in query.split("&"):
        raw_name, _, raw_value = pair.partition("=")
        name = unquote_plus(raw_name).lower()
        if name:
            decode = unquote if name == "sign" else unquote_plus
            fields.setdefault(name, decode(raw_value, errors="replace"))
    return Form(fields)


def parse_urlencoded(body: bytes) -> Form:
    """Read an `application/x-www-form-urlencoded` body."""
    fields: dict[str, Value] = {}
    for pair in body.split(b"&"):
        raw_name, _, raw_value = pair.replace(b"+", b" ").partition(b"=")
        add_field(fields, unquote_to_bytes(raw_name), unquote_to_bytes(raw_value))
    return Form(fields)


def parse_json(body: bytes) -> Form:
    """Read a JSON object.

    Raises:
        RefusedError: code -5993, and the connection closes: a client that counts
            characters for bytes has left the rest of its body behind this one.
    """
    try:
        values = load_json(body)
    except ValueError:
        raise RefusedError(Code.BAD_FORM, "the body is not JSON", close=True) from None
    if not isinstance(values, dict):
        raise RefusedError(Code.BAD_FORM, "the body is not a JSON object")
    fields: dict[str, Value] = {}
    for name, value in values.items():
        add_field(fields, name, value)
    return Form(fields)


def add_field(fields: dict[str, Value], name: str | bytes, value: Value) -> None:
    """Put one field in; the same name with another value is refused with code -5993."""
    if isinstance(name, bytes):
        name = name.decode("utf-8", "replace")
    name = name.lower()
    if name and fields.setdefault(name, value) != value:
        raise _malformed(name, "was sent twice with different values")


def _malformed(name: str, complaint: str) -> RefusedError:
    return RefusedError(Code.BAD_FORM, f"field {name[:80]!r} {complaint}")
