"""Numbers, sizes, durations and times as people write and read them."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]?)")
_INTEGER = re.compile(r"-?[0-9]{1,30}")


def integer(text: str) -> int:
    """Parse a whole number in ASCII digits; its range is checked by whoever uses it.

    `int` would also take digits of other alphabets, underscores, blanks and a plus sign.

    Raises:
        ArgumentTypeError: If it has another form.
    """
    if not _INTEGER.fullmatch(text):
        raise ArgumentTypeError(f"{text!r} is not a whole number such as 8 or 100")
    return int(text)


def duration(text: str) -> float:
    """Parse ``90``, ``90s``, ``15m``, ``1.5h`` or ``7d``; return seconds, whole ones as an int.

    Raises:
        ArgumentTypeError: If it has another form.
    """
    return _amount(text, _SECONDS, "a duration such as 90s, 15m, 12h or 7d")


def whole_duration(text: str) -> int:
    """Parse a duration of whole seconds; see `duration`.

    Raises:
        ArgumentTypeError: If it is not one.
    """
    seconds = duration(text)
    if not isinstance(seconds, int):
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return seconds


def byte_count(text: str) -> float:
    """Parse ``500000``, ``500K``, ``4M`` or ``1.5G``, in units of 1024; return bytes.

    Raises:
        ArgumentTypeError: If it has another form.
    """
    return _amount(text, _BYTES, "a number of bytes such as 500000, 500K or 4M")


def human_size(size: int) -> str:
    """Format bytes in at most seven characters up to 1024 T, such as ``0``, ``1023``, ``9.5M``."""
    fitting = [unit for unit, count in _BYTES.items() if size >= count]
    unit = fitting[-1] if fitting else ""
    return f"{size / _BYTES[unit]:.1f}{unit}" if unit else str(size)


def iso_time(time: datetime) -> str:
    """Format a time in UTC by ISO 8601, such as ``2024-05-17T08:30:00Z``."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _amount(text: str, units: dict[str, int], form: str) -> float:
    match = _AMOUNT.fullmatch(text)
    if match is None or match[2] not in units:
        raise ArgumentTypeError(f"{text!r} is not {form}")
    amount = float(match[1]) * units[match[2]]
    return int(amount) if amount.is_integer() else amount
