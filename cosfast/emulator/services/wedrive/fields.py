"""The validated fields of a call."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosfast.emulator.errors import BadRequestError, Problem
from cosfast.emulator.services.wedrive.envelope import RefusedError
from cosfast.emulator.wire.values import load_json
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.emulator.services import Context

MAX_NAME_WIDTH = 255
MAX_ID = 512
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class Call:
    """A request for an operation.

    Attributes:
        context: The shared parts of the running server.
        origin: Scheme and host for URLs in the response.
        fields: The JSON object of the request.
        in_wedoc: Whether the API of WeDoc was called.

    Raises:
        RefusedError: If a method reads a missing or malformed field.
    """

    context: Context
    origin: str
    fields: Mapping[str, object] = field(repr=False)
    in_wedoc: bool = False

    def given(self, name: str) -> bool:
        """Return whether a field was sent and is neither null nor empty."""
        return self.fields.get(name) not in (None, "")

    def text(self, name: str, code: ErrCode = ErrCode.BAD_PARAMETER) -> str:
        """Return a required text."""
        value = self.fields.get(name)
        if not isinstance(value, str) or not value or not _is_unicode(value):
            raise RefusedError(code, f"{name} is missing or not a text")
        return value

    def id(self, name: str, code: ErrCode = ErrCode.BAD_PARAMETER) -> str:
        """Return a required id."""
        value = self.text(name, code)
        if len(value) > MAX_ID or "\0" in value:
            raise RefusedError(code, f"{name} is not a valid id")
        return value

    def ids(self, name: str) -> list[str]:
        """Return a required list of ids."""
        value = self.fields.get(name)
        if not isinstance(value, list) or not value:
            raise RefusedError(ErrCode.BAD_FILEID, f"{name} is missing or not a list of ids")
        return [Call(self.context, "", {name: each}).id(name, ErrCode.BAD_FILEID) for each in value]

    def integer(self, name: str, least: int, most: int = _LARGEST) -> int:
        """Return a required integer."""
        value = self.fields.get(name)
        if type(value) is not int or not least <= value <= most:
            raise RefusedError(
                ErrCode.BAD_PARAMETER, f"{name} is not an integer from {least} to {most}"
            )
        return value

    def flag(self, name: str) -> bool:
        """Return a boolean; False if it was not sent."""
        value = self.fields.get(name, False)
        if not isinstance(value, bool):
            raise RefusedError(ErrCode.BAD_PARAMETER, f"{name} is neither true nor false")
        return value

    def name(self, field_name: str = "file_name") -> str:
        """Return the name of a file or a folder. Its width counts non-ASCII characters twice."""
        name = self.text(field_name, ErrCode.BAD_NAME)
        if sum(1 if character.isascii() else 2 for character in name) > MAX_NAME_WIDTH:
            raise RefusedError(ErrCode.BAD_NAME, f"the width of the name exceeds {MAX_NAME_WIDTH}")
        if "/" in name or "\0" in name or name in {".", ".."}:
            raise RefusedError(ErrCode.BAD_NAME, "the name is a path, not a name")
        return name

    def content(self, largest: int) -> bytes:
        """Return the bytes of `file_base64_content`, of at most `largest` characters of base64.

        Raises:
            RefusedError: With code 640022 if it is empty, too long, or not standard base64.
        """
        text = self.fields.get("file_base64_content")
        if not isinstance(text, str) or not text:
            raise RefusedError(ErrCode.BAD_BASE64, "file_base64_content is missing or empty")
        if len(text) > largest:
            raise RefusedError(
                ErrCode.BAD_BASE64, f"file_base64_content is longer than {largest} characters"
            )
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise RefusedError(
                ErrCode.BAD_BASE64, "file_base64_content is not pure standard base64"
            ) from None


def parse_fields(body: bytes) -> dict[str, object]:
    """Parse the JSON object of a call.

    Raises:
        BadRequestError: If the body is not a JSON object.
    """
    try:
        document = load_json(body)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise BadRequestError(Problem.MALFORMED, "Warning: wrong json format. It is not an object.")
    return document


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
