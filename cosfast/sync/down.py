"""`sync_down`: a folder of this machine made equal to one of a bucket."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from cosfast.concurrency import Progress, as_outcomes
from cosfast.cosv4 import DownloadOptions
from cosfast.errors import CosError, InputError
from cosfast.sync.compare import compare
from cosfast.sync.deletion import DeletionLimits
from cosfast.sync.digests import Digests
from cosfast.sync.hands import DryHands, Hands
from cosfast.sync.names import is_partial, partials_of
from cosfast.sync.pair import Pair
from cosfast.sync.plan import make_plan
from cosfast.sync.run import Run, unblocked_files
from cosfast.sync.step import ROOT, SyncAction
from cosfast.transfer.cancellation import CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from cosfast.cosv4 import Client, DownloadResult
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.sync.compare import Verdict
    from cosfast.sync.filters import Filter
    from cosfast.sync.hands import Transfer
    from cosfast.sync.step import Failure, SyncStep
    from cosfast.sync.trees import RemoteFile, Tree


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
    files: int = 4,
    options: DownloadOptions | None = None,
) -> Iterator[SyncStep]:
    """Make `folder` equal to a folder of a bucket: fetch what differs, and only that.

    Files are compared as `sync_up` does. Each comes as `Client.download` has it: into a hidden
    file beside it first, which the next sync goes on with. Nothing is written or deleted outside
    `folder`, nor through a link in it: a link is in the way of what is not equal to it.

    Args:
        client: talks to the server.
        bucket: the bucket's name.
        path: the folder in the bucket.
        folder: what is to be like it; made where it is missing.
        delete: delete what the bucket does not have: after the transfers, unless it is in the
            way of one; nothing where something in the bucket could not be read.
        max_delete: how many files and folders may be deleted. If it would be more, nothing is
            transferred or deleted.
        force_delete: delete also if the bucket's folder holds no files that take part. Without,
            nothing is transferred or deleted then, as it may be the wrong folder.
        dry_run: change nothing, but yield the steps that would be done.
        filters: which names take part, all by default; the last that matches decides. What takes
            no part is neither fetched nor deleted.
        files: how many at a time.
        options: for each download; the progress is that of all. Without `overwrite`, a file that
            is there and differs is an error of its own.

    Yields:
        Each step when it is done. A failure is a step's `error`, and stops no other.

    Raises:
        InputError: where an argument makes no sense; at once.
        NotADirectoryError: where `folder` is something else; at once.
        DeletionRefused: If `max_delete` would be exceeded, or the bucket's folder holds no files;
            from the iterator, before anything is done. In a dry run after the steps.
        CosError: where the folder in the bucket cannot be listed; from the iterator.
    """
    top = os.path.realpath(os.fsdecode(folder))
    if os.path.lexists(top) and not os.path.isdir(top):  # noqa: PTH112
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), top)
    options = DownloadOptions() if options is None else options
    if not isinstance(options, DownloadOptions):
        raise InputError(f"options are DownloadOptions, not {type(options).__name__}")
    pair = Pair.of(client, top, bucket=bucket, path=path, filters=filters, files=files)
    limits = DeletionLimits(delete, max_delete, force_delete)
    return _steps(pair, options, limits, dry_run=dry_run)


def _steps(
    pair: Pair, options: DownloadOptions, limits: DeletionLimits, *, dry_run: bool
) -> Iterator[SyncStep]:
    target, source = pair.read(source="there")
    plan = make_plan(source, target, delete=limits.delete)
    # What is left of unfinished downloads is no file of anybody's, and may yet be resumed.
    doomed = [name for name in (*plan.obstacles, *plan.extras) if not is_partial(name)]
    refusal = limits.refusal(doomed, source=source, source_at=str(pair.folder), target_at=pair.top)
    if refusal is not None and not dry_run:
        raise refusal
    with Digests(pair.client.journal, None) as digests:
        verdicts = compare(unblocked_files(source, plan), target, source, digests)
        may_replace = limits.delete and source.is_whole
        hands: Hands = _FolderHands(pair, source, options, may_replace=may_replace)
        if dry_run:
            hands = DryHands(hands)
        yield from Run(source, target, plan, verdicts, hands).steps()
    if refusal is not None:
        raise refusal


class _FolderHands(Hands):
    """Changes a folder of this machine, and nothing outside it.

    Args:
        pair: the folders; the one here is free of links.
        source: what is in the bucket's.
        options: for each download.
        may_replace: whether what is no file, and has the name of one, may be deleted.
    """

    action = SyncAction.DOWNLOAD

    def __init__(
        self,
        pair: Pair,
        source: Tree[RemoteFile],
        options: DownloadOptions,
        *,
        may_replace: bool,
    ) -> None:
        self._pair = pair
        self._source = source
        self._may_replace = may_replace
        self._cancel = options.cancel or CancelToken()
        self._stopper = CancelToken()  # the user's, and that the user has left
        progress = options.progress and Progress(options.progress).advance
        self._options = replace(options, cancel=self._stopper, progress=progress)

    def make_folders(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Make them, and those above them that take no part."""
        return ((name, _failure(self._make_folder, name)) for name in names)

    def delete(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Delete them; of a link, the link."""
        return ((name, _failure(self._delete, name)) for name in names)

    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, Transfer]]:
        """Download them."""
        with self._cancel.watched(self._stopper.cancel):
            if self._cancel.cancelled:
                self._stopper.cancel()
            yield from as_outcomes(
                self._download, verdicts, max_workers=self._pair.files, abort=self._stopper.cancel
            )

    def check(self, name: str) -> None:
        """Raise where the way to it leads through a link, or it is itself something else.

        Raises:
            OSError: naming what is in the way.
        """
        path = self._inside(name)
        if name.endswith("/") or not os.path.lexists(path) or _is_plain(path):
            return
        if not self._may_replace:
            raise _in_way(path)

    def is_of_source(self, error: Failure) -> bool:
        """Tell the server's failures from those of the disk here."""
        return isinstance(error, CosError)

    def without_partials(self, extras: list[str], transferred: set[str]) -> list[str]:
        """Leave out those of the files that were wanted: the next download goes on from them."""
        if not any(map(is_partial, extras)):
            return extras
        wanted = {partial for name in transferred for partial in partials_of(name)}
        return [name for name in extras if name not in wanted]

    def _download(self, verdict: Verdict) -> DownloadResult:
        name = verdict.name
        self._pair.check_remote(name)
        self.check(name)
        path = self._pair.local_path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        if os.path.lexists(path) and not _is_plain(path):
            os.unlink(path)  # noqa: PTH108 - `check` has allowed it
        address = self._pair.remote_path(name)
        known = _all_known(self._source.files[name])
        return self._pair.client.download(
            self._pair.bucket, address, path, known=known, **vars(self._options)
        )

    def _make_folder(self, name: str) -> None:
        os.makedirs(self._inside(name), exist_ok=True)  # noqa: PTH103

    def _delete(self, name: str) -> None:
        path = self._inside(name)
        with suppress(FileNotFoundError):
            if name.endswith("/"):
                os.rmdir(path)  # noqa: PTH106
            else:
                os.unlink(path)  # noqa: PTH108

    def _inside(self, name: str) -> str:
        """Return the path of `name`, whose folders are no links, as far as they are there.

        They were none when the tree was read; others may have put some there since.
        """
        path = self._pair.local_path(name)
        above = os.path.dirname(path)  # noqa: PTH120
        if name != ROOT and os.path.realpath(above) != above:
            raise _in_way(above)
        return path


def _failure(work: Callable[[str], None], name: str) -> Failure | None:
    try:
        work(name)
    except (CosError, OSError) as exc:
        return exc
    return None


def _is_plain(path: str) -> bool:
    return stat.S_ISREG(os.lstat(path).st_mode)


def _in_way(path: str) -> OSError:
    return FileExistsError(errno.EEXIST, "a link, or what is no file, is in the way", path)


def _all_known(file: RemoteFile) -> ObjectStat | None:
    """Return what the list said, where that is all that `stat` would say; else that is asked."""
    said_all = file.sha1 is not None and file.known.access_url is not None
    return file.known if said_all or not file.is_whole else None
