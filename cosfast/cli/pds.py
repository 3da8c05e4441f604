"""`cosfast pds`: files on a drive of Alibaba Cloud PDS."""

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
    from cosfast.pds import Client, File

ROOT = "root"
_PUT_KEYS = """\
  file                 the local path
  file_id, name        as the server has them
  algorithm, digest    "sha1" or "sha256", and that hash of the content in hex
  size, sent_bytes, resumed_bytes    bytes
  instant              whether the server had the content already"""

_LS_KEYS = """\
  file_id, parent_file_id, drive_id, name, status    text
  type                 "folder" or "file"
  size                 bytes; null of a folder
  content_hash, content_hash_name    the hash in hex, and "sha1" or "sha256"
  created_at, updated_at    as the server has them"""

_GET_KEYS = """\
  file_id, name        of the file
  file                 the local path
  algorithm, digest    what it was compared by; the digest is empty with --no-verify
  size, received_bytes, resumed_bytes    bytes
  existed              whether the local file existed with this content"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the words of `pds`."""
    describe(
        parser,
        "Files on a drive of Alibaba Cloud PDS. COSFAST_PDS_TOKEN is the access token; "
        "COSFAST_PDS_DOMAIN and COSFAST_PDS_DRIVE say where the files are, COSFAST_PDS_ENDPOINT "
        "names another server than the domain's own.",
        "cosfast pds put film.mp4",
        "cosfast pds ls",
        "cosfast pds get FILE_ID",
    )
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, words, add, act in _ACTIONS:
        added = actions.add_parser(
            name, help=words, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        add(added)
        group = added.add_argument_group("server", "COSFAST_PDS_TOKEN is the access token.")
        group.add_argument("--domain", help="the domain's id (or COSFAST_PDS_DOMAIN)")
        group.add_argument("--drive", help="the drive's id (or COSFAST_PDS_DRIVE)")
        group.add_argument(
            "--endpoint",
            help="server address, such as http://127.0.0.1:8080 (or COSFAST_PDS_ENDPOINT)",
        )
        added.set_defaults(act=act)


def run(options: argparse.Namespace) -> int:
    """Run the action; a failure is one line, and stops no other file."""
    options.resumes = options.action in {"put", "get"}
    output = Output(as_json=options.json, quiet=getattr(options, "quiet", False))
    with _open_client(options) as client:
        options.act(client, options, output)
    return output.exit_code


def _open_client(options: argparse.Namespace) -> Client:
    from cosfast.pds import Client  # noqa: PLC0415 - loads requests

    token = os.environ.get("COSFAST_PDS_TOKEN")
    if not token:
        raise InputError("no access token is set: set COSFAST_PDS_TOKEN")
    drive = options.drive or os.environ.get("COSFAST_PDS_DRIVE")
    if not drive:
        raise InputError("no drive is set: use --drive, or COSFAST_PDS_DRIVE")
    domain = options.domain or os.environ.get("COSFAST_PDS_DOMAIN") or None
    endpoint = options.endpoint or os.environ.get("COSFAST_PDS_ENDPOINT") or None
    if domain is None and endpoint is None:
        raise InputError(
            "no server is set: use --domain, --endpoint, COSFAST_PDS_DOMAIN or COSFAST_PDS_ENDPOINT"
        )
    return Client(domain, token=token, drive_id=drive, endpoint=endpoint)


def _add_parent(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--parent", default=ROOT, metavar="FILE_ID", help="the folder; by default the drive's own"
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
        "that the server has already is not sent.",
        "cosfast pds put film.mp4",
        "cosfast pds put a.zip b.zip --parent FILE_ID --check-name refuse",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="a file, or - for standard input")
    _add_parent(parser)
    parser.add_argument("--name", help="the name on the drive; by default the file's own")
    parser.add_argument(
        "--check-name",
        default="ignore",
        choices=("ignore", "auto_rename", "refuse"),
        help="if the name is taken: two files have it (default), the new one gets another, or an "
        "error",
    )
    parser.add_argument(
        "--part-size",
        type=byte_count,
        metavar="SIZE",
        help="bytes in a part, such as 10M: a multiple of 64 (default 50M, more for large files)",
    )
    parser.add_argument(
        "--algorithm", default="sha1", choices=("sha1", "sha256"), help="as the domain hashes"
    )
    parser.add_argument(
        "--pre-hash",
        action="store_true",
        help="send parts while the rest is hashed, unless the server may know the content",
    )
    _add_transfer(parser, "parts", 5)
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
                    name=options.name,
                    parent_file_id=options.parent,
                    check_name_mode=options.check_name,
                    part_size=options.part_size,
                    concurrency=options.concurrency,
                    algorithm=options.algorithm,
                    pre_hash=options.pre_hash,
                    progress=partial(bars.advance, path, size),
                    hash_progress=partial(bars.hashed, path, size),
                    max_rate=options.max_rate,
                    deadline=options.deadline,
                )
                fields = {"file": path, **dataclasses.asdict(result)}
                output.show(fields, f"{path} -> {result.file_id} ({_how(fields)})")


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
        sent = "the server had it already"
    else:
        sent = f"{fields['sent_bytes']} bytes sent"
        if fields["resumed_bytes"]:
            sent += f", {fields['resumed_bytes']} were there"
    return f"{fields['algorithm']} {fields['digest']}, {sent}"


