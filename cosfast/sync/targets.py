"""The side that a sync changes: `BucketTarget`, `FolderTarget`; `DryRunTarget` changes nothing."""

from __future__ import annotations

import errno
import os
import stat
from abc import ABC, abstractmethod
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from os.path import normcase
from typing import TYPE_CHECKING, TypeAlias, cast

from cosfast.concurrency import Progress, as_outcomes
from cosfast.cosv4 import DownloadResult, UploadJob
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.errors import Cancelled, CosError, ExistsError, NotFoundError
from cosfast.sync.listing import local_path, remote_path
from cosfast.sync.results import ROOT, SyncAction
from cosfast.transfer.cancellation import CancelToken
from cosfast.transfer.partial_file import is_partial, partial_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from concurrent.futures import Executor

    from cosfast.concurrency import Failure
    from cosfast.cosv4 import Client, DownloadOptions, UploadOptions, UploadResult
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.sync.comparator import Digests, Verdict
    from cosfast.sync.listing import LocalFile, RemoteFile, Tree

    Changed: TypeAlias = tuple[str, Failure | None]
    Transferred: TypeAlias = tuple[Verdict, UploadResult | DownloadResult | Failure | None]


class SyncTarget(ABC):
    """The side of a sync that is changed. Every failure is yielded with the name it belongs to.

    Attributes:
        action: The action of a transfer.
    """

    action: SyncAction

    @abstractmethod
    def make_folders(self, names: Sequence[str]) -> Iterator[Changed]:
        """Create folders, and those above them; none of `names` is in another of them."""

    @abstractmethod
    def delete(self, names: Sequence[str]) -> Iterator[Changed]:
        """Delete files and empty folders, none in another; a missing one is no failure."""

    @abstractmethod
    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[Transferred]:
        """Transfer files to the target, several at a time."""

    @abstractmethod
    def check(self, name: str) -> None:
        """Raise a `CosError` or an `OSError` if the target cannot have such a file or folder."""

    @abstractmethod
    def is_source_failure(self, error: Failure) -> bool:
        """Return whether a transfer failed at its source, or was cancelled."""

    def is_leftover(self, name: str) -> bool:  # noqa: ARG002 - overridden
        """Return whether a file of the target belongs to an unfinished transfer."""
        return False

    def obsolete(self, extras: list[str], transferred: set[str]) -> list[str]:  # noqa: ARG002
        """Return `extras` without partial files that later transfers of `transferred` resume."""
        return extras


class BucketTarget(SyncTarget):
    """A folder in a bucket.

    Args:
        client: Changes the bucket.
        folder: The folder.
        source: The local tree.
        digests: Learns the SHA-1s of the files that are uploaded.
        options: For each upload; `overwrite` is always set.
        max_workers: Uploads at a time.
        executor: Runs the uploads; by default threads of this process do.
    """

    action = SyncAction.UPLOAD

    def __init__(
        self,
        client: Client,
        folder: ObjectAddress,
        source: Tree[LocalFile],
        digests: Digests,
        options: UploadOptions,
        *,
        max_workers: int,
        executor: Executor | None,
    ) -> None:
        self._client = client
        self._folder = folder
        self._source = source
        self._digests = digests
        self._max_workers = max_workers
        self._executor = executor
        self._progress = Progress(options.progress)
        progress = options.progress and self._progress.advance
        self._options = replace(options, overwrite=True, progress=progress)
        if executor is not None:  # callbacks stay in this process
            self._options = replace(self._options, progress=None, hash_progress=None)

    def make_folders(self, names: Sequence[str]) -> Iterator[Changed]:
        """Create folders; one that exists is no failure."""
        return as_outcomes(self._make_folder, names, max_workers=self._max_workers)

    def delete(self, names: Sequence[str]) -> Iterator[Changed]:
        """Delete files and empty folders."""
        return as_outcomes(self._delete, names, max_workers=self._max_workers)

    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[Transferred]:
        """Upload files, without hashing again those that were hashed for the comparison."""
        by_path = {self._path(verdict.name): verdict for verdict in verdicts}
        jobs = (self._job(path, verdict) for path, verdict in by_path.items())
        running = self._client.upload_many(
            jobs, executor=self._executor, max_workers=self._max_workers
        )
        outcomes = cast("Generator[tuple[UploadJob, UploadResult | Failure]]", running)
        with closing(outcomes):
            for job, outcome in outcomes:
                verdict = by_path[job.path]
                if not isinstance(outcome, (CosError, OSError)):
                    file = self._source.files[verdict.name]
                    self._digests.learn(file, outcome.sha1, outcome.filesize)
                    if self._executor is not None:
                        self._progress.advance(outcome.sent_bytes)
                yield verdict, outcome

    def check(self, name: str) -> None:
        """Raise an `InputError` if the protocol does not allow the name."""
        ObjectAddress(self._folder.appid, self._folder.bucket, self._path(name))

    def is_source_failure(self, error: Failure) -> bool:
        """Return whether the local file is the cause, rather than the server."""
        return isinstance(error, (OSError, Cancelled))

    def _job(self, path: str, verdict: Verdict) -> UploadJob:
        file = self._source.files[verdict.name]
        return UploadJob(file.path, self._folder.bucket, path, self._options, verdict.parts)

    def _path(self, name: str) -> str:
        return remote_path(self._folder.path, name)

    def _make_folder(self, name: str) -> None:
        bucket, path = self._folder.bucket, self._path(name)
        try:
            self._client.create_folder(bucket, path, parents=True)
        except ExistsError:
            if not self._client.exists(bucket, path):  # a file has this name
                raise

    def _delete(self, name: str) -> None:
        with suppress(NotFoundError):  # deleted by another client
            self._client.delete(self._folder.bucket, self._path(name))


