"""`cosfast wedrive`: files in WeCom's WeDrive."""

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

if TYPE_CHECKING:
    import argparse

    from cosfast.wedrive import Client, DownloadResult, DriveEntry

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
    """Add the arguments of `wedrive`."""
    describe(
        parser,
        "Files in WeCom's WeDrive. COSFAST_WEDRIVE_CORPID and COSFAST_WEDRIVE_SECRET name the app; "
        "COSFAST_WEDRIVE_ENDPOINT another server than the service's own.",
        "cosfast wedrive put film.mp4 --space SPACEID",
        "cosfast wedrive ls --space SPACEID",
        "cosfast wedrive get FILEID",
    )
    add_actions(
        parser,
        _ACTIONS,
        lambda added: added.add_argument(
            "--endpoint", help="server address (or COSFAST_WEDRIVE_ENDPOINT)"
        ),
    )


def run(options: argparse.Namespace) -> int:
    """Run the action."""
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


def _add_put(parser: argparse.ArgumentParser) -> None:
    describe(
        parser,
        "Upload files. An upload that was interrupted is resumed when it is started again; content "
        "that the service has already is not sent.",
        "cosfast wedrive put film.mp4 --space SPACEID",
        "cosfast wedrive put a.zip b.zip --space SPACEID --folder FILEID --skip-push-card",
    )
    _add_folder(parser)
    parser.add_argument(
        "--skip-push-card", action="store_true", help="do not send the members a card"
    )
    add_put_options(parser, _PUT_KEYS, "blocks", 8)


def _put(client: Client, options: argparse.Namespace, output: Output) -> None:
    upload = partial(
        client.upload,
        spaceid=options.space,
        fatherid=options.folder,
        skip_push_card=options.skip_push_card,
    )
    put(options, output, upload, _describe_upload)


def _describe_upload(fields: dict[str, Any]) -> str:
    how = f"sha1 {fields['sha1']}, {describe_sent(fields)}, calls: {fields['calls']}"
    return f"{fields['file']} -> {fields['fileid']} ({how})"


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
    add_get_options(parser, "FILEID", _GET_KEYS)


def _get(client: Client, options: argparse.Namespace, output: Output) -> None:
    def download(entry: DriveEntry, target: Any, **keywords: Any) -> DownloadResult:
        return client.download(entry.fileid, target, known=entry, **keywords)

    get(
        options,
        output,
        client.info,
        download,
        lambda fileid, result: {"fileid": fileid, "sha1": result.sha1},
    )


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
    Action("put", "upload files", _add_put, _put),
    Action("ls", "list a folder", _add_ls, _ls),
    Action("get", "download files", _add_get, _get),
    Action(
        "rm",
        "remove files and folders",
        partial(add_rm_arguments, command="cosfast wedrive rm", id_name="FILEID"),
        remove,
    ),
    Action("mkdir", "make folders", _add_mkdir, _mkdir),
)
