"""Who may use `/_emulator/`: not the pages of strangers that a browser on this machine shows.

Such a page can reach a server on loopback in two ways. It can give its own name this machine's
address (DNS rebinding): then the request's host is that name, so only known hosts are answered.
And it can send requests whose answers it cannot read (CSRF): so whatever changes something has to
be of a kind for which browsers ask first, which is never granted, and must not say that another
site sends it.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cosfast.emulator.wire.values import read_host
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiohttp import web

    from cosfast.emulator.wire.addressing import Split

PREFIX = "/_emulator/"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""For every answer below `/_emulator/`."""

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({"same-origin", "none"})
_LOCALHOST = "localhost"
_ALL_ADDRESSES = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class Hosts:
    """The hosts that the pages answer to: those of loopback, and others by name or address.

    Args:
        allowed: names or addresses, without a port.
        listens_at: the host that the server was told to listen at, which is allowed too unless
            it stands for all addresses.

    Raises:
        InputError: If one of `allowed` cannot be a host.
    """

    def __init__(self, allowed: Iterable[str], listens_at: str) -> None:
        if isinstance(allowed, str):
            raise InputError(f"allowed_hosts: a list of hosts is wanted, not {allowed!r}")
        names = set()
        for name in allowed:
            found = _read_name(name) if isinstance(name, str) else None
            if found is None:
                raise InputError(f"allowed_hosts: not the name or address of a host: {name!r}")
            names.add(found)
        if listens_at not in _ALL_ADDRESSES:
            names.add(_read_name(listens_at) or "")
        self._allowed = frozenset(names)

    def has(self, host: str) -> bool:
        """Tell whether a `Host` header is one of them."""
        found = read_host(host)
        return found is not None and (found.name in self._allowed or _is_loopback(found.name))


def is_control_path(split: Split) -> bool:
    """Tell whether a request is for these pages, and not for a file of a bucket."""
    path = unquote(split.path)
    return path.startswith(PREFIX) and not split.is_for_bucket


def refusal(request: web.BaseRequest, split: Split, hosts: Hosts) -> str | None:
    """Say why a request is not answered; None if it may be."""
    if len(request.headers.getall("Host", ())) > 1 or not hosts.has(split.host):
        return (
            f"{PREFIX} does not answer to the host {split.host[:80]!r}:"
            " use a loopback address, or add it to Emulator(allowed_hosts=...)"
        )
    if request.method in _SAFE_METHODS:
        return None
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in _OWN_SITE or (origin is not None and not _is_same_origin(origin, split.host)):
        return "requests that change something are not taken from a page of another origin"
    return None


def is_this_machine(remote: str | None) -> bool:
    """Tell whether a client's address is this machine's own."""
    return remote is not None and _is_loopback(remote)


def _is_same_origin(origin: str, host: str) -> bool:
    scheme, _, rest = origin.partition("://")
    return scheme == "http" and read_host(rest) == read_host(host)


def _is_loopback(name: str) -> bool:
    if name == _LOCALHOST:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # a client of IPv4 at a socket of IPv6
    return bool((mapped or address).is_loopback)


def _read_name(name: str) -> str | None:
    found = read_host(f"[{name}]" if ":" in name else name)
    return None if found is None else found.name