class FolderTarget(SyncTarget):
    """A local folder; nothing outside it is changed, and nothing through a link in it.

    Args:
        client: Downloads the files.
        folder: The source, a folder in a bucket.
        source: The tree of the source.
        top: The local folder, a path without links.
        options: For each download.
        may_replace: Whether to delete an entry that has the name of a file but is not a regular
            file.
        max_workers: Downloads at a time.
        executor: Runs the downloads; by default threads of this process do.
    """

    action = SyncAction.DOWNLOAD

    def __init__(
        self,
        client: Client,
        folder: ObjectAddress,
        source: Tree[RemoteFile],
        top: str,
        options: DownloadOptions,
        *,
        may_replace: bool,
        max_workers: int,
        executor: Executor | None,
    ) -> None:
        self._source = source
        self._max_workers = max_workers
        self._executor = executor
        self._cancel = options.cancel or CancelToken()
        self._stopper = CancelToken()  # used if the user cancels or closes the iterator
        options = replace(options, overwrite=options.overwrite is not False)
        self._progress = Progress(options.progress)
        if executor is None:
            progress = options.progress and self._progress.advance
            options = replace(options, cancel=self._stopper, progress=progress)
        else:  # callbacks stay in this process
            options = replace(options, progress=None)
        self._local = _LocalFolder(client, folder, top, options, may_replace)

    def make_folders(self, names: Sequence[str]) -> Iterator[Changed]:
        """Create folders; one that exists is no failure."""
        return ((name, _failure(self._local.make_folder, name)) for name in names)

    def delete(self, names: Sequence[str]) -> Iterator[Changed]:
        """Delete files and empty folders; a link is deleted, not its target."""
        return ((name, _failure(self._local.delete, name)) for name in names)

    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[Transferred]:
        """Download files."""
        by_name = {verdict.name: verdict for verdict in verdicts}
        with self._cancel.watched(self._stopper.cancel):
            if self._cancel.cancelled:
                self._stopper.cancel()
            outcomes = as_outcomes(
                self._local.download,
                [(name, _complete_stat(self._source.files[name])) for name in by_name],
                max_workers=self._max_workers if self._executor is None else 0,
                executor=self._executor,
                abort=self._stopper.cancel,
            )
            with closing(outcomes):
                for (name, _known), outcome in outcomes:
                    if self._executor is not None and isinstance(outcome, DownloadResult):
                        self._progress.advance(outcome.received_bytes)
                    yield by_name[name], outcome

    def check(self, name: str) -> None:
        """Raise an `OSError` if a link, or anything but a regular file, is in the way."""
        self._local.check(name)

    def is_source_failure(self, error: Failure) -> bool:
        """Return whether the server is the cause, rather than the local disk."""
        return isinstance(error, CosError)

    def is_leftover(self, name: str) -> bool:
        """Return whether the file is a partial file of an unfinished download."""
        return is_partial(name)

    def obsolete(self, extras: list[str], transferred: set[str]) -> list[str]:
        """Return `extras` without the partial files of downloads in `transferred`."""
        if not any(map(is_partial, extras)):
            return extras
        resumable = {
            path.replace(os.sep, "/") for name in transferred for path in partial_paths(name)
        }
        return [name for name in extras if name not in resumable]


