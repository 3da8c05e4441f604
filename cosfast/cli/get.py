"""`cosfast get`: download files and folders."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.cli.addresses import Address, UsageError
from cosfast.cli.arguments import (
    ADDRESS,
    add_filters,
    add_max_workers,
    add_operand,
    add_overwrite,
    add_server_options,
    add_transfer_options,
    describe,
    filters_of,
    open_client,
    selection_of,
)
from cosfast.cli.listing import Match, expand, look_up
from cosfast.cli.output import Output, add_json_option, add_log_options
from cosfast.cli.progress import FileBars, growing_bar
from cosfast.cli.streams import STDIO, Stdout
from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse

    from cosfast.cosv4 import Client, DownloadResult
    from cosfast.cosv4.protocol.stats import ObjectStat

_KEYS = """\
  address              cos://BUCKET/PATH
  file                 the local path
  sha1                 40 hex digits; empty with --no-verify
  size, received_bytes, resumed_bytes                  bytes
  existed              whether the local file existed with this content"""


class _Wanted(NamedTuple):
    """A file, or with `-r` a folder, and its local target."""

    address: Address
    known: ObjectStat
    target: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `get`."""
    describe(
        parser,
        """
        Download files and check them against the server's SHA-1; a file gets its name when it is
        complete. To resume a download that was interrupted, run the same command again.

        TARGET is a file, an existing folder, a folder to be made if it ends in /, or - for
        standard output; by default the current folder. With -r everything in the folder is
        downloaded into TARGET. A file that exists with the same content is kept; with different
        content it is an error, unless --overwrite is given.

        In PATH, * and ? match any characters but /; quote them for the shell.
        """,
        "cosfast get cos://my-bucket/videos/film.mp4",
        "cosfast get cos://my-bucket/a.csv 'cos://my-bucket/tables/*.csv' tables/",
        "cosfast get cos://my-bucket/logs.tar.gz - | tar xz",
        "cosfast get -r cos://my-bucket/photos/ photos",
    )
    parser.usage = f"{parser.prog} [option ...] {ADDRESS} ... [TARGET]"
    add_operand(parser, "operands", ADDRESS, several=True)
    parser.add_argument("-o", "--output", metavar="TARGET", help="TARGET, given as a flag")
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="folders with everything in them"
    )
    add_overwrite(parser)
    add_filters(parser, "it is not downloaded")
    parser.add_argument("--no-verify", action="store_true", help="do not hash, and do not resume")
    add_transfer_options(parser, unit="ranges", concurrency=4)
    add_max_workers(parser)
    add_server_options(parser)
    add_json_option(parser, _KEYS)
    add_log_options(parser)


def run(options: argparse.Namespace) -> int:
    """Download the files; one that fails does not stop the others."""
    sources, target = _check_usage(options)
    options.resumes = target != STDIO and not options.no_verify
    output = Output(as_json=options.json, quiet=options.quiet)
    selection = selection_of(options)
    with open_client(options) as client:
        matches: list[Match] = []
        for source in sources:
            with output.report_failure():
                matches += expand(client, source, recursive=options.recursive)
        wanted = []
        for match in matches:
            with output.report_failure():
                found = _look_up(client, match, target, recursive=options.recursive)
                if found.known.is_folder or selection.includes(match.address.name):
                    wanted.append(found)
        _get_files(client, [each for each in wanted if not each.known.is_folder], options, output)
        for folder in (each for each in wanted if each.known.is_folder):
            with output.report_failure():
                _get_folder(client, folder, options, output)
    return output.exit_code


