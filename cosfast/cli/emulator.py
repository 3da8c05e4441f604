"""`cosfast emulator`: the local server in the foreground."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse
    from types import ModuleType


def add_command(commands: Any) -> None:
    """Add `emulator` to the command line."""
    parser = commands.add_parser(
        "emulator",
        help="run a local COS v4 server",
        description="Serve the COS v4 API until interrupted. Prints the address on stdout "
        "once it serves.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to bind (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port (default: a free one)")
    parser.add_argument("--root", metavar="DIR", help="where to keep data (default: temporary)")
    parser.add_argument("--appid", help="the account's number (or COSFAST_APPID)")
    parser.add_argument("--secret-id", help="which key (or COSFAST_SECRET_ID)")
    parser.add_argument("--secret-key", help="the key (or COSFAST_SECRET_KEY)")
    parser.add_argument(
        "--faults", action="store_true", help="let anybody queue faults at /_emulator/faults"
    )
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Serve until a signal says stop."""
    server = import_emulator().server

    def account(name: str) -> str:
        given = getattr(options, name) or os.environ.get(f"COSFAST_{name.upper()}")
        return str(given or getattr(server, f"DEFAULT_{name.upper()}"))

    server.serve(
        host=options.host,
        port=options.port,
        root=options.root,
        appid=account("appid"),
        secret_id=account("secret_id"),
        secret_key=account("secret_key"),
        on_ready=_announce,
        faults_over_http=options.faults,
    )
    return 0


def import_emulator() -> ModuleType:
    """Return `cosfast.emulator`.

    Raises:
        InputError: where the packages of its extra are not installed; it says how to.
    """
    try:
        from cosfast import emulator  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as exc:
        if (exc.name or "").startswith("cosfast"):
            raise
        raise InputError(f"the emulator needs {exc.name}: pip install 'cosfast[emulator]'") from exc
    return emulator


def _announce(endpoint: str) -> None:
    print(f"listening on {endpoint}", flush=True)
