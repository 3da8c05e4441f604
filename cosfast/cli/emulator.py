"""`cosfast emulator`: run the local server in the foreground."""

from __future__ import annotations

import logging
import os
import shlex
import sys
from contextlib import suppress
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
        "Serve the APIs of COS v4, WeDrive and PDS until interrupted. Print the address on stdout "
        "when it is ready, and the settings for clients on stderr.",
        "cosfast emulator --root data --port 8080",
        "cosfast emulator --bucket photos --bucket videos",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", type=integer, default=0, help="port (default: a free one)")
    parser.add_argument("--root", metavar="DIR", help="folder for the data (default: temporary)")
    parser.add_argument("--appid", help="the account's number (or COSFAST_APPID)")
    parser.add_argument("--secret-id", help="the key's id (or COSFAST_SECRET_ID)")
    parser.add_argument("--secret-key", help="the key (or COSFAST_SECRET_KEY)")
    parser.add_argument(
        "--bucket",
        action="append",
        metavar="NAME",
        help="a bucket; may be repeated, and then no other exists (default: any that is named)",
    )
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
    key = {name: account(name) for name in ("appid", "secret_id", "secret_key")}

    def announce(endpoint: str) -> None:
        exports = {
            "COSFAST_ENDPOINT": endpoint,
            **{f"COSFAST_{name.upper()}": value for name, value in key.items()},
            "COSFAST_WEDRIVE_ENDPOINT": endpoint,
            "COSFAST_WEDRIVE_CORPID": server.DEFAULT_CORPID,
            "COSFAST_WEDRIVE_SECRET": server.DEFAULT_CORPSECRET,
            "COSFAST_PDS_ENDPOINT": endpoint,
            "COSFAST_PDS_TOKEN": server.DEFAULT_TOKEN,
            "COSFAST_PDS_DRIVE": "1",
        }
        if key["secret_key"] != server.DEFAULT_SECRET_KEY:
            del exports["COSFAST_SECRET_KEY"]  # whoever gave it has it
        _announce(endpoint, exports, advise=not options.quiet)

    server.serve(
        host=options.host,
        port=options.port,
        root=options.root,
        **key,
        buckets=options.bucket,
        on_ready=announce,
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


def _announce(endpoint: str, exports: dict[str, str], *, advise: bool) -> None:
    """Print the address: for programs on stdout, with advice for people on stderr."""
    print_line(f"listening on {endpoint}")
    if not advise:
        return
    place = endpoint.partition("://")[2]
    lines = (
        "to point cosfast at it:",
        *(f"export {name}={shlex.quote(value)}" for name, value in exports.items()),
        "",
        "other clients:",
        f"  v4 SDKs    the region {place}/ (Node, Python, PHP, Java, browser)",
        f"  a proxy    http_proxy={endpoint} for clients that only use *.file.myqcloud.com",
        f"  a browser  {endpoint}/_emulator/",
    )
    with suppress(OSError):  # the server runs without advice, too
        print("\n".join(lines), file=sys.stderr, flush=True)


def _show_access_log() -> None:
    """Write one line per request to stderr, with its duration and its request id."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    logger = logging.getLogger("cosfast.emulator")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
