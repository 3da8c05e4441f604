"""`cosfast upload`: files and folders to a bucket."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

from cosfast.cli.files import files_below
from cosfast.cli.progress import FileBars
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
    from collections.abc import Iterator

    from cosfast.cli.files import Found
    from cosfast.client import Client, UploadJob, UploadResult

FAILED, INTERRUPTED = 1, 130


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
    parser.add_argument("-r", "--recursive", action="store_true", help="folders with all in them")
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")
    parser.add_argument(
        "--concurrency", type=int, default=8, metavar="N", help="slices at a time (default 8)"
    )
    parser.add_argument(
        "--files-at-once", type=int, default=4, metavar="N", help="files at a time (default 4)"
    )
    parser.add_argument(
        "--integrity",
        default="parts",
        choices=("parts", "stream", "none"),
        help="how the content is checked (default parts: hashed first, checked slice by slice)",
    )
    parser.add_argument("--max-rate", type=float, metavar="BYTES", help="bytes a second at most")
    parser.add_argument("--deadline", type=float, metavar="SECONDS", help="for each file")
    parser.add_argument("--json", action="store_true", help="print each result as a line of JSON")
    add_server_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Upload them all; a failure is one line, and stops no other file."""
    from cosfast.client import Client  # noqa: PLC0415 - requests is needed by this command alone
    from cosfast.credentials import Credentials  # noqa: PLC0415

    destination = parse_destination(options.destination)
    if not destination.is_folder and (len(options.files) > 1 or options.recursive):
        raise UsageError("several files need a destination that ends in /")
    endpoint, region = server_settings(options)
    found = list(_found(options))
    with Client(Credentials.from_env(), endpoint=endpoint, region=region) as client:
        try:
            failed = _upload_all(client, found, destination, options)
        except KeyboardInterrupt:
            print("cosfast: interrupted; the same command again goes on from here", file=sys.stderr)
            return INTERRUPTED
    return FAILED if failed else 0


def _found(options: argparse.Namespace) -> Iterator[Found]:
    for name in options.files:
        yield from files_below(name, recursive=options.recursive)


def _upload_all(
    client: Client, found: list[Found], destination: Destination, options: argparse.Namespace
) -> int:
    """Return how many failed."""
    failed = [file for file in found if file.error is not None]
    for file in failed:
        _complain(file.error)
    total = sum(file.size for file in found)
    with FileBars("all files", total) as bars:
        jobs = [_job(file, destination, options, bars) for file in found if file.error is None]
        count = len(failed)
        for job, outcome in client.upload_many(jobs, files=options.files_at_once):
            if isinstance(outcome, Exception):
                count += 1
                _complain(outcome)
            else:
                print(_as_json(job, outcome) if options.json else _as_text(job, outcome))
                sys.stdout.flush()
    return count


def _job(
    file: Found, destination: Destination, options: argparse.Namespace, bars: FileBars
) -> UploadJob:
    from cosfast.client import UploadJob, UploadOptions  # noqa: PLC0415

    path = destination.path + (file.name if destination.is_folder else "")
    return UploadJob(
        file.path,
        destination.bucket,
        path,
        UploadOptions(
            overwrite=options.overwrite,
            concurrency=options.concurrency,
            integrity=options.integrity,
            max_rate=options.max_rate,
            deadline=options.deadline,
            progress=partial(bars.advance, file.name, file.size),
            hash_progress=partial(bars.advance, f"hashing {file.name}", file.size, total=False),
        ),
    )


def _complain(error: object) -> None:
    print("cosfast:", " ".join(str(error).split()), file=sys.stderr)


def _as_json(job: UploadJob, result: UploadResult) -> str:
    return json.dumps({"file": os.fspath(job.source), **dataclasses.asdict(result)})


def _as_text(job: UploadJob, result: UploadResult) -> str:
    if result.instant:
        how = "the server had it already"
    elif result.resumed_bytes:
        how = f"{result.sent_bytes} bytes sent, {result.resumed_bytes} were there"
    else:
        how = f"{result.sent_bytes} bytes sent"
    checked = f"sha1 {result.sha1}" if result.sha1 else "not checked"
    return f"{job.source} -> {result.access_url} ({checked}, {how})"
