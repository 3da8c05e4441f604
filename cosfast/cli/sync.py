"""`cosfast sync`: make a local folder and a folder in a bucket equal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cosfast.cli.addresses import Address, UsageError
from cosfast.cli.arguments import (
    add_dry_run,
    add_filters,
    add_max_workers,
    add_operand,
    add_server_options,
    add_transfer_options,
    describe,
    filters_of,
    open_client,
)
from cosfast.cli.output import Output, add_json_option, add_log_options
from cosfast.cli.progress import growing_bar
from cosfast.cli.units import integer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from cosfast import Client, SyncStep
    from cosfast.cli.progress import Advances

_KEYS = """\
  action       "upload", "download", "delete", "create folder" or "keep"
  name         relative to the folder; a folder's name ends in /
  size         bytes; null for a folder
  reason       why, in a few words
  dry_run      whether nothing was changed"""

_PAST = {
    "upload": "uploaded",
    "download": "downloaded",
    "delete": "deleted",
    "create folder": "created",
    "keep": "kept",
}
_TRANSFERS = ("upload", "download")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `sync`."""
    describe(
        parser,
        """
        Make TARGET equal to SOURCE. One of them is a local folder, the other a folder in a bucket,
        cos://BUCKET/PATH. Only files whose size or SHA-1 differs are transferred. A sync that was
        interrupted resumes when it is started again.

        A pattern is matched against the whole name relative to the folder; * also matches /. The
        last pattern that matches decides; without any, everything takes part. A pattern that ends
        in / excludes a folder with everything in it.
        """,
        "cosfast sync photos cos://my-bucket/photos/",
        "cosfast sync --delete --dry-run cos://my-bucket/photos/ photos",
        "cosfast sync --delete --max-delete 100 photos cos://my-bucket/photos/",
        "cosfast sync --exclude '*' --include '*.csv' tables cos://my-bucket/tables/",
    )
    add_operand(parser, "source", "SOURCE")
    add_operand(parser, "target", "TARGET")
    parser.add_argument(
        "--delete", action="store_true", help="remove from TARGET what SOURCE does not have"
    )
    parser.add_argument(
        "--max-delete",
        type=integer,
        metavar="N",
        help="change nothing if more than N files and folders would be removed",
    )
    parser.add_argument(
        "--force-delete",
        action="store_true",
        help="remove even if SOURCE holds no files, such as a disk that is not mounted",
    )
    add_dry_run(parser)
    add_filters(parser, "it is neither transferred nor removed")
    parser.add_argument("-v", "--verbose", action="store_true", help="print also what is kept")
    add_transfer_options(parser, unit="ranges or slices", concurrency=4)
    add_max_workers(parser)
    add_server_options(parser)
    add_json_option(parser, _KEYS)
    add_log_options(parser)


def run(options: argparse.Namespace) -> int:
    """Run the sync; a failure is one line and does not stop the rest."""
    if isinstance(options.source, Address) == isinstance(options.target, Address):
        raise UsageError("one of SOURCE and TARGET must be local, the other cos://BUCKET/PATH")
    options.resumes = True
    output = Output(as_json=options.json, quiet=options.quiet)
    done: Counter[str] = Counter()
    transferred = 0
    with open_client(options) as client, growing_bar("bytes", quiet=options.quiet) as bar:
        for step in _steps(client, options, bar):
            if step.error is not None:
                output.complain(step.error)
                continue
            done[step.action.value] += 1
            if step.action.value in _TRANSFERS:
                transferred += step.size or 0
            if options.verbose or step.action.value != "keep":
                dry_run = options.dry_run
                output.show(_fields(step, dry_run=dry_run), _line(step, dry_run=dry_run))
    summary = _summary(done, transferred, output.failures, dry_run=options.dry_run)
    changed = any(done[action] for action in _PAST if action != "keep")
    output.summarize(summary, worth_it=changed or output.failures > 0)
    return output.exit_code


def _steps(client: Client, options: argparse.Namespace, bar: Advances) -> Iterator[SyncStep]:
    from cosfast import DownloadOptions, UploadOptions, sync_down, sync_up  # noqa: PLC0415 - late

    keywords = {
        "delete": options.delete,
        "max_delete": options.max_delete,
        "force_delete": options.force_delete,
        "dry_run": options.dry_run,
        "filters": filters_of(options),
        "max_workers": options.max_workers,
        "planned": bar.planned,
    }
    transfer = {
        "concurrency": options.concurrency,
        "max_rate": options.max_rate,
        "deadline": options.deadline,
        "progress": bar.done,
    }
    if isinstance(options.target, Address):
        uploads = UploadOptions(overwrite=True, **transfer)
        return sync_up(client, options.source, *options.target, options=uploads, **keywords)
    bucket, path = options.source
    downloads = DownloadOptions(**transfer)
    return sync_down(client, bucket, path, options.target, options=downloads, **keywords)


def _fields(step: SyncStep, *, dry_run: bool) -> dict[str, Any]:
    return {
        "action": step.action.value,
        "name": step.name,
        "size": step.size,
        "reason": step.reason,
        "dry_run": dry_run,
    }


def _line(step: SyncStep, *, dry_run: bool) -> str:
    size = "" if step.size is None else f", {step.size} bytes"
    would = "would " if dry_run else ""
    return f"{would}{step.action.value} {step.name} ({step.reason}{size})"


def _summary(done: Counter[str], transferred: int, failures: int, *, dry_run: bool) -> str:
    """Return one line of counts, such as ``2 uploaded, 1 kept; 10 bytes``."""
    counts = [f"{done[action]} {past}" for action, past in _PAST.items() if done[action]]
    if failures:
        counts.append(f"{failures} failed")
    summary = f"{', '.join(counts) or 'nothing there'}; {transferred} bytes"
    return f"dry run: {summary}" if dry_run else summary
