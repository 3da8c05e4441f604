"""Which server, and on whose behalf: the flags and variables that every such command takes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse

    from cosfast.client import Client


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
    from cosfast.client import Client  # noqa: PLC0415 - loads requests
    from cosfast.credentials import Credentials  # noqa: PLC0415

    endpoint, region = _server(options)
    return Client(Credentials.from_env(), endpoint=endpoint, region=region, **keywords)


def _server(options: argparse.Namespace) -> tuple[str | None, str | None]:
    """Return endpoint and region; a flag rules out the variables of both."""
    endpoint = getattr(options, "endpoint", None)
    region = getattr(options, "region", None)
    if not (endpoint or region):
        endpoint = os.environ.get("COSFAST_ENDPOINT")
        region = os.environ.get("COSFAST_REGION")
    if not (endpoint or region):
        raise InputError("no server is set: use --region, --endpoint, or their variables")
    return endpoint or None, region or None
