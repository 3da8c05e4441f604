"""`sync_up`: a folder of a bucket made equal to one of this machine."""

from __future__ import annotations

import errno
import os
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from cosfast.concurrency import Progress, as_outcomes
from cosfast.cosv4 import UploadJob, UploadOptions
from cosfast.errors import Cancelled, CosError, ExistsError, InputError, NotFoundError
from cosfast.sync.compare import compare
from cosfast.sync.deletion import DeletionLimits
from cosfast.sync.digests import Digests
from cosfast.sync.hands import DryHands, Hands
from cosfast.sync.pair import Pair
from cosfast.sync.plan import make_plan
from cosfast.sync.run import Run, unblocked_files
from cosfast.sync.step import SyncAction

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Sequence

    from cosfast.cosv4 import Client
    from cosfast.sync.compare import Verdict
    from cosfast.sync.filters import Filter
    from cosfast.sync.hands import Transfer
    from cosfast.sync.step import Failure, SyncStep
    from cosfast.sync.trees import LocalFile, Tree


def sync_up(
    client: Client,
    folder: str | os.PathLike[str],
    bucket: str,
    path: str = "/",
    *,
    delete: bool = False,
    max_delete: int | None = None,
    force_delete: bool = False,
    dry_run: bool = False,
    filters: Iterable[Filter] = (),
    files: int = 4,
    options: UploadOptions | None = None,
) -> Iterator[SyncStep]:
    """Make a folder of a bucket equal to `folder`: send what differs, and only that.

    Files are compared by size, then by SHA-1, which the client's journal remembers: an unchanged
    file is hashed once. Links are followed. What is left of unfinished downloads is never sent.
    A sync that was interrupted, or killed, is gone on with by the next.

    Args:
        client: talks to the server.
        folder: what the other is to be like.
        bucket: the bucket's name.
        path: the folder in the bucket; made where it is missing.
        delete: delete what `folder` does not have: after the transfers, unless it is in the way
            of one; nothing where something in `folder` could not be read.
        max_delete: how many files and folders may be deleted. If it would be more, nothing is
            transferred or deleted.
        force_delete: delete also if `folder` holds no files that take part. Without, nothing is
            transferred or deleted then, as it may be a disk that is not mounted.
        dry_run: change nothing, but yield the steps that would be done.
        filters: which names take part, all by default; the last that matches decides. What takes
            no part is neither sent nor deleted.
        files: how many at a time.
        options: for each upload; the progress is that of all, `overwrite` is always set.

    Yields:
        Each step when it is done. A failure is a step's `error`, and stops no other.

    Raises:
        InputError: where an argument makes no sense; at once.
        OSError: where `folder` is not there or no folder; at once.
        DeletionRefused: If `max_delete` would be exceeded, or `folder` holds no files; from the
            iterator, before anything is done. In a dry run after the steps.
        CosError: where the folder in the bucket cannot be listed; from the iterator.
    """
    top = os.path.abspath(os.fsdecode(folder))  # noqa: PTH100 - it stays the text that was given
    if not os.path.isdir(top):  # noqa: PTH112
        os.stat(top)  # noqa: PTH116 - raises where it is missing
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), top)
    options = UploadOptions() if options is None else options
    if not isinstance(options, UploadOptions):
        raise InputError(f"options are UploadOptions, not {type(options).__name__}")
    pair = Pair.of(client, top, bucket=bucket, path=path, filters=filters, files=files)
    limits = DeletionLimits(delete, max_delete, force_delete)
    return _steps(pair, options, limits, dry_run=dry_run)


def _steps(
    pair: Pair, options: UploadOptions, limits: DeletionLimits, *, dry_run: bool
) -> Iterator[SyncStep]:
    source, target = pair.read(source="here")
    plan = make_plan(source, target, delete=limits.delete)
    doomed = [*plan.obstacles, *plan.extras]
    refusal = limits.refusal(doomed, source=source, source_at=pair.top, target_at=str(pair.folder))
    if refusal is not None and not dry_run:
        raise refusal
    with Digests(pair.client.journal, options.hash_progress) as digests:
        verdicts = compare(unblocked_files(source, plan), source, target, digests)
        hands: Hands = _BucketHands(pair, source, digests, options)
        if dry_run:
            hands = DryHands(hands)
        yield from Run(source, target, plan, verdicts, hands).steps()
    if refusal is not None:
        raise refusal


class _BucketHands(Hands):
    """Changes a folder of a bucket.

    Args:
        pair: the folders.
        source: what is in the one here.
        digests: learns what the uploads have hashed.
        options: for each upload.
    """

    action = SyncAction.UPLOAD

    def __init__(
        self, pair: Pair, source: Tree[LocalFile], digests: Digests, options: UploadOptions
    ) -> None:
        self._pair = pair
        self._source = source
        self._digests = digests
        progress = options.progress and Progress(options.progress).advance
        self._options = replace(options, overwrite=True, progress=progress)

    def make_folders(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Make them, and those above them that take no part."""
        return as_outcomes(self._make_folder, names, max_workers=self._pair.files)

    def delete(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Delete them."""
        return as_outcomes(self._delete, names, max_workers=self._pair.files)

    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, Transfer]]:
        """Upload them, with what is known of their content already."""
        by_path = {self._pair.remote_path(verdict.name): verdict for verdict in verdicts}
        jobs = (self._job(path, verdict) for path, verdict in by_path.items())
        running = self._pair.client.upload_many(jobs, files=self._pair.files)
        with closing(cast("Generator[tuple[UploadJob, Transfer]]", running)) as outcomes:
            for job, outcome in outcomes:
                verdict = by_path[job.path]
                if outcome is not None and not isinstance(outcome, (CosError, OSError)):
                    file = self._source.files[verdict.name]
                    self._digests.learn(file, outcome.sha1, outcome.filesize)
                yield verdict, outcome

    def check(self, name: str) -> None:
        """Raise where the protocol has no such name."""
        self._pair.check_remote(name)

    def is_of_source(self, error: Failure) -> bool:
        """Tell the local file's failures from the server's."""
        return isinstance(error, (OSError, Cancelled))

    def _job(self, path: str, verdict: Verdict) -> UploadJob:
        file = self._source.files[verdict.name]
        return UploadJob(file.path, self._pair.bucket, path, self._options, verdict.parts)

    def _make_folder(self, name: str) -> None:
        path = self._pair.remote_path(name)
        try:
            self._pair.client.create_folder(self._pair.bucket, path, parents=True)
        except ExistsError:
            if not self._pair.client.exists(self._pair.bucket, path):  # it is a file's name
                raise

    def _delete(self, name: str) -> None:
        try:
            self._pair.client.delete(self._pair.bucket, self._pair.remote_path(name))
        except NotFoundError:
            return  # somebody else was faster
