"""`cosfast pds`: files on a drive of Alibaba Cloud PDS."""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from cosfast.cli.arguments import describe
from cosfast.cli.drives import (
    Action,
    add_actions,
    add_get_options,
    add_put_options,
    add_rm_arguments,
    describe_sent,
    get,
    put,
    remove,
)
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.units import byte_count
from cosfast.errors import InputError

if TYPE_CHECKING:
    import argparse

    from cosfast.pds import Client, DownloadResult, File

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
    """Add the arguments of `pds`."""
    describe(
        parser,
        "Files on a drive of Alibaba Cloud PDS. COSFAST_PDS_TOKEN is the access token; "
        "COSFAST_PDS_DOMAIN and COSFAST_PDS_DRIVE say where the files are, COSFAST_PDS_ENDPOINT "
        "names another server than the domain's own.",
        "cosfast pds put film.mp4",
        "cosfast pds ls",
        "cosfast pds get FILE_ID",
    )
    add_actions(parser, _ACTIONS, _add_server)


def _add_server(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("server", "COSFAST_PDS_TOKEN is the access token.")
    group.add_argument("--domain", help="the domain's id (or COSFAST_PDS_DOMAIN)")
    group.add_argument("--drive", help="the drive's id (or COSFAST_PDS_DRIVE)")
    group.add_argument(
        "--endpoint",
        help="server address, such as http://127.0.0.1:8080 (or COSFAST_PDS_ENDPOINT)",
    )


def run(options: argparse.Namespace) -> int:
    """Run the action."""
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


def _add_put(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Upload files. An upload that was interrupted is resumed when it is started again; content "
        "that the server has already is not sent.",
        "cosfast pds put film.mp4",
        "cosfast pds put a.zip b.zip --parent FILE_ID --check-name refuse",
    )
    _add_parent(parser)
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
    add_put_options(parser, _PUT_KEYS, "parts", 5)


def _put(client: Client, options: argparse.Namespace, output: Output) -> None:
    upload = partial(
        client.upload,
        parent_file_id=options.parent,
        check_name_mode=options.check_name,
        part_size=options.part_size,
        algorithm=options.algorithm,
        pre_hash=options.pre_hash,
    )
    put(options, output, upload, _describe_upload)


def _describe_upload(fields: dict[str, Any]) -> str:
    how = f"{fields['algorithm']} {fields['digest']}, {describe_sent(fields)}"
    return f"{fields['file']} -> {fields['file_id']} ({how})"


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
    add_get_options(parser, "FILE_ID", _GET_KEYS)


def _get(client: Client, options: argparse.Namespace, output: Output) -> None:
    def download(entry: File, target: Any, **keywords: Any) -> DownloadResult:
        return client.download(entry.file_id, target, **keywords)

    def fields_of(file_id: str, result: DownloadResult) -> dict[str, Any]:
        return {"file_id": file_id, "algorithm": result.algorithm, "digest": result.digest}

    get(options, output, client.get, download, fields_of)


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
    Action("put", "upload files", _add_put, _put),
    Action("ls", "list a folder", _add_ls, _ls),
    Action("get", "download files", _add_get, _get),
    Action(
        "rm",
        "remove files and folders",
        partial(add_rm_arguments, command="cosfast pds rm", id_name="FILE_ID"),
        remove,
    ),
    Action("mkdir", "make folders", _add_mkdir, _mkdir),
)
