"""`cosfast cp`, `mv`, `rm` and `mkdir`: changes within a bucket, made by the server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cosfast.cli.addresses import Address, UsageError
from cosfast.cli.arguments import (
    ADDRESS,
    add_addresses,
    add_operand,
    add_server_options,
    describe,
    open_client,
)
from cosfast.cli.output import Output, add_json_option
from cosfast.errors import ExistsError, InputError, NotFoundError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cosfast.cli.addresses import Operand
    from cosfast.cosv4 import Client

_RELOCATION_KEYS = """\
  source       cos://BUCKET/PATH
  target       cos://BUCKET/PATH, with the name that it got"""

_RM_KEYS = """\
  removed      cos://BUCKET/PATH; a folder's ends in /"""

_MKDIR_KEYS = """\
  folder       cos://BUCKET/PATH/
  made         false if it existed"""


def add_cp_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cp`."""
    describe(
        parser,
        "Copy files within a bucket, on the server, without transferring them. Folders cannot be "
        "copied.",
        "cosfast cp cos://my-bucket/film.mp4 cos://my-bucket/videos/",
        "cosfast cp --overwrite cos://my-bucket/new.txt cos://my-bucket/current.txt",
    )
    _add_relocation_arguments(parser)


def run_cp(options: argparse.Namespace) -> int:
    """Copy each file."""
    return _relocate(options, "copied", lambda client: client.copy)


def add_mv_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mv`."""
    describe(
        parser,
        "Move files within a bucket. Folders cannot be moved.",
        "cosfast mv cos://my-bucket/film.mp4 cos://my-bucket/videos/",
        "cosfast mv --overwrite cos://my-bucket/new.txt cos://my-bucket/current.txt",
    )
    _add_relocation_arguments(parser)


def run_mv(options: argparse.Namespace) -> int:
    """Move each file."""
    return _relocate(options, "moved", lambda client: client.move)


def _add_relocation_arguments(parser: argparse.ArgumentParser) -> None:
    add_operand(parser, "sources", ADDRESS, several=True)
    add_operand(
        parser,
        "target",
        "TARGET",
        f"{ADDRESS} in the same bucket; if it ends in /, a folder, which must exist",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files that exist")
    add_server_options(parser)
    add_json_option(parser, _RELOCATION_KEYS)


def _relocate(
    options: argparse.Namespace, done: str, method: Callable[[Client], Callable[..., None]]
) -> int:
    """Copy or move each source to the target; one that fails does not stop the others.

    Args:
        options: With the arguments of `_add_relocation_arguments`.
        done: Past participle of what is done, for the output.
        method: Returns the client's method that does it.

    Raises:
        UsageError: If they are not in one bucket, or several files have one file as their target.
    """
    target, *sources = _in_one_bucket(options.command, [options.target, *options.sources])
    if len(sources) > 1 and not target.is_folder:
        raise UsageError("several files need a target that ends in /")
    output = Output(as_json=options.json)
    with open_client(options) as client:
        for source in sources:
            new = target.below(source.name)
            with output.report_failure():
                method(client)(*source, new.path, overwrite=options.overwrite)
                fields = {"source": str(source), "target": str(new)}
                output.show(fields, f"{done} {source} -> {new}")
    return output.exit_code


def _in_one_bucket(command: str, operands: list[Operand]) -> list[Address]:
    addresses = [each for each in operands if isinstance(each, Address)]
    if len(addresses) < len(operands):
        raise UsageError(f"{command} works within a bucket: put uploads files, get downloads them")
    if len({address.bucket for address in addresses}) > 1:
        raise UsageError(
            f"{command} works within one bucket: use get and put to copy a file to another"
        )
    return addresses


def add_rm_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `rm`."""
    describe(
        parser,
        "Remove files, and folders: an empty one if its address ends in /, one with everything "
        "in it with -r. This cannot be undone.",
        "cosfast rm cos://my-bucket/videos/film.mp4",
        "cosfast rm -r -f cos://my-bucket/old/ cos://my-bucket/older/",
    )
    add_addresses(parser)
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="folders with everything in them"
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="ignore files and folders that do not exist"
    )
    add_server_options(parser)
    add_json_option(parser, _RM_KEYS)


def run_rm(options: argparse.Namespace) -> int:
    """Remove each address; one that fails does not stop the others."""
    output = Output(as_json=options.json)
    ignored = (NotFoundError,) if options.force else ()
    with open_client(options) as client:
        for address in options.addresses:
            with output.report_failure(), suppress(*ignored):
                removed = str(_remove(client, address, recursive=options.recursive))
                output.show({"removed": removed}, f"removed {removed}")
    return output.exit_code


def _remove(client: Client, address: Address, *, recursive: bool) -> Address:
    """Remove the file, or the folder of this name; return its address."""
    try:
        client.delete(*address, recursive=recursive and address.is_folder)
    except NotFoundError:
        if address.is_folder or not client.exists(*address.as_folder):
            raise
    else:
        return address
    if not recursive:
        raise InputError(f"{address} is a folder: use -r to remove it with everything in it")
    client.delete(*address.as_folder, recursive=True)
    return address.as_folder


def add_mkdir_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `mkdir`."""
    describe(
        parser,
        "Make folders. (put and sync make the folders that they need.)",
        "cosfast mkdir -p cos://my-bucket/videos/2024/05",
    )
    add_addresses(parser)
    parser.add_argument(
        "-p",
        "--parents",
        action="store_true",
        help="make missing parents, and accept folders that exist",
    )
    add_server_options(parser)
    add_json_option(parser, _MKDIR_KEYS)


def run_mkdir(options: argparse.Namespace) -> int:
    """Make each folder; one that fails does not stop the others."""
    output = Output(as_json=options.json)
    with open_client(options) as client:
        for address in options.addresses:
            folder = address.as_folder
            with output.report_failure():
                made = _make_folder(client, folder, parents=options.parents)
                line = f"made {folder}" if made else f"{folder} exists"
                output.show({"folder": str(folder), "made": made}, line)
    return output.exit_code


def _make_folder(client: Client, folder: Address, *, parents: bool) -> bool:
    """Make a folder; return False if it exists and `parents` is set."""
    try:
        client.create_folder(*folder, parents=parents)
    except ExistsError:
        if not parents or not client.exists(*folder):  # what exists may be a file
            raise
        return False
    return True
