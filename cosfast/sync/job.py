"""`sync_up` and `sync_down`, and the `SyncJob` that both run: list, plan, refuse or execute."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from cosfast.concurrency import check_workers
from cosfast.cosv4 import DownloadOptions, UploadOptions
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.deprecation import renamed_keywords
from cosfast.errors import InputError
from cosfast.sync.comparator import Digests, compare
from cosfast.sync.executor import SyncExecutor
from cosfast.sync.filters import Filter, Selection
from cosfast.sync.listing import list_both
from cosfast.sync.planner import DeletionLimits, make_plan
from cosfast.sync.results import SyncAction
from cosfast.sync.targets import BucketTarget, DryRunTarget, FolderTarget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Executor

    from cosfast.cosv4 import Client
    from cosfast.sync.comparator import Verdict
    from cosfast.sync.listing import LocalFile, RemoteFile, Tree
    from cosfast.sync.results import SyncStep
    from cosfast.sync.targets import SyncTarget

Options = TypeVar("Options", UploadOptions, DownloadOptions)


@renamed_keywords(files="max_workers")
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
    max_workers: int = 4,
    executor: Executor | None = None,
    options: UploadOptions | None = None,
    planned: Callable[[int], object] | None = None,
) -> Iterator[SyncStep]:
    """Make a folder in a bucket equal to the local `folder` by uploading the files that differ.

    Files are compared by size, then by SHA-1. The client's journal remembers the SHA-1s, so an
    unchanged file is hashed once. Links are followed. Partial files of unfinished downloads are
    not uploaded. A sync that was interrupted or killed is resumed by the next.

    Args:
        client: The client to use.
        folder: The source.
        bucket: The bucket's name.
        path: The target, a folder in the bucket; it is created if it does not exist.
        delete: Whether to delete what `folder` does not have: after the transfers, or before them
            if it conflicts with one. Nothing is deleted if `folder` could not be read completely.
        max_delete: The most files and folders to delete. If there are more, nothing is transferred
            or deleted.
        force_delete: Whether to delete even if `folder` holds no files that take part. Otherwise
            nothing is transferred or deleted then, since a disk may not be mounted.
        dry_run: Whether to yield the steps without changing anything.
        filters: Select the names that take part; the last filter that matches decides. Without
            filters everything takes part. What takes no part is neither uploaded nor deleted.
        max_workers: Files to upload at a time; ignored with an executor.
        executor: Hashes and uploads the files, as for `Client.upload_many`; it must see `folder`
            at the same path. By default threads of this process do.
        options: For each upload; `overwrite` is always set. The progress is that of all files;
            with an executor, it is reported when a file is done.
        planned: Called with numbers of bytes that are going to be transferred, before they are: the
            total of a progress bar. Most come at once, the rest as files are compared.

    Yields:
        Each step when it is done. A failure is the `error` of its step and does not stop the rest.

    Raises:
        InputError: If an argument is not valid; at once.
        OSError: If `folder` does not exist or is not a folder; at once.
        DeletionRefused: If `max_delete` is exceeded, or `folder` holds no files; from the iterator,
            before anything is changed, in a dry run after the steps.
        CosError: If the folder in the bucket cannot be listed; from the iterator.
    """
    top = os.path.abspath(os.fsdecode(folder))  # noqa: PTH100 - a path stays the text that was given
    if not os.path.isdir(top):  # noqa: PTH112
        os.stat(top)  # noqa: PTH116 - raises if it does not exist
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), top)
    job = SyncJob(
        client,
        top,
        ObjectAddress.folder(client.credentials.appid, bucket, path),
        Selection(filters),
        DeletionLimits(delete, max_delete, force_delete),
        dry_run,
        max_workers,
        executor,
        planned,
    )
    return job.upload(job.check_options(options, UploadOptions))


@renamed_keywords(files="max_workers")
def sync_down(
    client: Client,
    bucket: str,
    path: str,
    folder: str | os.PathLike[str],
    *,
    delete: bool = False,
    max_delete: int | None = None,
    force_delete: bool = False,
    dry_run: bool = False,
    filters: Iterable[Filter] = (),
    max_workers: int = 4,
    executor: Executor | None = None,
    options: DownloadOptions | None = None,
    planned: Callable[[int], object] | None = None,
) -> Iterator[SyncStep]:
    """Make the local `folder` equal to a folder in a bucket by downloading the files that differ.

    Files are compared as by `sync_up`. Each is downloaded as by `Client.download`, to a hidden
    partial file first, which the next sync resumes. Nothing outside `folder` is written or deleted,
    nor anything through a link in it: a link that is not equal to its file is in the way.

    Args:
        client: The client to use.
        bucket: The bucket's name.
        path: The source, a folder in the bucket.
        folder: The target; it is created if it does not exist.
        delete: Whether to delete what the bucket does not have: after the transfers, or before
            them if it conflicts with one. Nothing is deleted if the source could not be read
            completely.
        max_delete: The most files and folders to delete. If there are more, nothing is transferred
            or deleted.
        force_delete: Whether to delete even if the source holds no files that take part. Otherwise
            nothing is transferred or deleted then, since it may be the wrong folder.
        dry_run: Whether to yield the steps without changing anything.
        filters: Select the names that take part; the last filter that matches decides. Without
            filters everything takes part. What takes no part is neither downloaded nor deleted.
        max_workers: Files to download at a time; ignored with an executor.
        executor: Hashes and downloads the files; it must see `folder` at the same path. By default
            threads of this process do.
        options: For each download. With ``overwrite=False``, a file that exists and differs is an
            error; by default it is replaced. The progress is that of all files; with an executor,
            it is reported when a file is done.
        planned: Called with numbers of bytes that are going to be transferred, before they are: the
            total of a progress bar. Most come at once, the rest as files are compared.

    Yields:
        Each step when it is done. A failure is the `error` of its step and does not stop the rest.

    Raises:
        InputError: If an argument is not valid; at once.
        NotADirectoryError: If `folder` exists and is not a folder; at once.
        DeletionRefused: If `max_delete` is exceeded, or the source holds no files; from the
            iterator, before anything is changed, in a dry run after the steps.
        CosError: If the folder in the bucket cannot be listed; from the iterator.
    """
    top = os.path.realpath(os.fsdecode(folder))
    if os.path.lexists(top) and not os.path.isdir(top):  # noqa: PTH112
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), top)
    job = SyncJob(
        client,
        top,
        ObjectAddress.folder(client.credentials.appid, bucket, path),
        Selection(filters),
        DeletionLimits(delete, max_delete, force_delete),
        dry_run,
        max_workers,
        executor,
        planned,
    )
    return job.download(job.check_options(options, DownloadOptions))


@dataclass(frozen=True)
class SyncJob:
    """A sync of a local folder and a folder in a bucket, before either is listed.

    Args:
        client: The client to use.
        top: The local folder, an absolute path.
        folder: The folder in the bucket.
        selection: The names that take part.
        limits: Whether and how much to delete.
        dry_run: Whether to change nothing.
        max_workers: Files to transfer, and folders to list, at a time.
        executor: Hashes and transfers the files; None for threads of this process.
        planned: Called with numbers of bytes before they are transferred; or None.

    Raises:
        InputError: If `max_workers` is not a positive number.
    """

    client: Client
    top: str
    folder: ObjectAddress
    selection: Selection
    limits: DeletionLimits
    dry_run: bool
    max_workers: int
    executor: Executor | None
    planned: Callable[[int], object] | None = None

    def __post_init__(self) -> None:
        check_workers(self.max_workers)

    def check_options(self, options: Options | None, kind: type[Options]) -> Options:
        """Return the options of each transfer, by default the default options.

        Raises:
            InputError: If they are of another class, or cannot be used with an executor.
        """
        options = kind() if options is None else options
        if not isinstance(options, kind):
            raise InputError(f"options must be {kind.__name__}, not {type(options).__name__}")
        if self.executor is not None and options.cancel is not None:
            raise InputError(
                "options.cancel does not reach an executor; close the iterator of steps instead"
            )
        return options

    def upload(self, options: UploadOptions) -> Iterator[SyncStep]:
        """Make the folder in the bucket equal to the local folder."""
        local, remote = self._list(is_upload=True)
        with self._digests(options.hash_progress) as digests:
            target = BucketTarget(
                self.client,
                self.folder,
                local,
                digests,
                options,
                max_workers=self.max_workers,
                executor=self.executor,
            )
            comparison = partial(compare, local=local, remote=remote, digests=digests)
            yield from self._steps(local, remote, target, comparison)

    def download(self, options: DownloadOptions) -> Iterator[SyncStep]:
        """Make the local folder equal to the folder in the bucket."""
        local, remote = self._list(is_upload=False)
        with self._digests(None) as digests:
            target = FolderTarget(
                self.client,
                self.folder,
                remote,
                self.top,
                options,
                may_replace=self.limits.delete and remote.is_complete,
                max_workers=self.max_workers,
                executor=self.executor,
            )
            comparison = partial(compare, local=local, remote=remote, digests=digests)
            yield from self._steps(remote, local, target, comparison)

    def _list(self, *, is_upload: bool) -> tuple[Tree[LocalFile], Tree[RemoteFile]]:
        return list_both(
            self.client,
            self.top,
            self.folder,
            self.selection,
            is_upload=is_upload,
            max_workers=self.max_workers,
        )

    def _digests(self, hash_progress: Callable[[int], object] | None) -> Digests:
        return Digests(self.client.journal, hash_progress, self.executor)

    def _steps(
        self,
        source: Tree[Any],
        existing: Tree[Any],
        target: SyncTarget,
        comparison: Callable[[Iterable[str]], Iterator[Verdict]],
    ) -> Iterator[SyncStep]:
        plan = make_plan(source, existing, delete=self.limits.delete)
        # Partial files do not count: they are not the user's files, and may be resumed.
        deletions = [name for name in plan.deletions if not target.is_leftover(name)]
        source_at, target_at = str(self.folder), self.top
        if target.action is SyncAction.UPLOAD:
            source_at, target_at = target_at, source_at
        refusal = self.limits.refusal(deletions, source, source_at=source_at, target_at=target_at)
        if refusal is not None and not self.dry_run:
            raise refusal
        if self.dry_run:
            target = DryRunTarget(target)
        verdicts = comparison(plan.unblocked(source.files))
        planned = None if self.dry_run else self.planned
        yield from SyncExecutor(source, existing, plan, verdicts, target, planned).steps()
        if refusal is not None:
            raise refusal
