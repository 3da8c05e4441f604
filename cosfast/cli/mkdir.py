"""`cosfast mkdir`: folders made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.operands import add_addresses
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.settings import add_server_options, open_client
from cosfast.errors import ExistsError

if TYPE_CHECKING:
    import argparse

    from cosfast.cli.addresses import Address
    from cosfast.cosv4 import Client

_KEYS = """\
  folder       cos://BUCKET/PATH/
  made         false where it was there already"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `mkdir`."""
    describe(
        parser,
        "Make folders. (put and sync make those that they need.)",
        "cosfast mkdir -p cos://my-bucket/videos/2024/05",
    )
    add_addresses(parser)
    parser.add_argument(
        "-p",
        "--parents",
        action="store_true",
        help="those above it too; one that is there already is no failure",
    )
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def run(options: argparse.Namespace) -> int:
    """Make each; one that cannot be made stops no other."""
    output = Output(as_json=options.json)
    with open_client(options) as client:
        for address in options.addresses:
            folder = address.as_folder
            with output.failure_told():
                made = _make(client, folder, parents=options.parents)
                told = f"made {folder}" if made else f"{folder} was there already"
                output.show({"folder": str(folder), "made": made}, told)
    return output.exit_code


def _make(client: Client, folder: Address, *, parents: bool) -> bool:
    """Make a folder; return False where it is there and may be."""
    try:
        client.create_folder(*folder, parents=parents)
    except ExistsError:
        if not parents or not client.exists(*folder):  # it may be a file that is there
            raise
        return False
    return True
