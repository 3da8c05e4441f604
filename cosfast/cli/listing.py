"""`cosfast ls` and `cosfast stat`: files and folders of a bucket as text and as JSON."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.cli.addresses import Address
from cosfast.cli.arguments import add_addresses, add_server_options, describe, open_client
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.units import human_size, iso_time
from cosfast.errors import CosError, NotFoundError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat

_KEYS = """\
  address      cos://BUCKET/PATH; a folder's ends in /
  type         "file" or "folder"
  size         bytes; null for a folder
  arrived      bytes that have arrived; fewer than size while it is unfinished
  sha1         40 hex digits; null if the server does not know it
  created, modified                    2024-05-17T08:30:00Z
  biz_attr                             the user's text that it carries
  authority, access_url, source_url    text, or null
  headers                              headers of its downloads"""

_SHA1_WIDTH = 10  # of "unfinished"
_SIZE_WIDTH, _HUMAN_WIDTH = 13, 7  # lines are printed as they arrive: sizes up to 9 TB align


def add_ls_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ls`."""
    describe(
        parser,
        """
        List folders and files, one per line, in the server's order. A folder's name ends in /. An
        address that does not end in / is the file of that name, else the folder, else everything
        whose name begins with it; with * or ? it is everything that it matches. A <mark> after a
        name means that its upload is unfinished.

        With -r or several addresses, whole addresses are printed, otherwise names.
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
        help="bytes, time of the last change (UTC), first digits of the SHA-1 ('unfinished' if "
        "not all has arrived), name",
    )
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="folders with everything in them"
    )
    parser.add_argument(
        "-H", "--human-readable", action="store_true", help="with -l: sizes such as 9.5M"
    )
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def run_ls(options: argparse.Namespace) -> int:
    """List each address; one that fails does not stop the others."""
    output = Output(as_json=options.json)
    whole = (
        options.recursive
        or len(options.addresses) > 1
        or any(address.is_pattern for address in options.addresses)
    )
    as_line = partial(_long_line, human=options.human_readable) if options.long else _short_line
    with open_client(options) as client:
        for address in options.addresses:
            with output.report_failure():
                for entry in _entries(client, address, recursive=options.recursive):
                    name = _name(address.bucket, entry, whole=whole)
                    output.show(_fields(address.bucket, entry), as_line(entry, name))
    return output.exit_code


def add_stat_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `stat`."""
    describe(
        parser,
        "Print what the server knows of files and folders, one field per line. An address that "
        "does not end in / is the file of that name, else the folder.",
        "cosfast stat cos://my-bucket/videos/film.mp4",
        "cosfast stat --json cos://my-bucket/videos/film.mp4 | jq -r .sha1",
    )
    add_addresses(parser)
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def run_stat(options: argparse.Namespace) -> int:
    """Print the fields of each address; one that fails does not stop the others."""
    output = Output(as_json=options.json)
    with open_client(options) as client:
        for address in options.addresses:
            with output.report_failure():
                fields = _fields(address.bucket, look_up(client, address))
                output.show(fields, *_field_lines(fields))
    return output.exit_code


def look_up(client: Client, address: Address, known: ObjectStat | None = None) -> ObjectStat:
    """Return the stat of the file at `address`, or of the folder of this name.

    Args:
        client: Asks the server.
        address: The address.
        known: What a list says of it, which suffices if it is complete.

    Raises:
        NotFoundError: If neither exists.
    """
    if known is not None and (known.is_folder or (known.sha1 and known.access_url)):
        return known
    try:
        return client.stat(*address)
    except NotFoundError as exc:
        missing = exc
    if not address.is_folder:
        with suppress(NotFoundError):
            return client.stat(*address.as_folder)
    raise missing


class NoMatchError(CosError):
    """A pattern matches nothing, or only what the command does not take."""


class Match(NamedTuple):
    """An address that a command got, or one that its pattern matches.

    Attributes:
        address: The address.
        known: What the list says of it; None if it was not listed.
    """

    address: Address
    known: ObjectStat | None = None


def expand(client: Client, address: Address, *, recursive: bool | None = None) -> list[Match]:
    """Return what a pattern matches in its bucket, in the server's order; of no pattern, itself.

    ``*`` and ``?`` match any characters but ``/``. Without `recursive`, a pattern matches folders
    only if it ends in ``/``.

    Args:
        client: Lists the folders.
        address: Perhaps a pattern.
        recursive: Whether the command takes folders; None if it never does.

    Raises:
        NoMatchError: If it matches nothing.
        NotFoundError: If its folder, or its bucket, does not exist.
    """
    if not address.is_pattern:
        return [Match(address)]
    found = [Match(Address(address.bucket, each.path), each) for each in _matching(client, address)]
    if recursive or address.is_folder:
        taken = found
    else:
        taken = [each for each in found if not each.address.is_folder]
    if not taken:
        advice = "; use -r for folders" if recursive is False else ""
        raise NoMatchError(f"{address} matches {'only folders' + advice if found else 'nothing'}")
    return taken


def _matching(client: Client, pattern: Address) -> Iterator[ObjectStat]:
    segments = pattern.path.strip("/").split("/")
    first = next(i for i, each in enumerate(segments) if Address("", each).is_pattern)
    folder = "/".join(["", *segments[:first], ""])
    return _matching_below(client, pattern, folder, segments[first:])


def _matching_below(
    client: Client, pattern: Address, folder: str, segments: list[str]
) -> Iterator[ObjectStat]:
    segment, *rest = segments
    rule = re.compile(re.escape(segment).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    for entry in client.list(pattern.bucket, folder, prefix=re.split("[*?]", segment)[0]):
        if not rule.fullmatch(Address(pattern.bucket, entry.path).name):
            continue
        if not rest:
            if entry.is_folder or not pattern.is_folder:
                yield entry
        elif entry.is_folder:
            with suppress(NotFoundError):  # deleted in the meantime
                yield from list(_matching_below(client, pattern, entry.path, rest))


def _entries(client: Client, address: Address, *, recursive: bool) -> Iterator[ObjectStat]:
    if address.is_pattern:
        return _listed(client, address, recursive=recursive)
    if address.is_folder:
        return client.list(*address, recursive=recursive)
    try:
        found = look_up(client, address)
    except NotFoundError:
        matching = client.list(
            address.bucket, address.parent, prefix=address.name, recursive=recursive
        )
        first = next(matching, None)
        if first is None:
            raise
        return chain([first], matching)
    if found.is_folder:
        return client.list(address.bucket, found.path, recursive=recursive)
    return iter([found])


def _listed(client: Client, pattern: Address, *, recursive: bool) -> Iterator[ObjectStat]:
    for address, entry in expand(client, pattern, recursive=True):
        if entry is not None:
            yield entry
        if recursive and address.is_folder:
            yield from client.list(*address, recursive=True)


def _is_unfinished(entry: ObjectStat) -> bool:
    return entry.filelen != entry.filesize


def _fields(bucket: str, entry: ObjectStat) -> dict[str, Any]:
    return {
        "address": str(Address(bucket, entry.path)),
        "type": "folder" if entry.is_folder else "file",
        "size": entry.filesize,
        "arrived": entry.filelen,
        "sha1": entry.sha1,
        "created": iso_time(entry.ctime),
        "modified": iso_time(entry.mtime),
        "biz_attr": entry.biz_attr,
        "authority": None if entry.authority is None else entry.authority.value,
        "access_url": entry.access_url,
        "source_url": entry.source_url,
        "headers": entry.headers,
    }


def _field_lines(fields: dict[str, Any]) -> Iterator[str]:
    for name, value in fields.items():
        if value not in (None, "", {}):
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield f"{name + ':':<12} {text}"


def _name(bucket: str, entry: ObjectStat, *, whole: bool) -> str:
    address = Address(bucket, entry.path)
    if whole:
        return str(address)
    return address.name + ("/" if entry.is_folder else "")


def _short_line(entry: ObjectStat, name: str) -> str:
    if not _is_unfinished(entry):
        return name
    return f"{name} <unfinished: {entry.filelen} of {entry.filesize} bytes>"


def _long_line(entry: ObjectStat, name: str, *, human: bool) -> str:
    width = _HUMAN_WIDTH if human else _SIZE_WIDTH
    size = "-"
    if entry.filesize is not None:
        size = human_size(entry.filesize) if human else str(entry.filesize)
    sha1 = "unfinished" if _is_unfinished(entry) else entry.sha1 or "-"
    return f"{size:>{width}}  {iso_time(entry.mtime)}  {sha1[:_SHA1_WIDTH]:10}  {name}"
