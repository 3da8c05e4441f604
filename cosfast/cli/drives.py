"""What `cosfast wedrive` and `cosfast pds` share: files that have ids instead of paths."""

from __future__ import annotations

import argparse
import dataclasses
import os
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.cli.addresses import UsageError
from cosfast.cli.arguments import add_overwrite, add_transfer_options, describe
from cosfast.cli.output import add_json_option, add_log_options
from cosfast.cli.progress import FileBars
from cosfast.cli.streams import STDIO, Stdout, standard_input
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cosfast.cli.output import Output


class Action(NamedTuple):
    """A subcommand of a drive.

    Attributes:
        name: Its name.
        help: What it does, in a few words.
        add_arguments: Adds its arguments to a parser.
        run: Called with the client, the parsed arguments and the output.
    """

    name: str
    help: str
    add_arguments: Callable[[argparse.ArgumentParser], object]
    run: Callable[[Any, argparse.Namespace, Output], object]


def add_actions(
    parser: argparse.ArgumentParser,
    actions: Iterable[Action],
    add_server: Callable[[argparse.ArgumentParser], object],
) -> None:
    """Add the subcommands, each with the options that select the server."""
    added = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for action in actions:
        sub = added.add_parser(
            action.name, help=action.help, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        action.add_arguments(sub)
        add_server(sub)
        sub.set_defaults(act=action.run)


def add_put_options(parser: argparse.ArgumentParser, keys: str, unit: str, count: int) -> None:
    """Add the options of every `put`.

    Args:
        parser: The parser of the subcommand.
        keys: The keys of the output with ``--json``.
        unit: What is transferred concurrently, such as blocks.
        count: The default number of them.
    """
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for standard input")
    parser.add_argument("--name", help="the name on the drive; by default the file's own")
    add_transfer_options(parser, unit=unit, concurrency=count)
    add_json_option(parser, keys)
    add_log_options(parser)


def put(
    options: argparse.Namespace,
    output: Output,
    upload: Callable[..., Any],
    describe_result: Callable[[dict[str, Any]], str],
) -> None:
    """Upload each file; a failure is one line, and stops no other file.

    Args:
        options: The parsed arguments.
        output: Prints the results.
        upload: Called with the source and the keyword arguments of every service's `upload`.
        describe_result: Returns the line of a result, from its fields.
    """
    if options.name is not None and len(options.files) > 1:
        raise UsageError("--name is for one file")
    if STDIO in options.files and options.name is None:
        raise UsageError("standard input (-) has no name: use --name")
    sizes = {path: _size_of(path) for path in options.files}
    with FileBars(sizes.values(), quiet=options.quiet) as bars:
        for path, size in sizes.items():
            with output.report_failure():
                result = upload(
                    standard_input() if path == STDIO else path,
                    name=options.name,
                    concurrency=options.concurrency,
                    progress=partial(bars.advance, path, size),
                    hash_progress=partial(bars.hashed, path, size),
                    max_rate=options.max_rate,
                    deadline=options.deadline,
                )
                fields = {"file": path, **dataclasses.asdict(result)}
                output.show(fields, describe_result(fields))


def describe_sent(fields: dict[str, Any]) -> str:
    """Return what an upload sent, in a few words."""
    if fields["instant"]:
        return "the server had it already"
    resumed = f", {fields['resumed_bytes']} were there" if fields["resumed_bytes"] else ""
    return f"{fields['sent_bytes']} bytes sent{resumed}"


def add_get_options(parser: argparse.ArgumentParser, id_name: str, keys: str) -> None:
    """Add the arguments of every `get`.

    Args:
        parser: The parser of the subcommand.
        id_name: What the service calls the id of a file.
        keys: The keys of the output with ``--json``.
    """
    parser.add_argument("ids", nargs="+", metavar=id_name)
    parser.add_argument(
        "-o",
        "--output",
        metavar="TARGET",
        default=os.curdir,
        help="a file, a folder, or - for standard output; by default the current folder",
    )
    add_overwrite(parser)
    parser.add_argument(
        "--no-verify", action="store_true", help="do not hash, and do not resume either"
    )
    add_transfer_options(parser, unit="ranges", concurrency=4)
    add_json_option(parser, keys)
    add_log_options(parser)


def get(
    options: argparse.Namespace,
    output: Output,
    find: Callable[[str], Any],
    download: Callable[..., Any],
    fields_of: Callable[[str, Any], dict[str, Any]],
) -> None:
    """Download each file; a failure is one line, and stops no other file.

    Args:
        options: The parsed arguments.
        output: Prints the results.
        find: Returns the entry of an id, which has a name and a size.
        download: Called with an entry, the target and the keyword arguments of every service's
            `download`.
        fields_of: Returns the fields of a result that differ between services, from the id and
            the result; the first of them is the id.
    """
    target = options.output
    is_folder = target.endswith(("/", os.sep)) or os.path.isdir(target)  # noqa: PTH112
    if target == STDIO:
        if options.json:
            raise UsageError("standard output takes the content of files, not --json")
    elif len(options.ids) > 1 and not is_folder:
        raise UsageError("several files need a TARGET that is a folder, or ends in /")
    elif is_folder:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    for each in options.ids:
        with output.report_failure():
            entry = find(each)
            path = os.path.join(target, _local_name(entry.name)) if is_folder else target  # noqa: PTH118
            with FileBars([entry.size], quiet=options.quiet) as bars:
                result = download(
                    entry,
                    Stdout() if path == STDIO else path,
                    overwrite=options.overwrite,
                    concurrency=options.concurrency,
                    progress=partial(bars.advance, entry.name, entry.size),
                    max_rate=options.max_rate,
                    deadline=options.deadline,
                    verify=not options.no_verify,
                )
            if path != STDIO:
                _show_downloaded(output, entry.name, path, result, fields_of(each, result))


def _show_downloaded(
    output: Output, name: str, path: str, result: Any, own: dict[str, Any]
) -> None:
    (id_name, id_value), *rest = own.items()
    fields = {
        id_name: id_value,
        "name": name,
        "file": path,
        **dict(rest),
        "size": result.size,
        "received_bytes": result.received_bytes,
        "resumed_bytes": result.resumed_bytes,
        "existed": result.existed,
    }
    digest = own.get("digest", own.get("sha1"))
    checked = f"{own.get('algorithm', 'sha1')} {digest}" if digest else "not checked"
    how = ", it existed already" if result.existed else ""
    output.show(fields, f"{name} -> {path} ({checked}{how})")


def add_rm_arguments(parser: argparse.ArgumentParser, command: str, id_name: str) -> None:
    """Add the arguments of every `rm`."""
    describe(parser, "Remove files, and folders with everything in them.", f"{command} {id_name}")
    parser.add_argument("ids", nargs="+", metavar=id_name)
    add_json_option(parser, "  removed      the id")


def remove(client: Any, options: argparse.Namespace, output: Output) -> None:
    """Remove each file or folder; a failure is one line, and stops no other."""
    for each in options.ids:
        with output.report_failure():
            client.delete(each)
            output.show({"removed": each}, f"removed {each}")


def _size_of(path: str) -> int | None:
    """Return a size for the progress bar; the upload itself reports an unusable path."""
    if path == STDIO:
        return None
    try:
        return os.stat(path).st_size  # noqa: PTH116 - the path is used as it was given
    except OSError:
        return 0


def _local_name(name: str) -> str:
    if name in {"", os.curdir, os.pardir} or any(mark in name for mark in ("/", "\\", "\0")):
        raise InputError(f"{name!r} cannot be the name of a local file: use --output FILE")
    return name
