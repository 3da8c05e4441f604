"""Case-insensitive lookup of HTTP headers, and the value of `Retry-After` in seconds."""

from __future__ import annotations

import email.utils
from typing import TYPE_CHECKING

from cosfast.parsing import parse_digits

if TYPE_CHECKING:
    from collections.abc import Mapping


def header(headers: Mapping[str, str], name: str) -> str:
    """Return the value of a header, or an empty string; the case of its name does not matter."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds of `Retry-After` (RFC 9110, section 10.2.3), or None.

    A date is relative to the response's `Date`, so that a wrong local clock does not matter. The
    result is None without that `Date`, or if the header is malformed.
    """
    value = header(headers, "Retry-After").strip()
    seconds = parse_digits(value)
    if seconds is not None:
        return float(seconds)
    until, now = _timestamp(value), _timestamp(header(headers, "Date"))
    if until is None or now is None:
        return None
    return max(0.0, until - now)


def _timestamp(date: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except (TypeError, ValueError, OverflowError):
        return None
