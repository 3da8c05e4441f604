"""`cosfast cp`, `mv`, `rm` and `mkdir`: changes within a bucket, made by the server."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from cosfast.cli.addresses import Address, UsageError
from cosfast.cli.arguments import (
    ADDRESS,
    add_addresses,
    add_dry_run,
    add_filters,
    add_operand,
    add_overwrite,
    add_server_options,
    describe,
    open_client,
    selection_of,
)
from cosfast.cli.listing import Match, NoMatchError, expand, look_up
from cosfast.cli.output import Output, add_json_option, add_log_options
from cosfast.concurrency import as_outcomes
from cosfast.errors import ExistsError, InputError, NotFoundError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from cosfast.cli.addresses import Operand
    from cosfast.cosv4 import Client

_MAX_WORKERS = 8

_RELOCATION_KEYS = """\
  source       cos://BUCKET/PATH
  target       cos://BUCKET/PATH, with the name that it got"""

_RM_KEYS = """\
  removed      cos://BUCKET/PATH; a folder's ends in /
  dry_run      whether nothing was changed"""

_MKDIR_KEYS = """\
  folder       cos://BUCKET/PATH/
  made         false if it existed"""


def add_cp_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `cp`."""
    describe(
        parser,
        "Copy files within a bucket, on the server, without transferring them. Folders cannot be "
        "copied. In the source, * and ? match any characters but /.",
        "cosfast cp 'cos://my-bucket/films/*.mp4' cos://my-bucket/videos/",
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
        "Move files within a bucket. Folders cannot be moved. In the source, * and ? match any "
        "characters but /.",
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
    add_overwrite(parser)
    add_server_options(parser)
    add_json_option(parser, _RELOCATION_KEYS)
    add_log_options(parser)


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
    several = len(sources) > 1 or any(source.is_pattern for source in sources)
    if several and not target.is_folder:
        raise UsageError("several files need a target that ends in /")
    output = Output(as_json=options.json, quiet=options.quiet)
    with open_client(options) as client:
        matches: list[Match] = []
        for source in sources:
            with output.report_failure():
                matches += expand(client, source)
        for source, _ in matches:
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
        """
        Remove files, and folders: an empty one if its address ends in /, one with everything in it
        with -r. This cannot be undone: --dry-run prints what would be removed.

        In PATH, * and ? match any characters but /; quote them for the shell. A folder in which
        something is excluded stays. The root of a bucket stays too, and is taken only with filters.
        """,
        "cosfast rm cos://my-bucket/videos/film.mp4",
        "cosfast rm -r -f cos://my-bucket/old/ cos://my-bucket/older/",
        "cosfast rm --dry-run 'cos://my-bucket/videos/*.tmp'",
        "cosfast rm -r --exclude '*' --include '*.tmp' cos://my-bucket/videos/",
    )
    add_addresses(parser)
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="folders with everything in them"
    )
    parser.add_argument(
        "-f", "--force", action="store_true", help="ignore files and folders that do not exist"
    )
    add_dry_run(parser)
    add_filters(parser, "it is not removed")
    add_server_options(parser)
    add_json_option(parser, _RM_KEYS)
    add_log_options(parser)


def run_rm(options: argparse.Namespace) -> int:
    """Remove each address; one that fails does not stop the others."""
    output = Output(as_json=options.json, quiet=options.quiet)
    ignored = (NotFoundError, NoMatchError) if options.force else ()
    with open_client(options) as client:
        removal = _Removal(client, options, output)
        for address in options.addresses:
            with output.report_failure(), suppress(*ignored):
                for found, _ in expand(client, address, recursive=options.recursive):
                    with output.report_failure(), suppress(*ignored):
                        removal.remove(found)
    return output.exit_code


class _Removal:
    """Removes files and folders, or prints what would be removed.

    Args:
        client: Changes the bucket.
        options: Those of `rm`.
        output: Gets the results, and the failures inside folders.
    """

    def __init__(self, client: Client, options: argparse.Namespace, output: Output) -> None:
        self._client = client
        self._recursive = options.recursive
        self._dry_run = options.dry_run
        self._selects = bool(options.filters)
        self._selection = selection_of(options)
        self._output = output

    def remove(self, address: Address) -> None:
        """Remove the file at `address`, or the folder of this name."""
        if not (self._dry_run or self._selects):
            self._show(self._remove_whole(address))
            return
        known = look_up(self._client, address)
        if known.is_folder:
            self._remove_folder(address)
        elif self._selection.includes(address.name):
            self._remove_one(address)
            self._show(address)

    def _remove_whole(self, address: Address) -> Address:
        """Remove without listing a file first, or a folder of which everything goes."""
        try:
            self._client.delete(*address, recursive=self._recursive and address.is_folder)
        except NotFoundError:
            if address.is_folder or not self._client.exists(*address.as_folder):
                raise
        else:
            return address
        self._require_recursive(address)
        self._client.delete(*address.as_folder, recursive=True)
        return address.as_folder

    def _require_recursive(self, address: Address) -> None:
        if not self._recursive:
            raise InputError(f"{address} is a folder: use -r to remove it with everything in it")

    def _remove_folder(self, address: Address) -> None:
        """Remove what is selected in a folder; it stays itself if anything in it does."""
        from cosfast.cosv4.protocol.addresses import ObjectAddress, require_folder  # noqa: PLC0415
        from cosfast.sync.listing import list_remote  # noqa: PLC0415 - rarely needed
        from cosfast.sync.planner import levels  # noqa: PLC0415

        if not address.is_folder:
            self._require_recursive(address)
        folder = ObjectAddress.folder(self._client.credentials.appid, *address)
        if not self._selects:
            require_folder(folder)
        tree = list_remote(self._client, folder, self._selection, max_workers=_MAX_WORKERS)
        for name, error in tree.errors.items():
            self._output.complain(error)
            tree.exclude(name)
        if not self._recursive and (tree.files or tree.folders or tree.retained):
            raise InputError(f"{address} is not empty: use -r to remove it with everything in it")
        top = address.as_folder
        for level in levels([*tree.folders, *tree.files]):
            names = [name for name in level if name not in tree.retained]
            addresses = [top.below(name) for name in names]
            outcomes = as_outcomes(self._remove_one, addresses, max_workers=_MAX_WORKERS)
            for gone, outcome in outcomes:
                if isinstance(outcome, Exception):
                    self._output.complain(outcome)
                    tree.exclude(gone.path[len(top.path) :])
                else:
                    self._show(gone)
        if not (tree.retained or folder.is_root):
            self._remove_one(top)
            self._show(top)

    def _remove_one(self, address: Address) -> None:
        if not self._dry_run:
            with suppress(NotFoundError):  # somebody else has removed it since it was listed
                self._client.delete(*address)

    def _show(self, address: Address) -> None:
        fields = {"removed": str(address), "dry_run": self._dry_run}
        self._output.show(fields, f"{'would remove' if self._dry_run else 'removed'} {address}")


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
