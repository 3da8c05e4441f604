"""Which server is meant, as the environment says it where nobody else does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping


class Server(NamedTuple):
    """What `Client` takes as `region` and `endpoint`; None where it is not set."""

    region: str | None
    endpoint: str | None


def server_settings(
    region: str | None = None,
    endpoint: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> Server:
    """Return the server that was given, else that of COSFAST_REGION and COSFAST_ENDPOINT.

    Either argument rules out both variables: a region that was given is not overruled by an
    endpoint that was left in the environment. Empty is not set.

    Args:
        region: as given.
        endpoint: as given.
        environ: where to look; by default the process's environment.
    """
    if not (region or endpoint):
        environ = os.environ if environ is None else environ
        region, endpoint = environ.get("COSFAST_REGION"), environ.get("COSFAST_ENDPOINT")
    return Server(region or None, endpoint or None)
