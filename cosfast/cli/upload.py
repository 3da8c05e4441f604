"""`cosfast upload`: files to a bucket."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cosfast.cli.progress import progress_bar
from cosfast.cli.usage import (
    SCHEME,
    Destination,
    UsageError,
    add_server_options,
    parse_destination,
    server_settings,
)

if TYPE_CHECKING:
    import argparse

    from cosfast.client import Client, UploadResult


def add_command(commands: Any) -> None:
    """Add `upload` to the command line."""
    parser = commands.add_parser(
        "upload",
        help="upload files",
        description="Upload files, whole and checked; an interrupted upload goes on where it was. "
        "COSFAST_APPID, COSFAST_SECRET_ID and COSFAST_SECRET_KEY say whose they are.",
    )
    parser.add_argument("files", metavar="FILE", nargs="+")
    parser.add_argument(
        "destination", metavar=f"{SCHEME}BUCKET/PATH", help="a folder where it ends in /"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument(
        "--concurrency", type=int, default=8, metavar="N", help="slices at a time (default 8)"
    )
    parser.add_argument("--json", action="store_true", help="print each result as a line of JSON")
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Upload one file after the other; the first failure ends it."""
    from cosfast.client import Client  # noqa: PLC0415 - requests is needed by this command alone
    from cosfast.credentials import Credentials  # noqa: PLC0415

    destination = parse_destination(options.destination)
    if len(options.files) > 1 and not destination.is_folder:
        raise UsageError("several files need a destination that ends in /")
    endpoint, region = server_settings(options)
    with Client(Credentials.from_env(), endpoint=endpoint, region=region) as client:
        for file in options.files:
            result = _upload(client, file, destination, options)
            print(_as_json(file, result) if options.json else _as_text(file, result))
            sys.stdout.flush()
    return 0


def _upload(
    client: Client, file: str, destination: Destination, options: argparse.Namespace
) -> UploadResult:
    path = destination.path
    if destination.is_folder:
        path += Path(file).name
    size = os.stat(file).st_size  # noqa: PTH116 - names the file as it was given where it fails
    with (
        progress_bar(f"hashing {file}", size) as hashed,
        progress_bar(f"sending {file}", size) as sent,
    ):
        return client.upload(
            file,
            destination.bucket,
            path,
            overwrite=options.overwrite,
            concurrency=options.concurrency,
            progress=sent,
            hash_progress=hashed,
        )


def _as_json(file: str, result: UploadResult) -> str:
    return json.dumps({"file": file, **dataclasses.asdict(result)})


def _as_text(file: str, result: UploadResult) -> str:
    if result.instant:
        how = "the server had it already"
    elif result.resumed_bytes:
        how = f"{result.sent_bytes} bytes sent, {result.resumed_bytes} were there"
    else:
        how = f"{result.sent_bytes} bytes sent"
    return f"{file} -> {result.access_url} (sha1 {result.sha1}, {how})"
