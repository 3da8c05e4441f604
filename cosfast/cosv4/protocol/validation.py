"""Validation of single arguments before they become fields of a request."""

from __future__ import annotations

import re

from cosfast.errors import InputError
from cosfast.parsing import MAX_INTEGER, shown

_HEX = re.compile(r"[0-9a-fA-F]+")


def check_number(name: str, value: int, *, minimum: int = 0) -> None:
    """Check that `value` is a whole number from `minimum` to `MAX_INTEGER`.

    Raises:
        InputError: If it is not; the message begins with `name`.
    """
    if type(value) is not int or not minimum <= value <= MAX_INTEGER:
        raise InputError(
            f"{name} must be a whole number from {minimum} to 2^63 - 1, not {shown(value)}"
        )


def check_hex(name: str, value: str | None, digits: int) -> str | None:
    """Return `value` in lower case, or None if it is None.

    Raises:
        InputError: If it does not consist of `digits` hex digits; the message begins with `name`.
    """
    if value is None:
        return None
    if not is_hex(value, digits):
        raise InputError(f"{name} must be {digits} hex digits, not {shown(value)}")
    return value.lower()


def is_hex(value: object, digits: int) -> bool:
    """Return whether `value` is text of exactly `digits` hex digits."""
    return isinstance(value, str) and len(value) == digits and bool(_HEX.fullmatch(value))


def optional_fields(**values: str | None) -> tuple[tuple[str, str], ...]:
    """Return the fields whose values are not None, in the given order."""
    return tuple((name, value) for name, value in values.items() if value is not None)
