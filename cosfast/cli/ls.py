"""`cosfast ls`: what is in a bucket."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import TYPE_CHECKING

from cosfast.cli.addresses import Address
from cosfast.cli.entries import KEYS, entry_fields, is_unfinished, look_up
from cosfast.cli.helptext import describe
from cosfast.cli.operands import add_addresses
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.settings import add_server_options, open_client
from cosfast.cli.units import human_size, iso_time
from cosfast.errors import NotFoundError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat

_SHA_WIDTH = 10  # as wide as "unfinished"
_SIZE_WIDTH, _HUMAN_WIDTH = 13, 7  # a list is printed as it comes: up to 9 TB line up


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `ls`."""
    describe(
        parser,
        """
        List folders and files, a line each, in the server's order. A folder's name ends in /. An
        address that does not end in / is the file of this name, else the folder, else whatever
        begins so. A <mark> behind a name tells of an upload that is not finished.

        With -r, or several addresses, whole addresses are printed, else names.
        """,
        "cosfast ls cos://my-bucket",
        "cosfast ls -l -H cos://my-bucket/videos/",
        "cosfast ls -r --json cos://my-bucket/videos/2024-",
    )
    add_addresses(parser)
    parser.add_argument(
        "-l",
        "--long",
        action="store_true",
        help="bytes, time of the last change (UTC), how the SHA-1 begins ('unfinished' where not "
        "all has arrived), name",
    )
    parser.add_argument("-r", "--recursive", action="store_true", help="folders with all in them")
    parser.add_argument(
        "-H", "--human-readable", action="store_true", help="with -l: sizes such as 9.5M"
    )
    add_server_options(parser)
    add_json_option(parser, KEYS)


def run(options: argparse.Namespace) -> int:
    """List each; one that is not there stops no other."""
    output = Output(as_json=options.json)
    whole = options.recursive or len(options.addresses) > 1
    as_line = partial(_long, human=options.human_readable) if options.long else _short
    with open_client(options) as client:
        for address in options.addresses:
            with output.failure_told():
                for entry in _entries(client, address, recursive=options.recursive):
                    name = _name(address.bucket, entry, whole=whole)
                    output.show(entry_fields(address.bucket, entry), as_line(entry, name))
    return output.exit_code


def _entries(client: Client, address: Address, *, recursive: bool) -> Iterator[ObjectStat]:
    if address.is_folder:
        return client.list(*address, recursive=recursive)
    try:
        found = look_up(client, address)
    except NotFoundError:
        beginning = client.list(
            address.bucket, address.parent, prefix=address.name, recursive=recursive
        )
        first = next(beginning, None)
        if first is None:
            raise
        return chain([first], beginning)
    if found.is_folder:
        return client.list(address.bucket, found.path, recursive=recursive)
    return iter([found])


def _name(bucket: str, entry: ObjectStat, *, whole: bool) -> str:
    address = Address(bucket, entry.path)
    if whole:
        return str(address)
    return address.name + ("/" if entry.is_folder else "")


def _short(entry: ObjectStat, name: str) -> str:
    if not is_unfinished(entry):
        return name
    return f"{name} <unfinished: {entry.filelen} of {entry.filesize} bytes>"


def _long(entry: ObjectStat, name: str, *, human: bool) -> str:
    sha = "unfinished" if is_unfinished(entry) else entry.sha1 or "-"
    return f"{_size(entry, human=human)}  {iso_time(entry.mtime)}  {sha[:_SHA_WIDTH]:10}  {name}"


def _size(entry: ObjectStat, *, human: bool) -> str:
    width = _HUMAN_WIDTH if human else _SIZE_WIDTH
    if entry.filesize is None:
        return "-".rjust(width)
    return (human_size(entry.filesize) if human else str(entry.filesize)).rjust(width)