def _add_ls(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "List a folder: file_id, bytes and name, a line each. A folder's name ends in /.",
        "cosfast pds ls",
        "cosfast pds ls FILE_ID --json",
    )
    parser.add_argument(
        "folder", nargs="?", default=ROOT, metavar="FILE_ID", help="by default the drive's own"
    )
    add_json_option(parser, _LS_KEYS)


def _ls(client: Client, options: argparse.Namespace, output: Output) -> None:
    for entry in client.list(options.folder):
        size = "-" if entry.size is None else entry.size
        mark = "/" if entry.is_folder else ""
        line = f"{entry.file_id}  {size:>13}  {entry.name}{mark}"
        output.show(dataclasses.asdict(entry), line)


def _add_get(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Download files, whole and checked against the server's hash. A download that was "
        "interrupted is resumed when it is started again.",
        "cosfast pds get FILE_ID",
        "cosfast pds get FILE_ID FILE_ID -o videos/",
        "cosfast pds get FILE_ID -o - | tar xz",
    )
    parser.add_argument("file_ids", nargs="+", metavar="FILE_ID")
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
    elif len(options.file_ids) > 1 and not is_folder:
        raise UsageError("several files need a TARGET that is a folder, or ends in /")
    elif is_folder:
        os.makedirs(target, exist_ok=True)  # noqa: PTH103
    for file_id in options.file_ids:
        with output.report_failure():
            _get_one(client, file_id, options, output, is_folder=is_folder)


class _Stdout:
    """Standard output as a binary file to download to."""

    write = staticmethod(write_bytes)


def _get_one(
    client: Client, file_id: str, options: argparse.Namespace, output: Output, *, is_folder: bool
) -> None:
    known = client.get(file_id)
    path = os.path.join(options.output, _local_name(known)) if is_folder else options.output  # noqa: PTH118
    with FileBars([known.size], quiet=options.quiet) as bars:
        result = client.download(
            file_id,
            _Stdout() if path == STDIO else path,
            overwrite=options.overwrite,
            concurrency=options.concurrency,
            progress=partial(bars.advance, known.name, known.size),
            max_rate=options.max_rate,
            deadline=options.deadline,
            verify=not options.no_verify,
        )
    if path == STDIO:
        return
    fields = {
        "file_id": file_id,
        "name": known.name,
        "file": path,
        "algorithm": result.algorithm,
        "digest": result.digest,
        "size": result.size,
        "received_bytes": result.received_bytes,
        "resumed_bytes": result.resumed_bytes,
        "existed": result.existed,
    }
    checked = f"{result.algorithm} {result.digest}" if result.digest else "not checked"
    how = ", it existed already" if result.existed else ""
    output.show(fields, f"{known.name} -> {path} ({checked}{how})")


def _local_name(entry: File) -> str:
    """Return the name of the file to be; one that leads elsewhere is refused."""
    name = entry.name
    if name in {"", os.curdir, os.pardir} or any(mark in name for mark in ("/", "\\", "\0")):
        raise InputError(f"{name!r} cannot be the name of a local file: use --output FILE")
    return name


def _add_rm(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Remove files, and folders with all in them.",
        "cosfast pds rm FILE_ID",
    )
    parser.add_argument("file_ids", nargs="+", metavar="FILE_ID")
    add_json_option(parser, "  removed      the file_id")


def _rm(client: Client, options: argparse.Namespace, output: Output) -> None:
    for file_id in options.file_ids:
        with output.report_failure():
            client.delete(file_id)
            output.show({"removed": file_id}, f"removed {file_id}")


def _add_mkdir(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Make folders, and print their file_ids.",
        "cosfast pds mkdir videos",
    )
    parser.add_argument("names", nargs="+", metavar="NAME")
    _add_parent(parser)
    add_json_option(parser, "  name, file_id     of the folder")


def _mkdir(client: Client, options: argparse.Namespace, output: Output) -> None:
    for name in options.names:
        with output.report_failure():
            made = client.create_folder(name, parent_file_id=options.parent)
            fields = {"name": made.name, "file_id": made.file_id}
            output.show(fields, f"{made.file_id}  {made.name}/")


_ACTIONS = (
    ("put", "upload files", _add_put, _put),
    ("ls", "list a folder", _add_ls, _ls),
    ("get", "download files", _add_get, _get),
    ("rm", "remove files and folders", _add_rm, _rm),
    ("mkdir", "make folders", _add_mkdir, _mkdir),
)
