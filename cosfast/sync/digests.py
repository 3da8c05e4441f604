"""`Digests`: the SHA-1s of local files, from the journal where it knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cosv4.upload import SIMPLE_LIMIT
from cosfast.parts.many import uploadparts_many
from cosfast.parts.model import UploadParts
from cosfast.parts.sources import PlainFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cosfast.sync.trees import LocalFile
    from cosfast.transfer.journal import FileIdentity, Journal

BATCH = 2000
"""Files that the journal is asked for, or told of, in one transaction."""


class Digests:
    """A context manager: what it learnt is in the journal when it is left, however that happens.

    Args:
        journal: remembers.
        hash_progress: called with the bytes of each file that is hashed; or None.
    """

    def __init__(self, journal: Journal, hash_progress: Callable[[int], object] | None) -> None:
        self._journal = journal
        self._hash_progress = hash_progress
        self._learnt: list[tuple[FileIdentity, str]] = []

    def __enter__(self) -> Digests:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._write()

    def known(self, files: Sequence[LocalFile]) -> dict[FileIdentity, str]:
        """Return those of `files` that the journal has, in one transaction.

        An empty file is looked at as well: those in ``/proc`` say that they are empty, and their
        time stamps do not move with their content.
        """
        named = {file.identity: file for file in files if file.identity}
        found = self._journal.digests_of(named)
        return {
            identity: sha1
            for identity, sha1 in found.items()
            if identity.size or is_as_long(named[identity])
        }

    def hashed(self, files: Mapping[str, LocalFile]) -> Iterator[tuple[str, UploadParts | OSError]]:
        """Hash files side by side; yield each name with its parts, or with what went wrong."""
        names = {file.path: name for name, file in files.items()}
        for path, parts in uploadparts_many(names):
            name = names[str(path)]
            if isinstance(parts, UploadParts):
                self._take(files[name], parts)
            yield name, parts

    def learn(self, file: LocalFile, sha1: str, size: int) -> None:
        """Remember the SHA-1 and size that a file turned out to have; `file` is from before.

        If the size is another than the file's, nothing is: it changed, or never tells its length.
        """
        if file.identity is None or not sha1 or file.size != size:
            return
        self._learnt.append((file.identity, sha1))
        if len(self._learnt) >= BATCH:
            self._write()

    def _take(self, file: LocalFile, parts: UploadParts) -> None:
        if self._hash_progress is not None:
            self._hash_progress(parts.filesize)
        if parts.filesize > SIMPLE_LIMIT and file.identity is not None:
            # Should it be sent and that be interrupted, the next run is spared the hashing.
            self._journal.remember_parts(file.identity, parts)
        else:
            self.learn(file, parts.sha1, parts.filesize)

    def _write(self) -> None:
        learnt, self._learnt = self._learnt, []
        self._journal.remember_digests(learnt)


def is_as_long(file: LocalFile) -> bool:
    """Whether a file's content ends where the system says, as far as it can be read."""
    try:
        with PlainFile(file.path) as opened:
            return opened.size is not None
    except OSError:  # whoever reads it will tell
        return True
