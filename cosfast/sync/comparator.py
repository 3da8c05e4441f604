"""Comparing files of the same name: `compare` yields a `Verdict` for each; `Digests` hashes."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cosfast.cosv4.upload import SIMPLE_LIMIT
from cosfast.parts.many import uploadparts_many
from cosfast.parts.model import UploadParts
from cosfast.parts.sources import PlainFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from concurrent.futures import Executor

    from cosfast.sync.listing import LocalFile, RemoteFile, Tree
    from cosfast.transfer.journal import FileIdentity, Journal

SAME = "same"

BATCH = 2000
"""Files that one transaction of the journal looks up or records."""


class Verdict(NamedTuple):
    """The result of comparing a name.

    Attributes:
        name: The file's name.
        reason: `SAME`, or why the file has to be transferred, in a few words.
        parts: The local file's parts, if it was hashed for the comparison.
        error: Why the local file could not be read, or None.
    """

    name: str
    reason: str
    parts: UploadParts | None = None
    error: OSError | None = None


def compare(
    names: Iterable[str], local: Tree[LocalFile], remote: Tree[RemoteFile], digests: Digests
) -> Iterator[Verdict]:
    """Yield a verdict for each of `names`, in any order.

    Sizes are compared first. If they are equal, so must be the SHA-1s: the journal is asked for
    those of many files at a time, and the files that it does not know are hashed together.

    Args:
        names: Files that are in at least one of the trees.
        local: The local tree.
        remote: The tree in the bucket.
        digests: Provides the SHA-1s of local files.
    """
    remaining = iter(names)
    while batch := list(islice(remaining, BATCH)):
        same_size: dict[str, LocalFile] = {}
        for name in batch:
            file = local.files.get(name)
            reason = _difference(file, remote.files.get(name))
            if reason is not None or file is None:
                yield Verdict(name, reason or "new")
            else:
                same_size[name] = file
        yield from _compare_content(same_size, remote, digests)


def _difference(local: LocalFile | None, remote: RemoteFile | None) -> str | None:
    """Return a difference that is known without hashing, or None."""
    if local is None or remote is None:
        return "new"
    if local.identity is None:
        return "not a file here"
    if local.size != remote.size and has_listed_size(local):
        return "size differs"
    if not remote.is_complete:
        return "unfinished upload"
    return None if remote.sha1 else "SHA-1 not known"


def _compare_content(
    files: dict[str, LocalFile], remote: Tree[RemoteFile], digests: Digests
) -> Iterator[Verdict]:
    known = digests.known(list(files.values()))
    unknown: dict[str, LocalFile] = {}
    for name, file in files.items():
        sha1 = known.get(file.identity) if file.identity else None
        if sha1 is None:
            unknown[name] = file
        else:
            yield Verdict(name, _verdict_on(sha1, remote.files[name]))
    for name, parts in digests.hashed(unknown) if unknown else ():
        if isinstance(parts, UploadParts):
            # If the size has changed since the listing, so has the SHA-1.
            yield Verdict(name, _verdict_on(parts.sha1, remote.files[name]), parts)
        else:
            yield Verdict(name, "cannot be read", error=parts)


def _verdict_on(sha1: str, remote: RemoteFile) -> str:
    return SAME if sha1 == remote.sha1 else "content differs"


class Digests:
    """The SHA-1s of local files, from the journal or by hashing.

    A context manager that writes the SHA-1s learnt in the block to the journal on exit.

    Args:
        journal: Stores the SHA-1s.
        hash_progress: Called with the bytes of each file that was hashed; or None.
        executor: Hashes the files; by default threads of this process do.
    """

    def __init__(
        self,
        journal: Journal,
        hash_progress: Callable[[int], object] | None,
        executor: Executor | None,
    ) -> None:
        self._journal = journal
        self._hash_progress = hash_progress
        self._executor = executor
        self._learnt: list[tuple[FileIdentity, str]] = []

    def __enter__(self) -> Digests:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._record()

    def known(self, files: Sequence[LocalFile]) -> dict[FileIdentity, str]:
        """Return the SHA-1s that the journal knows, read in one transaction.

        An empty file is opened nevertheless: files in ``/proc`` have a size of 0, and their times
        do not change with their content.
        """
        by_identity = {file.identity: file for file in files if file.identity}
        found = self._journal.digests_of(by_identity)
        return {
            identity: sha1
            for identity, sha1 in found.items()
            if identity.size or has_listed_size(by_identity[identity])
        }

    def hashed(self, files: Mapping[str, LocalFile]) -> Iterator[tuple[str, UploadParts | OSError]]:
        """Hash files together; yield each name with the file's parts, or with its error."""
        names = {file.path: name for name, file in files.items()}
        for path, parts in uploadparts_many(names, executor=self._executor):
            name = names[str(path)]
            if isinstance(parts, UploadParts):
                self._hashed_one(files[name], parts)
            yield name, parts

    def learn(self, file: LocalFile, sha1: str, size: int) -> None:
        """Remember the SHA-1 of a file.

        Args:
            file: The file as it was listed.
            sha1: 40 hex digits; empty if the file was not hashed.
            size: Bytes that were hashed. If they are not the listed size, nothing is remembered:
                the file has changed, or its size is never known without reading it.
        """
        if file.identity is None or not sha1 or file.size != size:
            return
        self._learnt.append((file.identity, sha1))
        if len(self._learnt) >= BATCH:
            self._record()

    def _hashed_one(self, file: LocalFile, parts: UploadParts) -> None:
        if self._hash_progress is not None:
            self._hash_progress(parts.filesize)
        if parts.filesize > SIMPLE_LIMIT and file.identity is not None:
            # If its upload is interrupted, the next run need not hash it again.
            self._journal.remember_parts(file.identity, parts)
        else:
            self.learn(file, parts.sha1, parts.filesize)

    def _record(self) -> None:
        learnt, self._learnt = self._learnt, []
        self._journal.remember_digests(learnt)


def has_listed_size(file: LocalFile) -> bool:
    """Return whether a file ends at its size in the listing; files in ``/proc`` do not."""
    try:
        with PlainFile(file.path) as opened:
            return opened.size is not None
    except OSError:  # reported when the file is read
        return True
