"""The validated fields of a request; unknown fields are ignored."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.emulator.services.pds.answers import RefusedError
from cosfast.emulator.store.parts import ALGORITHMS
from cosfast.emulator.wire.values import load_json, read_number

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PARTS = 10_000
MAX_NAME = 1024
BLOCK = 64

_MAX_NUMBER = 2**62
_ID = re.compile(r"[!-~]{1,200}")
_WORD = 1 << 32
_CONTEXT_FIELDS = {"sha1": "parallel_sha1_ctx", "sha256": "parallel_sha256_ctx"}


class Context(NamedTuple):
    """The chaining state before a part: offset in bytes, and words; no words are needed at 0."""

    offset: int
    words: tuple[int, ...]


class PartInfo(NamedTuple):
    """An entry of `part_info_list`."""

    number: int
    context: Context | None
    etag: str | None


class Fields:
    """The fields of a request.

    Raises:
        RefusedError: If the body is not a JSON object, or a method reads a missing or malformed
            field.
    """

    def __init__(self, body: bytes) -> None:
        try:
            document = load_json(body) if body else {}
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise RefusedError("InvalidParameter", "the body is not a JSON object")
        self._fields: Mapping[str, Any] = document

    def text(self, name: str, default: str | None = None) -> str:
        """Return a text; without a default it must exist and not be empty."""
        value = self._fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not (value or default is not None):
            raise _invalid(name, "is missing or not text")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise _invalid(name, "is not Unicode") from None
        return value

    def identifier(self, name: str) -> str:
        """Return a required id."""
        value = self.text(name)
        if not _ID.fullmatch(value):
            raise _invalid(name, "is not an id")
        return value

    def name(self) -> str:
        """Return the required name of a file or folder."""
        value = self.text("name")
        if "/" in value or len(value.encode()) > MAX_NAME:
            raise _invalid("name", f"has a '/' in it, or more than {MAX_NAME} bytes")
        return value

    def number(self, name: str, default: int | None = None, largest: int = _MAX_NUMBER) -> int:
        """Return a non-negative integer, sent as number or text; required if it has no default.

        The SDKs return markers as they received them, which is as text.
        """
        value = self._fields.get(name)
        if (value is None or value == "") and default is not None:
            return default
        if isinstance(value, str):
            value = read_number(value)
        if type(value) is not int or not 0 <= value <= largest:
            raise _invalid(name, f"is not a number from 0 to {largest}")
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean; False if it was not sent."""
        value = self._fields.get(name)
        if not isinstance(value, (bool, type(None))):
            raise _invalid(name, "is neither true nor false")
        return bool(value)

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        """Return a text that must be one of `choices`; the first is the default."""
        value = self.text(name, "") or choices[0]
        if value not in choices:
            raise _invalid(name, f"is none of {', '.join(choices)}")
        return value

    def digest(self) -> tuple[str, str | None]:
        """Return the hash algorithm, and `content_hash` in lower case; None if it was not sent."""
        algorithm = self.text("content_hash_name", "").lower() or "sha1"
        given = self.text("content_hash", "")
        if algorithm not in ALGORITHMS:
            raise RefusedError(
                "InvalidParameterNotSupported.ContentHashName",
                f"content_hash_name is none of {', '.join(ALGORITHMS)}",
            )
        if not given:
            return algorithm, None
        if not re.fullmatch(f"[0-9A-Fa-f]{{{ALGORITHMS[algorithm].size * 2}}}", given):
            raise _invalid("content_hash", "is not a digest of that hash")
        return algorithm, given.lower()

    def parts(self, algorithm: str) -> list[PartInfo] | None:
        """Return `part_info_list`; None if it is missing, or empty, as the SDKs send it."""
        entries = self._fields.get("part_info_list")
        if entries is None or entries == []:
            return None
        if not isinstance(entries, list) or len(entries) > MAX_PARTS:
            raise _invalid("part_info_list", f"is not a list of at most {MAX_PARTS} parts")
        return [_read_part(entry, algorithm) for entry in entries]


def check_context(context: Context, algorithm: str) -> Context:
    """Return the context, if hashing can be resumed from it.

    Raises:
        RefusedError: If its offset is not a multiple of 64, or its number of words is wrong.
    """
    name = _CONTEXT_FIELDS[algorithm]
    words = struct.calcsize(ALGORITHMS[algorithm].words.format) // 4
    if context.offset % BLOCK:
        raise _invalid(name, f"has a part_offset that is not a multiple of {BLOCK}")
    if len(context.words) not in ({0, words} if context.offset == 0 else {words}):
        raise _invalid(name, f"has an h that is not a list of {words} numbers")
    return context


def _read_part(entry: object, algorithm: str) -> PartInfo:
    if not isinstance(entry, dict):
        raise _invalid("part_info_list", "has an entry that is not an object")
    number = entry.get("part_number")
    if type(number) is not int or not 1 <= number <= MAX_PARTS:
        raise _invalid("part_number", f"is not a number from 1 to {MAX_PARTS}")
    etag = entry.get("etag")
    if not isinstance(etag, (str, type(None))):
        raise _invalid("etag", "is not text")
    return PartInfo(number, _read_context(entry, algorithm), etag)


def _read_context(entry: Mapping[str, Any], algorithm: str) -> Context | None:
    name = _CONTEXT_FIELDS[algorithm]
    given = entry.get(name)
    if given is None:
        return None
    if not isinstance(given, dict):
        raise _invalid(name, "is not an object")
    offset, words = given.get("part_offset"), given.get("h")
    if type(offset) is not int or not 0 <= offset <= _MAX_NUMBER:
        raise _invalid(name, "has no part_offset")
    if not isinstance(words, list) or not all(
        type(word) is int and 0 <= word < _WORD for word in words
    ):
        raise _invalid(name, "has no h of 32-bit numbers")
    return check_context(Context(offset, tuple(words)), algorithm)


def _invalid(name: str, complaint: str) -> RefusedError:
    return RefusedError(f"InvalidParameter.{_camel(name)}", f"{name} {complaint}")


def _camel(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))
