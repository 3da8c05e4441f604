"""Checks of URLs from users and servers."""

from __future__ import annotations

import ipaddress
import re

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, parse_digits

_URL = re.compile(
    r"(?:http|https)://"
    r"(?:(?P<host>[A-Za-z0-9._-]+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)(?:%[A-Za-z0-9._~-]+)?\])"
    r"(?::(?P<port>[0-9]*))?"
    r"(?:/[^\x00-\x1f\x7f-\x9f?#\\]*)?",
    re.IGNORECASE | re.ASCII,
)
_QUERY = re.compile(r"[!\"$-~]*")
_MAX_PORT = 65535
_MAX_HOST = 253  # characters of a host name, RFC 1035
_MAX_LABEL = 63


def is_bare_url(url: str) -> bool:
    """Return whether `url` has the form ``http(s)://HOST[:PORT][/PATH]`` and can be requested.

    A user, a query and a fragment are not allowed, nor a host that is neither an ASCII name nor an
    IP address, nor a port above 65535. `urlsplit` would accept some of these, and raise ValueError
    for others.
    """
    found = _URL.fullmatch(url)
    if found is None or not is_unicode(url):
        return False
    port = parse_digits(found["port"]) if found["port"] else _MAX_PORT
    if port is None or not 0 < port <= _MAX_PORT:
        return False
    if found["ipv6"] is None:
        labels = found["host"].removesuffix(".").split(".")
        return len(found["host"]) <= _MAX_HOST and all(0 < len(it) <= _MAX_LABEL for it in labels)
    try:
        ipaddress.IPv6Address(found["ipv6"])
    except ValueError:
        return False
    return True


def is_signed_url(url: str) -> bool:
    """Return whether `url` is a bare URL with a query of visible ASCII, as a signed URL is."""
    location, mark, query = url.partition("?")
    return bool(mark) and is_bare_url(location) and _QUERY.fullmatch(query) is not None


def check_endpoint(endpoint: str) -> str:
    """Return a user's endpoint without a trailing ``/``, after checking it.

    Raises:
        InputError: If the endpoint is not the URL of a server.
    """
    if isinstance(endpoint, str) and any(mark in endpoint for mark in "@?#"):
        # Do not quote the endpoint: it may contain a password.
        raise InputError(
            "the endpoint has a user, a query or a fragment: give only a scheme, a host and a port,"
            " such as http://127.0.0.1:8080"
        )
    if not isinstance(endpoint, str) or not is_bare_url(endpoint):
        raise InputError(
            "the endpoint is not a valid URL: give a scheme, a host and a port, such as"
            " http://127.0.0.1:8080"
        )
    return endpoint.rstrip("/")
