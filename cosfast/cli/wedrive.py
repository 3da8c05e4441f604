"""`cosfast wedrive`: files in WeCom's WeDrive."""

from __future__ import annotations

import argparse
import dataclasses
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import UsageError
from cosfast.cli.arguments import add_overwrite, describe
from cosfast.cli.output import Output, add_json_option, add_log_options
from cosfast.cli.progress import FileBars
from cosfast.cli.streams import STDIO, standard_input, write_bytes
from cosfast.cli.units import byte_count, duration
from cosfast.errors import InputError

if TYPE_CHECKING:
    from cosfast.wedrive import Client, DriveEntry

_PUT_KEYS = """\
  file                 the local path
  fileid               what the service calls it
  sha1                 40 hex digits
  size, sent_bytes, resumed_bytes    bytes
  instant              whether the service had the content already
  calls                API calls that it took"""

_LS_KEYS = """\
  fileid, name, spaceid, fatherid, url    text
  type                 "folder", "file" or "document"
  size                 bytes
  sha1                 40 hex digits, or null
  created, modified    seconds since 1970"""

_GET_KEYS = """\
  fileid, name         of the file
  file                 the local path
  sha1                 40 hex digits; empty with --no-verify
  size, received_bytes, resumed_bytes    bytes
  existed              whether the local file existed with this content"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `wedrive`."""
    describe(
        parser,
        "Files in WeCom's WeDrive. COSFAST_WEDRIVE_CORPID and COSFAST_WEDRIVE_SECRET name the app; "
        "COSFAST_WEDRIVE_ENDPOINT another server than the service's own.",
        "cosfast wedrive put film.mp4 --space SPACEID",
        "cosfast wedrive ls --space SPACEID",
        "cosfast wedrive get FILEID",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, words, add, act in _ACTIONS:
        added = actions.add_parser(
            name, help=words, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        add(added)
        added.add_argument("--endpoint", help="server address (or COSFAST_WEDRIVE_ENDPOINT)")
        added.set_defaults(act=act)


def run(options: argparse.Namespace) -> int:
    """Run the action; a failure is one line, and stops no other file."""
    from cosfast.wedrive import Client, CorpToken  # noqa: PLC0415 - loads requests

    options.resumes = options.action in {"put", "get"}
    output = Output(as_json=options.json, quiet=getattr(options, "quiet", False))
    endpoint = options.endpoint or os.environ.get("COSFAST_WEDRIVE_ENDPOINT") or None
    with Client(CorpToken.from_env(), endpoint=endpoint) as client:
        options.act(client, options, output)
    return output.exit_code


def _add_folder(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--space", required=True, metavar="SPACEID", help="the space")
    parser.add_argument(
        "--folder", metavar="FILEID", help="the folder's fileid; by default the space's root"
    )


def _add_transfer(parser: argparse.ArgumentParser, unit: str, concurrency: int) -> None:
    parser.add_argument(
        "--concurrency",
        type=int,
        default=concurrency,
        metavar="N",
        help=f"{unit} in flight (default {concurrency})",
    )
    parser.add_argument(
        "--max-rate", type=byte_count, metavar="RATE", help="bytes a second, such as 500K or 4M"
    )
    parser.add_argument(
        "--deadline", type=duration, metavar="TIME", help="how long each file may take, such as 15m"
    )


def _add_put(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Upload files. An upload that was interrupted is resumed when it is started again; content "
        "that the service has already is not sent.",
        "cosfast wedrive put film.mp4 --space SPACEID",
        "cosfast wedrive put a.zip b.zip --space SPACEID --folder FILEID --skip-push-card",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for standard input")
    _add_folder(parser)
    parser.add_argument("--name", help="the name in the drive; by default the file's own")
    parser.add_argument(
        "--skip-push-card", action="store_true", help="do not send the members a card"
    )
    _add_transfer(parser, "blocks", 8)
    add_json_option(parser, _PUT_KEYS)
    add_log_options(parser)


def _put(client: Client, options: argparse.Namespace, output: Output) -> None:
    if options.name is not None and len(options.files) > 1:
        raise UsageError("--name is for one file")
    if STDIO in options.files and options.name is None:
        raise UsageError("standard input (-) has no name: use --name")
    sizes = {path: _size_of(path) for path in options.files}
    with FileBars(sizes.values(), quiet=options.quiet) as bars:
        for path, size in sizes.items():
            with output.report_failure():
                result = client.upload(
                    standard_input() if path == STDIO else path,
                    spaceid=options.space,
                    fatherid=options.folder,
                    name=options.name,
                    skip_push_card=options.skip_push_card,
                    concurrency=options.concurrency,
                    progress=partial(bars.advance, path, size),
                    hash_progress=partial(bars.hashed, path, size),
                    max_rate=options.max_rate,
                    deadline=options.deadline,
                )
                fields = {"file": path, **dataclasses.asdict(result)}
                output.show(fields, f"{path} -> {result.fileid} ({_how(fields)})")


def _size_of(path: str) -> int | None:
    """Return a size for the progress bar; the upload itself tells what is wrong with a path."""
    if path == STDIO:
        return None
    try:
        return os.stat(path).st_size  # noqa: PTH116 - it stays what was given
    except OSError:
        return 0


def _how(fields: dict[str, Any]) -> str:
    if fields["instant"]:
        sent = "the service had it already"
    else:
        sent = f"{fields['sent_bytes']} bytes sent"
        if fields["resumed_bytes"]:
            sent += f", {fields['resumed_bytes']} were there"
    return f"sha1 {fields['sha1']}, {sent}, calls: {fields['calls']}"


def _add_ls(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "List a folder: fileid, bytes and name, a line each. A folder's name ends in /.",
        "cosfast wedrive ls --space SPACEID",
        "cosfast wedrive ls --space SPACEID --folder FILEID --json",
    )
    _add_folder(parser)
    add_json_option(parser, _LS_KEYS)


def _ls(client: Client, options: argparse.Namespace, output: Output) -> None:
    for entry in client.list(options.space, options.folder):
        mark = "/" if entry.is_folder else ""
        output.show(_entry_fields(entry), f"{entry.fileid}  {entry.size:>13}  {entry.name}{mark}")


def _entry_fields(entry: DriveEntry) -> dict[str, Any]:
    fields = dataclasses.asdict(entry)
    del fields["file_type"], fields["file_status"]
    kind = "folder" if entry.is_folder else "file" if entry.is_file else "document"
    return {**fields, "type": kind}


def _add_get(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Download files, whole and checked against the service's SHA-1. A download that was "
        "interrupted is resumed when it is started again.",
        "cosfast wedrive get FILEID",
        "cosfast wedrive get FILEID FILEID -o videos/",
        "cosfast wedrive get FILEID -o - | tar xz",
    )
    parser.add_argument("fileids", nargs="+", metavar="FILEID")
    parser.add_argument(
        "-o",
        "--output",
        metavar="TARGET",
        default=os.curdir,
        help="a file, a folder, or - for standard output; by default the folder where you are",
    )
    add_overwrite(parser)
    parser.add_argument(
        "--no-verify", action="store_true", help="do not hash, and do not resume either"
    )
    _add_transfer(parser, "ranges", 4)
    add_json_option(parser, _GET_KEYS)
    add_log_options(parser)


def _get(client: Client, options: argparse.Namespace, output: Output) -> None:
    target = options.output
    is_folder = target.endswith(("/", os.sep)) or os.path.isdir(target)  # noqa: PTH112
    if target == STDIO:
        if options.json:
            raise UsageError("standard output takes the content of files, not --json")
    elif len(options.fileids) > 1 and not is_folder:
        raise UsageError("several files need a TARGET that is a folder, or ends in /")
    elif is_folder:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    for fileid in options.fileids:
        with output.report_failure():
            _get_one(client, fileid, options, output, is_folder=is_folder)


class _Stdout:
    """Standard output as a binary file to download to."""

    write = staticmethod(write_bytes)


def _get_one(
    client: Client, fileid: str, options: argparse.Namespace, output: Output, *, is_folder: bool
) -> None:
    known = client.info(fileid)
    path = os.path.join(options.output, _local_name(known)) if is_folder else options.output  # noqa: PTH118
    with FileBars([known.size], quiet=options.quiet) as bars:
        result = client.download(
            fileid,
            _Stdout() if path == STDIO else path,
            overwrite=options.overwrite,
            concurrency=options.concurrency,
            progress=partial(bars.advance, known.name, known.size),
            max_rate=options.max_rate,
            deadline=options.deadline,
            verify=not options.no_verify,
            known=known,
        )
    if path == STDIO:
        return
    fields = {
        "fileid": fileid,
        "name": result.name,
        "file": path,
        "sha1": result.sha1,
        "size": result.size,
        "received_bytes": result.received_bytes,
        "resumed_bytes": result.resumed_bytes,
        "existed": result.existed,
    }
    checked = f"sha1 {result.sha1}" if result.sha1 else "not checked"
    how = ", it existed already" if result.existed else ""
    output.show(fields, f"{result.name} -> {path} ({checked}{how})")


def _local_name(entry: DriveEntry) -> str:
    """Return the name of the file to be; one that leads elsewhere is refused."""
    name = entry.name
    if name in {os.curdir, os.pardir} or any(mark in name for mark in ("/", "\\", "\0")):
        raise InputError(f"{name!r} cannot be the name of a local file: use --output FILE")
    return name


def _add_rm(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Remove files, and folders with all in them.",
        "cosfast wedrive rm FILEID",
    )
    parser.add_argument("fileids", nargs="+", metavar="FILEID")
    add_json_option(parser, "  removed      the fileid")


def _rm(client: Client, options: argparse.Namespace, output: Output) -> None:
    for fileid in options.fileids:
        with output.report_failure():
            client.delete(fileid)
            output.show({"removed": fileid}, f"removed {fileid}")


def _add_mkdir(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Make folders, and print their fileids.",
        "cosfast wedrive mkdir videos --space SPACEID",
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    _add_folder(parser)
    add_json_option(parser, "  name, fileid     of the folder")


def _mkdir(client: Client, options: argparse.Namespace, output: Output) -> None:
    for name in options.names:
        with output.report_failure():
            fileid = client.create_folder(name, spaceid=options.space, fatherid=options.folder)
            output.show({"name": name, "fileid": fileid}, f"{fileid}  {name}/")


_ACTIONS = (
    ("put", "upload files", _add_put, _put),
    ("ls", "list a folder", _add_ls, _ls),
    ("get", "download files", _add_get, _get),
    ("rm", "remove files and folders", _add_rm, _rm),
    ("mkdir", "make folders", _add_mkdir, _mkdir),
)
