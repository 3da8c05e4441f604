"""`cosfast put`, also called `upload`: upload files and folders to a bucket."""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import Address, UsageError
from cosfast.cli.arguments import (
    ADDRESS,
    add_max_workers,
    add_operand,
    add_server_options,
    add_transfer_options,
    describe,
    open_client,
)
from cosfast.cli.output import Output, add_json_option
from cosfast.cli.progress import FileBars
from cosfast.transfer.localfiles import files_below

if TYPE_CHECKING:
    import argparse

    from cosfast.cosv4 import Client, UploadJob, UploadResult
    from cosfast.transfer.localfiles import LocalEntry

_KEYS = """\
  file                 the local path
  access_url, source_url, url, resource_path, vid      from the server
  sha1                 40 hex digits; empty if nothing was hashed
  size, sent_bytes, resumed_bytes                      bytes
  instant              whether the server had the content already
  existed              whether the file existed with this content"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `put`."""
    describe(
        parser,
        "Upload files and verify them; missing folders are created. An upload that was "
        "interrupted resumes when it is started again.",
        f"{parser.prog} film.mp4 cos://my-bucket/videos/",
        f"{parser.prog} film.mp4 cos://my-bucket/videos/another-name.mp4",
        f"{parser.prog} -r photos cos://my-bucket/photos/",
    )
    add_operand(parser, "files", "FILE", several=True)
    add_operand(parser, "destination", ADDRESS, "a folder if it ends in /")
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="upload folders with their content"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace files of other content")
    add_transfer_options(parser, unit="slices", concurrency=8)
    add_max_workers(parser)
    parser.add_argument(
        "--integrity",
        default="parts",
        choices=("parts", "stream", "none"),
        help="how the content is verified (default parts: hashed first, verified by slice)",
    )
    add_server_options(parser)
    add_json_option(parser, _KEYS)


def run(options: argparse.Namespace) -> int:
    """Upload the files; a failure is one line and does not stop the rest."""
    destination = _check_usage(options)
    options.resumes = options.integrity == "parts"  # otherwise everything is sent again
    output = Output(as_json=options.json)
    found = [
        each for name in options.files for each in files_below(name, recursive=options.recursive)
    ]
    with open_client(options) as client:
        _upload_all(client, found, destination, options, output)
    return output.exit_code


def _check_usage(options: argparse.Namespace) -> Address:
    destination = options.destination
    if not isinstance(destination, Address):
        raise UsageError(f"the destination must be cos://BUCKET/PATH, not {destination!r}")
    if any(isinstance(file, Address) for file in options.files):
        raise UsageError("only local files can be uploaded; cp copies within a bucket")
    if not destination.is_folder and (len(options.files) > 1 or options.recursive):
        raise UsageError("several files, or -r, need a destination that ends in /")
    return destination


def _upload_all(
    client: Client,
    found: list[LocalEntry],
    destination: Address,
    options: argparse.Namespace,
    output: Output,
) -> None:
    for file in found:
        if file.error is not None:
            output.complain(file.error)
    total = sum(file.size for file in found)
    with FileBars("all files", total) as bars:
        jobs = [_job(file, destination, options, bars) for file in found if file.error is None]
        for job, outcome in client.upload_many(jobs, max_workers=options.max_workers):
            if isinstance(outcome, Exception):
                output.complain(outcome)
            else:
                output.show(_fields(job, outcome), _line(job, outcome))


def _job(
    file: LocalEntry, destination: Address, options: argparse.Namespace, bars: FileBars
) -> UploadJob:
    from cosfast.cosv4 import UploadJob, UploadOptions  # noqa: PLC0415 - slow to import

    target = destination.below(file.name)
    return UploadJob(
        file.path,
        target.bucket,
        target.path,
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


def _fields(job: UploadJob, result: UploadResult) -> dict[str, Any]:
    fields = dataclasses.asdict(result)
    return {"file": os.fspath(job.source), "size": fields.pop("filesize"), **fields}


def _line(job: UploadJob, result: UploadResult) -> str:
    if result.existed:
        how = "it existed already"
    elif result.instant:
        how = "the server had it already"
    elif result.resumed_bytes:
        how = f"{result.sent_bytes} bytes sent, {result.resumed_bytes} resumed"
    else:
        how = f"{result.sent_bytes} bytes sent"
    checked = f"sha1 {result.sha1}" if result.sha1 else "not checked"
    return f"{job.source} -> {result.access_url} ({checked}, {how})"
