"""The region or endpoint to use, from arguments or environment variables."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Server(NamedTuple):
    """The arguments `region` and `endpoint` of `Client`; None if not set."""

    region: str | None
    endpoint: str | None


def server_settings(
    region: str | None = None,
    endpoint: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Server:
    """Return the given region and endpoint, or those of COSFAST_REGION and COSFAST_ENDPOINT.

    Either argument overrides both variables, so that an endpoint left in the environment does not
    take precedence over a given region. An empty value counts as not set.

    Args:
        region: Region given by the user.
        endpoint: Endpoint given by the user.
        environ: Environment variables; by default those of the process.
    """
    if not (region or endpoint):
        environ = os.environ if environ is None else environ
        region, endpoint = environ.get("COSFAST_REGION"), environ.get("COSFAST_ENDPOINT")
    return Server(region or None, endpoint or None)
