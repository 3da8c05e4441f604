"""`upload_many`: uploads of many files, in threads or on an executor.

Files are hashed in groups, so that they share the lanes of the C core. Each file is then uploaded
separately, and a failure is the result of that file alone.
"""

from __future__ import annotations

import os
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.concurrency import as_outcomes, check_workers
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.upload import SIMPLE_LIMIT, UploadOptions, UploadResult, upload
from cosfast.errors import CosError
from cosfast.parts.formats import SLICE_SIZE
from cosfast.parts.many import uploadparts_many
from cosfast.parts.model import UploadParts
from cosfast.transfer.cancellation import CancelToken
from cosfast.transfer.journal import FileIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor

    from cosfast.cosv4.client import Client
    from cosfast.transfer.journal import Journal

GROUP = 32
"""Number of files that are hashed together, and that one task of an executor uploads."""

Outcome = UploadResult | CosError | OSError


@dataclass(frozen=True)
class UploadJob:
    """One upload of `Client.upload_many`.

    Args:
        source: Path of the file; an executor's processes must find it at the same absolute path.
        bucket: Name of the bucket.
        path: Path in the bucket.
        options: Keyword arguments of `Client.upload`; callbacks must not be set for an executor of
            other processes.
        parts: Parts list of the source, if it is already known.
    """

    source: Any
    bucket: str
    path: str
    options: UploadOptions = field(default_factory=UploadOptions)
    parts: UploadParts | None = None


class _Hashed(NamedTuple):
    """A job and its parts list; None if it is not known before the upload starts."""

    job: UploadJob
    parts: UploadParts | OSError | None


def upload_many(
    client: Client, jobs: Iterable[UploadJob], *, executor: Executor | None, max_workers: int
) -> Iterator[tuple[UploadJob, Outcome]]:
    """Yield each job with its outcome; see `Client.upload_many`."""
    check_workers(max_workers)
    if executor is None:
        return _in_threads(client, jobs, max_workers)
    return _in_executor(client, jobs, executor)


def _in_threads(
    client: Client, jobs: Iterable[UploadJob], max_workers: int
) -> Iterator[tuple[UploadJob, Outcome]]:
    """Upload in threads of this process, while the next group is hashed."""
    stopper = CancelToken()  # cancels uploads in progress if the caller stops early
    outcomes = as_outcomes(
        lambda hashed: _run_job(client, hashed, stopper),
        _hash_jobs(client.journal, jobs),
        max_workers=max_workers,
        abort=stopper.cancel,
    )
    with closing(outcomes):
        for hashed, outcome in outcomes:
            yield hashed.job, outcome


def _in_executor(
    client: Client, jobs: Iterable[UploadJob], executor: Executor
) -> Iterator[tuple[UploadJob, Outcome]]:
    """Upload on an executor; each task hashes and uploads one group."""
    given: dict[int, list[UploadJob]] = {}

    def groups() -> Iterator[list[UploadJob]]:
        for group in _groups_of(jobs):
            sent = list(map(_with_absolute_path, group))
            given[id(sent)] = group
            yield sent

    done = as_outcomes(partial(_run_group, client), groups(), max_workers=0, executor=executor)
    with closing(done):
        for sent, outcomes in done:
            if isinstance(outcomes, Exception):  # of the task, not of one of its uploads
                raise outcomes
            yield from zip(given.pop(id(sent)), outcomes, strict=True)


def _with_absolute_path(job: UploadJob) -> UploadJob:
    """Return the job for processes that may have another current folder."""
    if not isinstance(job.source, (str, os.PathLike)):
        return job
    return replace(job, source=os.path.abspath(job.source))  # noqa: PTH100 - resolves no links


def _run_group(client: Client, jobs: list[UploadJob]) -> list[Outcome]:
    """Hash files together and upload them one by one; return the outcomes in order."""
    done = {
        id(hashed.job): _run_job(client, hashed) for hashed in _hash_group(client.journal, jobs)
    }
    return [done[id(job)] for job in jobs]


def _run_job(client: Client, hashed: _Hashed, stopper: CancelToken | None = None) -> Outcome:
    job, parts = hashed
    if isinstance(parts, OSError):
        return parts
    try:
        address = ObjectAddress(client.credentials.appid, job.bucket, job.path)
        return upload(
            client.context,
            job.source,
            address,
            job.options,
            parts=parts,
            stopper=stopper,
        )
    except (CosError, OSError) as exc:
        return exc


def _groups_of(jobs: Iterable[UploadJob]) -> Iterator[list[UploadJob]]:
    remaining = iter(jobs)
    while group := list(islice(remaining, GROUP)):
        yield group


def _hash_jobs(journal: Journal, jobs: Iterable[UploadJob]) -> Iterator[_Hashed]:
    for group in _groups_of(jobs):
        yield from _hash_group(journal, group)


def _hash_group(journal: Journal, jobs: list[UploadJob]) -> Iterator[_Hashed]:
    if len(jobs) == 1:  # there is no other file to share the lanes with
        yield _Hashed(jobs[0], jobs[0].parts)
        return
    wanted: dict[str | os.PathLike[str], _Wanted] = {}
    for job in jobs:
        identity = _identity(job)
        if identity is None or _is_known(journal, identity):
            yield _Hashed(job, job.parts)
        else:
            wanted.setdefault(job.source, _Wanted(identity, [])).jobs.append(job)
    for path, parts in uploadparts_many(wanted):
        identity, sharing = wanted[path]
        if isinstance(parts, UploadParts) and parts.filesize > SIMPLE_LIMIT:
            journal.remember_parts(identity, parts)
        for job in sharing:
            yield _Hashed(job, parts)


class _Wanted(NamedTuple):
    """A file to hash: its identity before hashing, and the jobs that upload it."""

    identity: FileIdentity
    jobs: list[UploadJob]


def _identity(job: UploadJob) -> FileIdentity | None:
    """Return the identity of the job's file; None if it is not to be hashed in advance."""
    hashed_here = job.options.integrity == "parts" and job.parts is None
    if not hashed_here or not isinstance(job.source, (str, os.PathLike)):
        return None
    try:
        return FileIdentity.of(os.stat(job.source))  # noqa: PTH116 - either kind of path
    except (OSError, ValueError):
        return None  # the upload will raise the error


def _is_known(journal: Journal, identity: FileIdentity) -> bool:
    return identity.size > SIMPLE_LIMIT and journal.parts_of(identity, SLICE_SIZE) is not None
