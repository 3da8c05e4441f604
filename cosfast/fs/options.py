"""Storage options: `resolve_options` normalizes them, `make_client` creates the client.

Missing options are read from the environment when a filesystem is created, so that a pickled
filesystem carries them to another machine. The resolved key is a `Secret`, since fsspec
distinguishes instances by the repr of their options, which is shown in many places.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.cosv4 import Client
from cosfast.cosv4.credentials import Credentials
from cosfast.cosv4.environment import server_settings
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = ("appid", "secret_id", "secret_key")
SERVER = ("region", "endpoint")
LISTINGS = ("use_listings_cache", "listings_expiry_time", "max_paths")
"""fsspec's options for its cache of listings."""
IGNORED = ("asynchronous", "loop", "batch_size", "skip_instance_cache")
"""fsspec's options without effect on a synchronous filesystem."""

_KNOWN = {*ACCOUNT, *SERVER, *LISTINGS, *IGNORED, "credentials", "client"}
_SALT = os.urandom(16)


@dataclass(frozen=True)
class Secret:
    """A key whose repr does not show it, but differs from the repr of any other key.

    It pickles with its value, as `Credentials` do.
    """

    value: str

    def __repr__(self) -> str:
        mark = hashlib.blake2b(self.value.encode(), key=_SALT, digest_size=8).hexdigest()
        return f"<secret {mark}>"


def resolve_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the storage options, completed from the environment.

    Args:
        options: The user's options. With `client`, other options of account and server are
            ignored; `credentials` replaces those in `ACCOUNT`; missing ones are read from
            ``COSFAST_APPID`` and so on.

    Raises:
        InputError: If an option is missing, malformed or unknown; it is named.
    """
    unknown = sorted(set(options) - _KNOWN)
    if unknown:
        raise InputError(f"cosv4 has no storage option {', '.join(map(repr, unknown))}")
    others = {name: options[name] for name in (*LISTINGS, *IGNORED) if name in options}
    if options.get("client") is not None:
        # Clients have the same repr, so fsspec's cache would confuse their filesystems.
        return {**others, "client": options["client"], "skip_instance_cache": True}
    credentials = options.get("credentials") or _credentials(options)
    if not isinstance(credentials, Credentials):
        raise InputError(
            f"credentials must be cosfast.Credentials, not {type(credentials).__name__}"
        )
    server = server_settings(*(options.get(name) for name in SERVER))
    return {
        **others,
        "appid": credentials.appid,
        "secret_id": credentials.secret_id,
        "secret_key": Secret(credentials.secret_key),
        **{name: value for name, value in server._asdict().items() if value is not None},
    }


def make_client(options: Mapping[str, Any]) -> Client:
    """Return the client that resolved options describe.

    Raises:
        InputError: If `client` is not a client, or the options name no server.
    """
    client = options.get("client")
    if client is None:
        credentials = Credentials(
            options["appid"], options["secret_id"], options["secret_key"].value
        )
        return Client(credentials, region=options.get("region"), endpoint=options.get("endpoint"))
    if not isinstance(client, Client):
        raise InputError(f"client must be a cosfast.Client, not {type(client).__name__}")
    return client


def public_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resolved options without the key.

    Raises:
        TypeError: If they contain a client, which cannot be serialized.
    """
    if "client" in options:
        raise TypeError("a filesystem made with client=... cannot be written as JSON")
    kept = ("appid", "secret_id", *SERVER, *LISTINGS)
    return {name: options[name] for name in kept if name in options}


def _credentials(options: Mapping[str, Any]) -> Credentials:
    found = {name: _setting(options, name) for name in ACCOUNT}
    missing = [name for name, value in found.items() if value is None]
    if missing:
        variables = ", ".join(_variable(name) for name in missing)
        raise InputError(
            f"storage options {', '.join(missing)} are missing: give them, or set {variables}"
            " in the environment"
        )
    key = found["secret_key"]
    return Credentials(
        found["appid"], found["secret_id"], key.value if isinstance(key, Secret) else key
    )


def _setting(options: Mapping[str, Any], name: str) -> Any:
    value = options.get(name)
    return (os.environ.get(_variable(name)) or None) if value is None else value


def _variable(name: str) -> str:
    return f"COSFAST_{name.upper()}"
