"""Which server, and on whose behalf: the flags and variables that every such command takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.cosv4.environment import server_settings
from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse

    from cosfast.cosv4 import Client


def add_server_options(parser: argparse.ArgumentParser) -> None:
    """Add the flags that say which server is meant; secrets come from the environment alone."""
    group = parser.add_argument_group(
        "server",
        "COSFAST_APPID, COSFAST_SECRET_ID and COSFAST_SECRET_KEY say on whose behalf.",
    )
    group.add_argument("--region", help="region, such as gz (or COSFAST_REGION)")
    group.add_argument(
        "--endpoint", help="server address, such as http://127.0.0.1:8080 (or COSFAST_ENDPOINT)"
    )


def open_client(options: argparse.Namespace, **keywords: Any) -> Client:
    """Return a client as the flags and the environment have it.

    Args:
        options: with the flags of `add_server_options`; missing ones are as good as not given.
        keywords: further ones of `Client`.

    Raises:
        InputError: where no server is set, or a variable of the account's is not.
    """
    from cosfast.cosv4 import Client  # noqa: PLC0415 - loads requests
    from cosfast.cosv4.credentials import Credentials  # noqa: PLC0415

    server = server_settings(getattr(options, "region", None), getattr(options, "endpoint", None))
    if not any(server):
        raise InputError("no server is set: use --region, --endpoint, or their variables")
    return Client(
        Credentials.from_env(), region=server.region, endpoint=server.endpoint, **keywords
    )
