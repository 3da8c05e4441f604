"""`cosfast put`, also called `upload`: upload files and folders to a bucket."""

from __future__ import annotations

import dataclasses
import os
from functools import partial
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import Address, UsageError
from cosfast.cli.arguments import (
    ADDRESS,
    add_dry_run,
    add_filters,
    add_max_workers,
    add_operand,
    add_overwrite,
    add_server_options,
    add_transfer_options,
    describe,
    open_client,
    selection_of,
)
from cosfast.cli.output import Output, add_json_option, add_log_options
from cosfast.cli.progress import FileBars
from cosfast.cli.streams import STDIO, standard_input
from cosfast.cosv4.protocol.addresses import check_bucket, normalise_path
from cosfast.transfer.localfiles import LocalEntry, files_below

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cosfast.cosv4 import Client, UploadJob, UploadResult

_KEYS = """\
  file                 the local path
  address              cos://BUCKET/PATH
  dry_run              if true, nothing was done: only file, address and size
  access_url, source_url, url, resource_path, vid      from the server
  sha1                 40 hex digits; empty if nothing was hashed
  size, sent_bytes, resumed_bytes                      bytes
  instant              whether the server had the content already
  existed              whether the file existed with this content"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `put`."""
    describe(
        parser,
        """
        Upload files and verify them; missing folders are created. FILE is a file, a folder with
        -r, or - for standard input. A file that exists with the same content is kept; with
        different content it is an error, unless --overwrite is given. An upload that was
        interrupted resumes when it is started again.

        A pattern is matched against a file's name below the folder that is given, as in sync.
        """,
        f"{parser.prog} film.mp4 cos://my-bucket/videos/",
        f"{parser.prog} film.mp4 cos://my-bucket/videos/another-name.mp4",
        f"{parser.prog} -r --exclude '*.tmp' photos cos://my-bucket/photos/",
        f"pg_dump mydb | {parser.prog} - cos://my-bucket/backups/mydb.sql",
    )
    add_operand(parser, "files", "FILE", several=True)
    add_operand(parser, "destination", ADDRESS, "a folder if it ends in /")
    parser.add_argument(
        "-r", "--recursive", action="store_true", help="upload folders with their content"
    )
    add_overwrite(parser)
    add_dry_run(parser)
    add_filters(parser, "it is not uploaded")
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
    add_log_options(parser)


def run(options: argparse.Namespace) -> int:
    """Upload the files; a failure is one line and does not stop the rest."""
    destination = _check_usage(options)
    options.resumes = options.integrity == "parts"  # otherwise everything is sent again
    output = Output(as_json=options.json, quiet=options.quiet)
    found = []
    for file in _found(options):
        if file.error is None:
            found.append(file)
        else:
            output.complain(file.error)
    if options.dry_run:
        for file in found:
            with output.report_failure():
                _show_planned(file, destination.below(file.name), output)
        return output.exit_code
    with open_client(options) as client:
        _upload_all(client, found, destination, options, output)
    return output.exit_code


def _check_usage(options: argparse.Namespace) -> Address:
    destination = options.destination
    if not isinstance(destination, Address):
        raise UsageError(f"the destination must be cos://BUCKET/PATH, not {destination!r}")
    if any(isinstance(file, Address) for file in options.files):
        raise UsageError("only local files can be uploaded; cp copies within a bucket")
    if STDIO in options.files:
        if len(options.files) > 1 or options.recursive:
            raise UsageError("- (standard input) cannot be combined with other files or -r")
        if destination.is_folder:
            raise UsageError(f"standard input has no name: use {destination}NAME")
    if not destination.is_folder and (len(options.files) > 1 or options.recursive):
        raise UsageError("several files, or -r, need a destination that ends in /")
    return destination


def _found(options: argparse.Namespace) -> Iterator[LocalEntry]:
    """Yield the files to upload, and what cannot be."""
    selection = selection_of(options)
    for name in options.files:
        if name == STDIO:
            yield LocalEntry(STDIO, STDIO)
            continue
        yield from files_below(
            name,
            recursive=options.recursive,
            select=selection.includes,
            enter=selection.may_include_below,
        )


def _show_planned(file: LocalEntry, target: Address, output: Output) -> None:
    """Print what would be uploaded; the server is not asked."""
    check_bucket(target.bucket)
    normalise_path(target.path)
    size = _size(file)
    fields = {"file": file.path, "address": str(target), "size": size, "dry_run": True}
    shown = "" if size is None else f" ({size} bytes)"
    output.show(fields, f"would upload {file.path} -> {target}{shown}")


def _size(file: LocalEntry) -> int | None:
    return None if file.path == STDIO else file.size


def _upload_all(
    client: Client,
    found: list[LocalEntry],
    destination: Address,
    options: argparse.Namespace,
    output: Output,
) -> None:
    with FileBars(map(_size, found), quiet=options.quiet) as bars:
        jobs = [_job(file, destination, options, bars) for file in found]
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
    size = _size(file)
    return UploadJob(
        standard_input() if file.path == STDIO else file.path,
        target.bucket,
        target.path,
        UploadOptions(
            overwrite=options.overwrite,
            concurrency=options.concurrency,
            integrity=options.integrity,
            max_rate=options.max_rate,
            deadline=options.deadline,
            progress=partial(bars.advance, file.name, size),
            hash_progress=partial(bars.hashed, file.name, size),
        ),
    )


def _fields(job: UploadJob, result: UploadResult) -> dict[str, Any]:
    fields = dataclasses.asdict(result)
    return {
        "file": _path(job),
        "address": str(Address(job.bucket, job.path)),
        "size": fields.pop("filesize"),
        **fields,
        "dry_run": False,
    }


def _path(job: UploadJob) -> str:
    return os.fspath(job.source) if isinstance(job.source, (str, os.PathLike)) else STDIO


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
    return f"{_path(job)} -> {result.access_url} ({checked}, {how})"
