"""HTTP headers, whose names have no case, and the seconds of `Retry-After`."""

from __future__ import annotations

import email.utils
from typing import TYPE_CHECKING

from cosfast.parsing import parse_digits

if TYPE_CHECKING:
    from collections.abc import Mapping


def header(headers: Mapping[str, str], name: str) -> str:
    """Return a header's value, whatever the case of its name, or an empty text."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted), "")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` asks for (RFC 9110, section 10.2.3), or None.

    A date is counted from the response's own `Date`, so that a wrong clock here does no harm.
    Without that, or if the header is malformed, it is None.
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
