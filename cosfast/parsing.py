r"""Strict parsing of untrusted numbers, JSON and text.

Python's own parsers accept more than protocols allow: `int` and `\d` accept digits of every
alphabet, and `int` also accepts blanks, a sign and underscores. They also fail in unexpected ways:
`int` and `repr` raise a ValueError beyond 4,300 digits, a float cannot hold a large int, and JSON
may contain NaN, lone surrogates, or lists nested until the stack overflows.
"""

from __future__ import annotations

import math

MAX_INTEGER = 2**63 - 1
"""Largest value of a numeric field: sizes, offsets and times have 64 bits everywhere."""

_MAX_DIGITS = len(str(MAX_INTEGER))


def parse_digits(text: str) -> int | None:
    """Parse a number written in ASCII digits.

    Returns:
        The number; None if `text` has other characters or more than 19 digits, or if the number is
        larger than `MAX_INTEGER`.
    """
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    number = int(text)
    return number if number <= MAX_INTEGER else None


def whole_number(value: object) -> int | None:
    """Parse a whole number that JSON holds as a number or as text.

    Returns:
        The number, from ``-MAX_INTEGER`` to `MAX_INTEGER`; None if `value` is anything else. Text
        may have a ``-`` before the digits.
    """
    if isinstance(value, str):
        number = parse_digits(value.removeprefix("-"))
        return -number if number is not None and value.startswith("-") else number
    if type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER:
        return value
    return None


def load_json(text: str | bytes) -> object:
    """Parse JSON strictly (RFC 8259).

    A whole number that does not fit in 64 bits becomes a float, as in JavaScript, so that only the
    field that holds it is unusable. If a name occurs twice, the last value counts.

    Raises:
        ValueError: If `text` is not JSON, has NaN or Infinity, or is nested too deeply.
    """
    import json  # noqa: PLC0415 - code that only hashes does not load it

    try:
        document: object = json.loads(
            text, parse_int=_json_integer, parse_constant=_refuse_constant
        )
    except RecursionError:
        raise ValueError("the JSON text is nested too deeply") from None
    return document


def is_unicode(text: str) -> bool:
    """Return whether `text` can be encoded; JSON escapes may contain lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_finite(value: object) -> bool:
    """Return whether `value` is a number that fits in a finite float."""
    if not isinstance(value, (int, float)):
        return False
    try:
        return math.isfinite(value)
    except OverflowError:
        return False


def shown(value: object) -> str:
    """Return `repr(value)` for an error message, or the size of an int with too many digits."""
    if isinstance(value, int) and value.bit_length() > _MAX_DIGITS * 8:
        return f"a number of {value.bit_length()} bits"
    return repr(value)


def _json_integer(text: str) -> float:
    number = whole_number(text)
    return float(text) if number is None else number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")
