"""`cosfast rm`: files and folders removed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cosfast.cli.helptext import describe
from cosfast.cli.operands import add_addresses
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.settings import add_server_options, open_client
from cosfast.errors import InputError, NotFoundError

if TYPE_CHECKING:
    import argparse

    from cosfast.cli.addresses import Address
    from cosfast.cosv4 import Client

_KEYS = """\
  removed      cos://BUCKET/PATH; a folder's ends in /"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `rm`."""
    describe(
        parser,
        "Remove files, and folders: an empty one where its address ends in /, with all in it "
        "where -r is given. There is no way back.",
        "cosfast rm cos://my-bucket/videos/film.mp4",
        "cosfast rm -r -f cos://my-bucket/old/ cos://my-bucket/older/",
    )
    add_addresses(parser)
    parser.add_argument("-r", "--recursive", action="store_true", help="folders with all in them")
    parser.add_argument(
        "-f", "--force", action="store_true", help="what is not there is no failure"
    )
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def run(options: argparse.Namespace) -> int:
    """Remove each; one that cannot be removed stops no other."""
    output = Output(as_json=options.json)
    missing = (NotFoundError,) if options.force else ()
    with open_client(options) as client:
        for address in options.addresses:
            with output.failure_told(), suppress(*missing):
                removed = str(_remove(client, address, recursive=options.recursive))
                output.show({"removed": removed}, f"removed {removed}")
    return output.exit_code


def _remove(client: Client, address: Address, *, recursive: bool) -> Address:
    """Remove the file, or the folder; return its address."""
    try:
        client.delete(*address, recursive=recursive and address.is_folder)
    except NotFoundError:
        if address.is_folder or not client.exists(*address.as_folder):
            raise
    else:
        return address
    if not recursive:
        raise InputError(f"{address} is a folder: -r removes it with all in it")
    client.delete(*address.as_folder, recursive=True)
    return address.as_folder
