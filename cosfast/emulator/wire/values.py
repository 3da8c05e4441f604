"""Strict parsers for untrusted text: numbers, dates, hosts and JSON.

All numbers, dates and ports in requests are parsed by these functions. They accept only ASCII,
bound their results, and return None for malformed text (JSON: ValueError), so that no input causes
an unexpected exception.
"""

from __future__ import annotations

import calendar
import ipaddress
import json
import re
import time
from typing import NamedTuple

NUMBER_DIGITS = 18
"""Maximum digits of an integer field; the value is below 2**63, the limit of SQLite."""

BLANKS = " \t\r\n"
"""The whitespace to strip from values. `str.strip` by default also strips that of Unicode."""

_DIGITS = re.compile(r"[0-9]+")
_JSON_DIGITS = 40
_TOO_FAR = 10**NUMBER_DIGITS
_HOST = re.compile(
    r"(?P<name>\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,255})(?::(?P<port>[0-9]{1,5}))?"
)
_MAX_PORT = 65535

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_DAY = "(?P<day>[0-9]{2})"
_YEAR = "(?P<year>[0-9]{4})"
_HTTP_DATES = (  # RFC 9110 section 5.6.7: the preferred form, RFC 850's, and C's asctime
    re.compile(f"[A-Z][a-z]{{2}}, {_DAY} {_MONTH} {_YEAR} {_TIME} GMT"),
    re.compile(f"[A-Z][a-z]{{5,8}}, {_DAY}-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(f"[A-Z][a-z]{{2}} {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} {_YEAR}"),
)
_SHORT_YEAR_DIGITS = 2
_YEARS_AHEAD = 50


class Host(NamedTuple):
    """The host of a `Host` header, a name or address in lower case, and its port or None.

    An IPv6 address is in compressed form, without brackets.
    """

    name: str
    port: int | None


def read_number(text: str, *, digits: int = NUMBER_DIGITS) -> int | None:
    """Parse a decimal integer of at most `digits` digits."""
    return int(text) if len(text) <= digits and _DIGITS.fullmatch(text) else None


def read_position(text: str) -> int | None:
    """Parse a position in a file, for which HTTP allows any number of digits.

    Positions above 10**18, which are beyond the end of any file, become 10**18.
    """
    if not _DIGITS.fullmatch(text):
        return None
    significant = text.lstrip("0") or "0"
    return int(significant) if len(significant) <= NUMBER_DIGITS else _TOO_FAR


def read_host(text: str) -> Host | None:
    """Parse a `Host` header, or the host and port of a URL without user and password."""
    match = _HOST.fullmatch(text)
    if not match:
        return None
    port = None if match["port"] is None else int(match["port"])
    if port is not None and not 0 < port <= _MAX_PORT:
        return None
    name = match["name"].lower().rstrip(".")
    if not name.startswith("["):
        return Host(name, port) if name else None
    try:
        return Host(str(ipaddress.IPv6Address(name[1:-1])), port)
    except ValueError:
        return None


def read_http_date(text: str) -> int | None:
    """Parse a date in one of the three formats of RFC 9110 section 5.6.7 to seconds since 1970."""
    for pattern in _HTTP_DATES:
        match = pattern.fullmatch(text.strip(BLANKS))
        if match:
            return _seconds(match)
    return None


def _seconds(match: re.Match[str]) -> int | None:
    year, month = int(match["year"]), _MONTHS.index(match["month"]) + 1
    if len(match["year"]) == _SHORT_YEAR_DIGITS:
        year = _nearest_year(year)
    day, hour, minute = int(match["day"]), int(match["hour"]), int(match["minute"])
    second = int(match["second"])
    if year < 1 or hour > 23 or minute > 59 or second > 60:  # noqa: PLR2004 - limits of a clock
        return None
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        return None
    return calendar.timegm((year, month, day, hour, minute, second))


def _nearest_year(short: int) -> int:
    """Expand a two-digit year; one more than 50 years in the future is in the past century."""
    now = time.gmtime().tm_year
    year = now - now % 100 + short
    return year - 100 if year > now + _YEARS_AHEAD else year


def load_json(text: str | bytes) -> object:
    """Parse JSON with bounded numbers.

    Raises:
        ValueError: If it is not JSON, is nested too deeply, has an integer of more than 40 digits,
            or a constant such as NaN.
    """
    try:
        return json.loads(text, parse_int=_json_integer, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _json_integer(text: str) -> int:
    if len(text) > _JSON_DIGITS:
        raise ValueError(f"a number has more than {_JSON_DIGITS} digits")
    return int(text)


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")
