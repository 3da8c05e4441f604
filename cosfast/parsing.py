r"""Strict parsing of numbers, JSON and text that come from outside.

Python's own readers take more than any protocol means: `int` and `\d` take digits of every
alphabet, `int` also blanks, a sign and underscores. They also fail in ways of their own: beyond
4,300 digits `int` and `repr` raise a bare ValueError (before Python 3.11 they take quadratic time),
a float cannot hold a large int, and JSON may carry NaN, lone surrogates, or lists within lists
until the stack is full.
"""

from __future__ import annotations

import math

MAX_INTEGER = 2**63 - 1
"""The largest number that a field may have: sizes, offsets and times are 64-bit everywhere."""

_MAX_DIGITS = len(str(MAX_INTEGER))


def parse_digits(text: str) -> int | None:
    """Return the number that ASCII digits spell, or None.

    None is for anything else than ASCII digits, for more than 19 of them, and for a number above
    `MAX_INTEGER`.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None


def whole_number(value: object) -> int | None:
    """Return the number that JSON has as a number or as text, or None if it is not one.

    A ``-`` may stand before the digits; no number is beyond `MAX_INTEGER` on either side.
    """
    if isinstance(value, str):
        number = parse_digits(value.removeprefix("-"))
        return -number if number is not None and value.startswith("-") else number
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    return None


def load_json(text: str | bytes) -> object:
    """Parse JSON as RFC 8259 has it.

    A whole number that does not fit in 64 bits becomes a float, as it does in JavaScript, so that
    only the field that has it is of no use. Of names that come twice, the last counts.

    Raises:
        ValueError: If it is not JSON, has NaN or Infinity, or is nested too deeply.
    """
    import json  # noqa: PLC0415 - hashing alone starts without it

    try:
        document: object = json.loads(
            text, parse_int=_json_integer, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    return document


def is_unicode(text: str) -> bool:
    """Tell whether `text` can be encoded: JSON's escapes can spell half a character."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_finite(value: object) -> bool:
    """Tell whether `value` is a number that a finite float can hold."""
    if not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def shown(value: object) -> str:
    """Return `repr(value)` for an error message; of an int that has too many digits, its size."""
    if isinstance(value, int) and value.bit_length() > _MAX_DIGITS * 8:
        return f"a number of {value.bit_length()} bits"
    return repr(value)


def _json_integer(text: str) -> float:
    number = whole_number(text)
    return float(text) if number is None else number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
