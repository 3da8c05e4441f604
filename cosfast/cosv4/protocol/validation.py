"""Checks of single values before they become fields of a request."""

from __future__ import annotations

import re

from cosfast.errors import InputError
from cosfast.parsing import MAX_INTEGER, shown

_HEX = re.compile(r"[0-9a-fA-F]+")


def check_number(name: str, value: int, *, minimum: int = 0) -> None:
    """Refuse what is not a whole number from `minimum` to what 64 bits hold.

    Raises:
        InputError: naming `name`.
    """
    if type(value) is not int or not minimum <= value <= MAX_INTEGER:
        raise InputError(f"{name} must be a whole number of at least {minimum}, not {shown(value)}")


def check_hex(name: str, value: str | None, digits: int) -> str | None:
    """Return `value` in lower case, or None where it is None.

    Raises:
        InputError: naming `name`, where it is not that many hex digits.
    """
    if value is None:
        return None
    if not is_hex(value, digits):
        raise InputError(f"{name} must be {digits} hex digits, not {shown(value)}")
    return value.lower()


def is_hex(value: object, digits: int) -> bool:
    """Tell whether `value` is text of exactly that many hex digits."""
    return isinstance(value, str) and len(value) == digits and bool(_HEX.fullmatch(value))


def optional_fields(**values: str | None) -> tuple[tuple[str, str], ...]:
    """Return the fields that have a value, in the order given."""
    return tuple((name, value) for name, value in values.items() if value is not None)
