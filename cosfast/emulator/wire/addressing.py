"""Request targets: the host, path and query of a request."""

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
    """The components of a request target, not decoded.

    Attributes:
        origin: Scheme and host of an absolute-form target, which clients send to an HTTP proxy;
            empty for an origin-form target.
        host: Requested host, with its port if the client sent one.
        path: Path, which begins with a slash.
        query: Query string, without the question mark.
    """

    origin: str
    host: str
    path: str
    query: str


def split_target(raw: str, host: str) -> RequestTarget:
    """Split a request target in origin-form or absolute-form.

    Args:
        raw: Target as received, with undecoded bytes as surrogates.
        host: Host header; an absolute-form target replaces it (RFC 9112 section 3.2.2).
    """
    origin = ""
    absolute = _ABSOLUTE_FORM.match(raw)
    if absolute:
        host, raw = absolute["host"], absolute["rest"]
        origin = f"{absolute['scheme'].lower()}://{host}"
    path, _, query = raw.partition("?")
    return RequestTarget(origin, host, path if path.startswith("/") else "/" + path, query)


def is_origin(text: str) -> bool:
    """Return whether a text is a scheme and a host from which URLs can be built."""
    match = _ORIGIN.fullmatch(text)
    return match is not None and read_host(match["host"]) is not None
