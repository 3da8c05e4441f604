"""`cosfast emulator`: run the local server in the foreground."""

from __future__ import annotations

import logging
import os
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from cosfast.cli.arguments import describe
from cosfast.cli.streams import print_line
from cosfast.cli.units import integer
from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse
    from types import ModuleType


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `emulator`."""
    describe(
        parser,
        "Serve the COS v4 API until interrupted. Print the address on stdout when it is ready.",
        "cosfast emulator --root data --port 8080",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", type=integer, default=0, help="port (default: a free one)")
    parser.add_argument("--root", metavar="DIR", help="folder for the data (default: temporary)")
    parser.add_argument("--appid", help="the account's number (or COSFAST_APPID)")
    parser.add_argument("--secret-id", help="the key's id (or COSFAST_SECRET_ID)")
    parser.add_argument("--secret-key", help="the key (or COSFAST_SECRET_KEY)")
    parser.add_argument(
        "--faults", action="store_true", help="allow clients to queue faults at /_emulator/faults"
    )
    parser.add_argument("--quiet", action="store_true", help="print nothing on stderr")


def run(options: argparse.Namespace) -> int:
    """Serve until a signal stops it."""
    server = import_emulator().server

    def account(name: str) -> str:
        given = getattr(options, name) or os.environ.get(f"COSFAST_{name.upper()}")
        return str(given or getattr(server, f"DEFAULT_{name.upper()}"))

    if not options.quiet:
        _show_access_log()
    appid, secret_id = account("appid"), account("secret_id")
    server.serve(
        host=options.host,
        port=options.port,
        root=options.root,
        appid=appid,
        secret_id=secret_id,
        secret_key=account("secret_key"),
        on_ready=partial(_announce, appid=appid, secret_id=secret_id, advise=not options.quiet),
        faults_over_http=options.faults,
    )
    return 0


def import_emulator() -> ModuleType:
    """Return `cosfast.emulator`.

    Raises:
        InputError: If the packages of its extra are not installed; it says how to install them.
    """
    try:
        from cosfast import emulator  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("cosfast"):
            raise
        raise InputError(
            f"the emulator needs {exc.name}: install the extra cosfast[emulator]"
        ) from exc
    return emulator


def _announce(endpoint: str, appid: str, secret_id: str, *, advise: bool) -> None:
    """Print the address: for programs on stdout, with advice for people on stderr."""
    print_line(f"listening on {endpoint}")
    if not advise:
        return
    place = endpoint.partition("://")[2]
    hints = (
        (
            f"  cosfast    COSFAST_ENDPOINT={endpoint} COSFAST_APPID={appid}"
            f" COSFAST_SECRET_ID={secret_id}"
        ),
        f"  v4 SDKs    the region {place}/ (Node, Python, PHP, Java, browser)",
        f"  a proxy    http_proxy={endpoint} for clients that only use *.file.myqcloud.com",
        f"  a browser  {endpoint}/_emulator/",
    )
    with suppress(OSError):  # the server runs without advice, too
        print("\n".join(("how to point clients at it:", *hints)), file=sys.stderr, flush=True)


def _show_access_log() -> None:
    """Write one line per request to stderr, with its duration and its request id."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("cosfast.emulator")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