def _check_usage(options: argparse.Namespace) -> tuple[list[Address], str]:
    """Return the addresses and the target."""
    words = list(options.operands)
    target = options.output
    if target is None:
        target = words.pop() if isinstance(words[-1], str) and len(words) > 1 else None
    sources = [word for word in words if isinstance(word, Address)]
    if len(sources) < len(words):
        raise UsageError("files come from cos://BUCKET/PATH; only TARGET, the last, is local")
    if target is None and options.recursive:
        raise UsageError("-r needs a TARGET, the folder to download into")
    if target == STDIO and (options.recursive or options.json):
        raise UsageError("- (standard output) cannot be combined with -r or --json")
    target = os.curdir if target is None else target
    several = len(sources) > 1 or any(source.is_pattern for source in sources)
    if several and not (target == STDIO or options.recursive or _is_folder(target)):
        raise UsageError("several files need a TARGET that is a folder, or ends in /")
    return sources, target


def _look_up(client: Client, match: Match, target: str, *, recursive: bool) -> _Wanted:
    address = match.address
    known = look_up(client, *match)
    if known.is_folder:
        if not recursive:
            raise InputError(f"{address} is a folder: use -r to download it with everything in it")
        return _Wanted(address.as_folder, known, target)
    if recursive or (target != STDIO and _is_folder(target)):
        target = os.path.join(target, address.name)  # noqa: PTH118 - a path stays as it was given
    return _Wanted(address, known, target)


def _is_folder(target: str) -> bool:
    return target.endswith(("/", os.sep)) or os.path.isdir(target)  # noqa: PTH112 - as above


def _get_files(
    client: Client, wanted: list[_Wanted], options: argparse.Namespace, output: Output
) -> None:
    with FileBars([each.known.filesize or 0 for each in wanted], quiet=options.quiet) as bars:
        for each in wanted:
            size = each.known.filesize or 0
            keywords = {
                **_download_keywords(options),
                "known": each.known,
                "progress": partial(bars.advance, each.address.name, size),
            }
            with output.report_failure():
                _get_file(client, each, output, keywords)


def _get_file(client: Client, wanted: _Wanted, output: Output, keywords: dict[str, Any]) -> None:
    if wanted.target == STDIO:
        client.download(*wanted.address, Stdout(), **keywords)
        return
    folder = os.path.dirname(wanted.target)  # noqa: PTH120 - as above
    if folder:
        os.makedirs(folder, exist_ok=True)  # noqa: PTH103
    result = client.download(*wanted.address, wanted.target, **keywords)
    _show(output, wanted.address, wanted.target, result)


def _get_folder(
    client: Client, wanted: _Wanted, options: argparse.Namespace, output: Output
) -> None:
    from cosfast import DownloadOptions, DownloadResult, sync_down  # noqa: PLC0415 - only for -r

    with growing_bar(str(wanted.address), quiet=options.quiet) as bar:
        steps = sync_down(
            client,
            *wanted.address,
            wanted.target,
            max_workers=options.max_workers,
            filters=filters_of(options),
            options=DownloadOptions(progress=bar.done, **_download_keywords(options)),
            planned=bar.planned,
        )
        for step in steps:
            if step.error is not None:
                output.complain(step.error)
            elif isinstance(step.result, DownloadResult):
                path = os.path.join(wanted.target, step.name)  # noqa: PTH118
                _show(output, wanted.address.below(step.name), path, step.result)


def _download_keywords(options: argparse.Namespace) -> dict[str, Any]:
    return {
        "overwrite": options.overwrite,
        "verify": not options.no_verify,
        "concurrency": options.concurrency,
        "max_rate": options.max_rate,
        "deadline": options.deadline,
    }


def _show(output: Output, address: Address, path: str, result: DownloadResult) -> None:
    fields = {
        "address": str(address),
        "file": path,
        "sha1": result.sha1,
        "size": result.filesize,
        "received_bytes": result.received_bytes,
        "resumed_bytes": result.resumed_bytes,
        "existed": result.existed,
    }
    checked = f"sha1 {result.sha1}" if result.sha1 else "not checked"
    how = f"{result.received_bytes} bytes received"
    if result.existed:
        how = "it existed already"
    elif result.resumed_bytes:
        how += f", {result.resumed_bytes} resumed"
    output.show(fields, f"{address} -> {path} ({checked}, {how})")
