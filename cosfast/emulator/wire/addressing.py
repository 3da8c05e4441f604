"""Request targets: the host, path and query that a client asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cosfast.emulator.wire.values import read_host

_ABSOLUTE_FORM = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.ASCII | re.DOTALL
)
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/]+)", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True)
class RequestTarget:
    """A request target in its pieces, nothing of them decoded.

    Attributes:
        origin: Scheme and host of an absolute-form target, which is what clients send to an HTTP
            proxy; empty for any other.
        host: The host that was asked for, with its port if the client gave one.
        path: Begins with a slash.
        query: What follows the first question mark.
    """

    origin: str
    host: str
    path: str
    query: str


def split_target(raw: str, host: str) -> RequestTarget:
    """Split a request target in origin-form or absolute-form.

    Args:
        raw: The target as it came, undecoded bytes as surrogates.
        host: The Host header; an absolute-form target replaces it (RFC 9112 section 3.2.2).
    """
    origin = ""
    absolute = _ABSOLUTE_FORM.match(raw)
    if absolute:
        host, raw = absolute["host"], absolute["rest"]
        origin = f"{absolute['scheme'].lower()}://{host}"
    path, _, query = raw.partition("?")
    return RequestTarget(origin, host, path if path.startswith("/") else "/" + path, query)


def is_origin(text: str) -> bool:
    """Return whether a text is a scheme and a host that URLs can be built from."""
    match = _ORIGIN.fullmatch(text)
    return match is not None and read_host(match["host"]) is not None
