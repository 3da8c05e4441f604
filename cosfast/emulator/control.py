"""The pages below `/_emulator/`: the status page, the faults endpoint, and their access control.

A hostile web page in a browser on this machine can reach a server on loopback in two ways:

- DNS rebinding: it resolves its own host name to this machine's address. The `Host` header then
  has that name, so only known hosts are allowed.
- CSRF: it sends requests whose responses it cannot read. So requests that change something must
  be of a kind that needs a CORS preflight, which is never granted, and must not come from another
  site by their `Sec-Fetch-Site` or `Origin` header.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import unquote

from aiohttp import web

from cosfast.emulator import page
from cosfast.emulator.errors import BadRequestError, Problem
from cosfast.emulator.faults.kinds import fault_from
from cosfast.emulator.store import overview
from cosfast.emulator.wire.body import read_whole
from cosfast.emulator.wire.values import load_json, read_host
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cosfast.emulator.faults.kinds import Fault
    from cosfast.emulator.services import Context, Service
    from cosfast.emulator.wire.addressing import RequestTarget

PREFIX = "/_emulator/"
FAULTS_PATH = "/_emulator/faults"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline';"
    " frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
"""Headers of every response below `/_emulator/`."""

_MAX_BODY = 64 * 1024
_JSON = "application/json"
_SAFE_METHODS = frozenset({"GET", "HEAD"})
_OWN_SITE = frozenset({"same-origin", "none"})
_LOCALHOST = "localhost"
_ALL_ADDRESSES = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class Hosts:
    """The hosts at which the pages are served: loopback, and others by name or address.

    Args:
        allowed: Host names or addresses, without a port.
        listens_at: Host that the server listens on. It is allowed too, unless it is a wildcard
            address.

    Raises:
        InputError: If an entry of `allowed` is not a host name or an address.
    """

    def __init__(self, allowed: Iterable[str], listens_at: str) -> None:
        if isinstance(allowed, str):
            raise InputError(f"allowed_hosts is a single text, not a list of hosts: {allowed!r}")
        names = set()
        for name in allowed:
            found = _read_name(name) if isinstance(name, str) else None
            if found is None:
                raise InputError(f"allowed_hosts: not a host name or an address: {name!r}")
            names.add(found)
        if listens_at not in _ALL_ADDRESSES:
            names.add(_read_name(listens_at) or "")
        self._allowed = frozenset(names)

    def has(self, host: str) -> bool:
        """Return whether the host of a `Host` header is allowed."""
        found = read_host(host)
        return found is not None and (found.name in self._allowed or _is_loopback(found.name))


class Control:
    """The handler of requests below `/_emulator/`.

    Args:
        context: The shared parts of the running server.
        services: The services whose files and uploads the page shows.
        hosts: The allowed hosts.
    """

    def __init__(self, context: Context, services: Sequence[Service], hosts: Hosts) -> None:
        self._context = context
        self._services = services
        self._hosts = hosts

    async def answer(self, request: web.BaseRequest, target: RequestTarget) -> web.Response:
        """Answer a request if its host and origin are allowed.

        Raises:
            BadRequestError: If nothing is served at this path, or the body is too large, slow or
                incomplete.
        """
        reason = refusal(request, target, self._hosts)
        if reason:
            response = web.json_response({"error": reason}, status=403)
        elif target.path == FAULTS_PATH and self._context.settings.faults_over_http:
            response = await self._answer_faults(request)
        elif target.path == PREFIX and request.method == "GET" and is_this_machine(request.remote):
            response = await self._show_page()
        else:
            raise BadRequestError(
                Problem.NOT_FOUND, "nothing is served at this address", close=True
            )
        response.headers.update(HEADERS)
        return response

    async def _show_page(self) -> web.Response:
        found = await self._context.run(self._context.store.database.read, overview.look)
        faults = self._context.faults.describe()
        text = page.render(found, faults, self._services, self._context.endpoint)
        return web.Response(text=text, content_type="text/html")

    async def _answer_faults(self, request: web.BaseRequest) -> web.Response:
        """Answer a request for the fault queue. A malformed request changes nothing.

        POST adds one fault or a list of faults as application/json: ``{"operation":
        "upload_slice_data", "fault": "status", "status": 503, "times": 2}``. GET returns the
        waiting faults and those that have fired. DELETE removes all.
        """
        faults = self._context.faults
        try:
            if request.method == "POST":
                if request.content_type != _JSON:
                    reason = f"the Content-Type must be {_JSON}"
                    return web.json_response({"error": reason}, status=415)
                body = await read_whole(request, self._context.settings.limits, _MAX_BODY)
                faults.add_all(_read_faults(body))
            elif request.method == "DELETE":
                faults.clear()
            elif request.method != "GET":
                return web.json_response({"error": "GET, POST or DELETE"}, status=405)
        except (ValueError, TypeError) as exc:
            return web.json_response({"error": str(exc)}, status=400)
        return web.json_response(faults.describe())


def is_control_path(path: str) -> bool:
    """Return whether a percent-encoded path is below `/_emulator/`."""
    return unquote(path).startswith(PREFIX)


def refusal(request: web.BaseRequest, target: RequestTarget, hosts: Hosts) -> str | None:
    """Return the reason for refusing a request, or None if it is allowed."""
    if len(request.headers.getall("Host", ())) > 1 or not hosts.has(target.host):
        return (
            f"{PREFIX} is not served at the host {target.host[:80]!r}:"
            " use a loopback address, or add it to Emulator(allowed_hosts=...)"
        )
    if request.method in _SAFE_METHODS:
        return None
    site = request.headers.get("Sec-Fetch-Site", "none")
    origin = request.headers.get("Origin")
    if site not in _OWN_SITE or (origin is not None and not _is_same_origin(origin, target.host)):
        return "requests that change state are not accepted from a page of another origin"
    return None


def is_this_machine(remote: str | None) -> bool:
    """Return whether a client's address is a loopback address."""
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
    mapped = getattr(address, "ipv4_mapped", None)  # an IPv4 client of an IPv6 socket
    return bool((mapped or address).is_loopback)


def _read_name(name: str) -> str | None:
    found = read_host(f"[{name}]" if ":" in name else name)
    return None if found is None else found.name


def _read_faults(body: bytes) -> list[tuple[str, Fault, int]]:
    document = load_json(body)
    return [
        _read_fault(entry) for entry in (document if isinstance(document, list) else [document])
    ]


def _read_fault(entry: object) -> tuple[str, Fault, int]:
    if not isinstance(entry, dict):
        raise ValueError("a fault must be a JSON object")  # noqa: TRY004 - a malformed document
    attributes = dict(entry)
    operation, times = attributes.pop("operation", None), attributes.pop("times", 1)
    if not isinstance(operation, str):
        raise ValueError("a fault needs an operation, a text")  # noqa: TRY004 - as above
    return operation, fault_from(attributes), times
