"""`upload_many`: many files, here or wherever an executor runs them.

Files are hashed by the many-files path, a group at a time, so that they share the core's lanes;
each is then an upload of its own, and its failure is its own result.
"""

from __future__ import annotations

import os
from concurrent.futures import FIRST_COMPLETED, wait
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.concurrency import as_outcomes
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.upload import SIMPLE_LIMIT, UploadOptions, UploadResult, upload
from cosfast.errors import CosError, InputError
from cosfast.parsing import shown
from cosfast.parts.many import uploadparts_many
from cosfast.parts.model import SLICE_SIZE, UploadParts
from cosfast.transfer.cancellation import CancelToken
from cosfast.transfer.journal import FileIdentity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Executor, Future

    from cosfast.cosv4.client import Client
    from cosfast.transfer.journal import Journal

GROUP = 32
"""Files that are hashed together, and that one task of an executor takes."""

Outcome = UploadResult | CosError | OSError


@dataclass(frozen=True)
class UploadJob:
    """One file of many.

    Args:
        source: a path; for an executor in other processes, one that they see too.
        bucket: the bucket's name.
        path: where in the bucket.
        options: the keywords of `Client.upload`; callbacks do not go to other processes.
        parts: those of the source, where they are known already.
    """

    source: Any
    bucket: str
    path: str
    options: UploadOptions = field(default_factory=UploadOptions)
    parts: UploadParts | None = None


class _Hashed(NamedTuple):
    """A job and its parts; None where they are not known before it begins."""

    job: UploadJob
    parts: UploadParts | OSError | None


def upload_many(
    client: Client, jobs: Iterable[UploadJob], executor: Executor | None, files: int
) -> Iterator[tuple[UploadJob, Outcome]]:
    """Yield each job with what came of it; see `Client.upload_many`."""
    if type(files) is not int or files < 1:
        raise InputError(f"files must be a number from 1, not {shown(files)}")
    return _here(client, jobs, files) if executor is None else _spread(client, jobs, executor)


def _here(
    client: Client, jobs: Iterable[UploadJob], files: int
) -> Iterator[tuple[UploadJob, Outcome]]:
    """Upload in threads of this process, while the next ones are hashed."""
    stopper = CancelToken()  # of those under way, where the caller has left or was interrupted
    outcomes = as_outcomes(
        lambda hashed: _run_job(client, hashed, stopper),
        _hash_groups(client.journal, jobs),
        max_workers=files,
        abort=stopper.cancel,
    )
    with closing(outcomes):
        for hashed, outcome in outcomes:
            yield hashed.job, outcome


def _spread(
    client: Client, jobs: Iterable[UploadJob], executor: Executor
) -> Iterator[tuple[UploadJob, Outcome]]:
    """Give an executor's workers a group at a time; each hashes and uploads its own."""
    remaining = iter(jobs)
    pending: set[Future[list[tuple[UploadJob, Outcome]]]] = set()
    try:
        for group in iter(lambda: list(islice(remaining, GROUP)), []):
            pending.add(executor.submit(_run_group, client, group))
        while pending:
            done, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in done:
                yield from future.result()
    finally:
        for future in pending:
            future.cancel()


def _run_group(client: Client, jobs: list[UploadJob]) -> list[tuple[UploadJob, Outcome]]:
    """Hash these files together and upload them one after the other: an executor's task."""
    return [(hashed.job, _run_job(client, hashed)) for hashed in _hash_groups(client.journal, jobs)]


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


def _hash_groups(journal: Journal, jobs: Iterable[UploadJob]) -> Iterator[_Hashed]:
    remaining = iter(jobs)
    for group in iter(lambda: list(islice(remaining, GROUP)), []):
        # A file alone hashes itself as it goes: it has nobody to share the lanes with.
        yield from (
            _hash_group(journal, group) if len(group) > 1 else [_Hashed(group[0], group[0].parts)]
        )


def _hash_group(journal: Journal, jobs: list[UploadJob]) -> Iterator[_Hashed]:
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
    """A file to be hashed: what it was before, and who wants it."""

    identity: FileIdentity
    jobs: list[UploadJob]


def _identity(job: UploadJob) -> FileIdentity | None:
    """Return what file it is, or None where it is not one to be hashed beforehand."""
    hashed_here = job.options.integrity == "parts" and job.parts is None
    if not hashed_here or not isinstance(job.source, (str, os.PathLike)):
        return None
    try:
        return FileIdentity.of(os.stat(job.source))  # noqa: PTH116 - either kind of path
    except (OSError, ValueError):
        return None  # the upload will say what is wrong with it


def _is_known(journal: Journal, identity: FileIdentity) -> bool:
    return identity.size > SIMPLE_LIMIT and journal.parts_of(identity, SLICE_SIZE) is not None