@dataclass(frozen=True)
class _LocalFolder:
    """Changes a local folder; pickled for an executor.

    The folders in `top` were not links when it was listed. Other processes may have replaced some
    in the meantime, so that is checked before each change.
    """

    client: Client
    folder: ObjectAddress
    top: str
    options: DownloadOptions
    may_replace: bool

    def download(self, wanted: tuple[str, ObjectStat | None]) -> DownloadResult:
        """Download a file, given its name and its stat, if the listing has a complete one."""
        name, known = wanted
        source = remote_path(self.folder.path, name)
        ObjectAddress(self.folder.appid, self.folder.bucket, source)  # before anything is changed
        self.check(name)
        path = local_path(self.top, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)  # noqa: PTH103, PTH120
        if os.path.lexists(path) and not _is_regular(path):
            os.unlink(path)  # noqa: PTH108 - `check` has allowed it
        return self.client.download(
            self.folder.bucket, source, path, known=known, **vars(self.options)
        )

    def check(self, name: str) -> None:
        """Raise an `OSError` if a link, or anything but a regular file, is in the way."""
        path = self._path(name)
        if name.endswith("/") or not os.path.lexists(path) or _is_regular(path):
            return
        if not self.may_replace:
            raise _in_the_way(path)

    def make_folder(self, name: str) -> None:
        """Create a folder and those above it."""
        os.makedirs(self._path(name), exist_ok=True)  # noqa: PTH103

    def delete(self, name: str) -> None:
        """Delete a file or an empty folder, if it exists."""
        path = self._path(name)
        with suppress(FileNotFoundError):
            if name.endswith("/"):
                os.rmdir(path)  # noqa: PTH106
            else:
                os.unlink(path)  # noqa: PTH108

    def _path(self, name: str) -> str:
        path = local_path(self.top, name)
        above = os.path.dirname(path)  # noqa: PTH120
        # On Windows, `realpath` spells a path as it is on disk.
        if name != ROOT and normcase(os.path.realpath(above)) != normcase(above):
            raise _in_the_way(above)
        return path


class DryRunTarget(SyncTarget):
    """Changes nothing, and yields the outcomes to expect, with the names that `target` refuses."""

    def __init__(self, target: SyncTarget) -> None:
        self._target = target
        self.action: SyncAction = target.action

    def make_folders(self, names: Sequence[str]) -> Iterator[Changed]:
        """Check the names."""
        return ((name, _failure(self.check, name)) for name in names)

    def delete(self, names: Sequence[str]) -> Iterator[Changed]:
        """Yield all names as deleted."""
        return ((name, None) for name in names)

    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[Transferred]:
        """Check the names."""
        return ((verdict, _failure(self.check, verdict.name)) for verdict in verdicts)

    def check(self, name: str) -> None:
        """Check as the target does."""
        self._target.check(name)

    def is_source_failure(self, error: Failure) -> bool:
        """Return the result of the target."""
        return self._target.is_source_failure(error)

    def is_leftover(self, name: str) -> bool:
        """Return the result of the target."""
        return self._target.is_leftover(name)

    def obsolete(self, extras: list[str], transferred: set[str]) -> list[str]:
        """Return the result of the target."""
        return self._target.obsolete(extras, transferred)


def _failure(work: Callable[[str], None], name: str) -> Failure | None:
    try:
        work(name)
    except (CosError, OSError) as exc:
        return exc
    return None


def _is_regular(path: str) -> bool:
    return stat.S_ISREG(os.lstat(path).st_mode)


def _in_the_way(path: str) -> OSError:
    return FileExistsError(
        errno.EEXIST, "a link, or something other than a regular file, is in the way", path
    )


def _complete_stat(file: RemoteFile) -> ObjectStat | None:
    """Return the server's description of a file if it is as complete as `stat` gives it."""
    is_complete = file.sha1 is not None and file.known.access_url is not None
    return file.known if is_complete or not file.is_complete else None
