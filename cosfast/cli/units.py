"""Amounts as people write them, and as they read them: bytes, spans of time, points in time."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_BYTES = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_AMOUNT = re.compile(r"([0-9]+(?:\.[0-9]+)?)([A-Za-z]?)")


def duration(text: str) -> float:
    """Read ``90``, ``90s``, ``15m``, ``1.5h`` or ``7d``; return seconds, whole ones as an int.

    Raises:
        ArgumentTypeError: for anything else.
    """
    return _amount(text, _SECONDS, "a span of time such as 90s, 15m, 12h or 7d")


def whole_duration(text: str) -> int:
    """Read what `duration` reads, where that is a whole number of seconds.

    Raises:
        ArgumentTypeError: for anything else.
    """
    seconds = duration(text)
    if not isinstance(seconds, int):
        raise ArgumentTypeError(f"{text!r} is not a whole number of seconds")
    return seconds


def byte_count(text: str) -> float:
    """Read ``500000``, ``500K``, ``4M`` or ``1.5G``, units of 1024; return bytes.

    Raises:
        ArgumentTypeError: for anything else.
    """
    return _amount(text, _BYTES, "a number of bytes such as 500000, 500K or 4M")


def human_size(size: int) -> str:
    """Return bytes in at most seven characters up to 1024 T, such as ``0``, ``1023``, ``9.5M``."""
    fitting = [unit for unit, count in _BYTES.items() if size >= count]
    unit = fitting[-1] if fitting else ""
    return f"{size / _BYTES[unit]:.1f}{unit}" if unit else str(size)


def iso_time(time: datetime) -> str:
    """Return a time in UTC as ISO 8601 has it, such as ``2024-05-17T08:30:00Z``."""
    return time.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _amount(text: str, units: dict[str, int], form: str) -> float:
    match = _AMOUNT.fullmatch(text)
    if match is None or match[2] not in units:
        raise ArgumentTypeError(f"{text!r} is not {form}")
    amount = float(match[1]) * units[match[2]]
    return int(amount) if amount.is_integer() else amount
