"""Files of one name here and in the bucket: the same, or how they differ."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cosfast.parts.model import UploadParts
from cosfast.sync.digests import BATCH, is_as_long

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosfast.sync.digests import Digests
    from cosfast.sync.trees import LocalFile, RemoteFile, Tree

SAME = "same"


class Verdict(NamedTuple):
    """What comparing a name came to.

    Attributes:
        name: the file's.
        reason: `SAME`, or why it has to be transferred, in a few words.
        parts: the local file's, where they had to be made to know.
        error: why the local file could not be read, or None.
    """

    name: str
    reason: str
    parts: UploadParts | None = None
    error: OSError | None = None


def compare(
    names: Iterable[str], local: Tree[LocalFile], remote: Tree[RemoteFile], digests: Digests
) -> Iterator[Verdict]:
    """Yield a verdict on each file of `names`, which is in one of the trees at least.

    Sizes decide where they can. Where SHA-1s have to, the journal is asked for many at a time,
    and what it does not know is hashed, many side by side.
    """
    remaining = iter(names)
    for batch in iter(lambda: list(islice(remaining, BATCH)), []):
        equally_long: dict[str, LocalFile] = {}
        for name in batch:
            file = local.files.get(name)
            reason = _reason_seen(file, remote.files.get(name))
            if reason is not None or file is None:
                yield Verdict(name, reason or "new")
            else:
                equally_long[name] = file
        yield from _compare_content(equally_long, remote, digests)


def _reason_seen(local: LocalFile | None, remote: RemoteFile | None) -> str | None:
    """Return why they are not the same, as far as sizes tell; else None."""
    if local is None or remote is None:
        return "new"
    if local.identity is None:
        return "not a file here"
    if local.size != remote.size and is_as_long(local):
        return "size differs"
    if not remote.is_whole:
        return "unfinished upload"
    return None if remote.sha1 else "SHA-1 not known"


def _compare_content(
    files: dict[str, LocalFile], remote: Tree[RemoteFile], digests: Digests
) -> Iterator[Verdict]:
    known = digests.known(list(files.values()))
    unknown: dict[str, LocalFile] = {}
    for name, file in files.items():
        digest = known.get(file.identity) if file.identity else None
        if digest is None:
            unknown[name] = file
        else:
            yield Verdict(name, _reason_of(digest, remote.files[name]))
    for name, parts in digests.hashed(unknown):
        if isinstance(parts, UploadParts):
            # Of another size now, it has another SHA-1 as well.
            yield Verdict(name, _reason_of(parts.sha1, remote.files[name]), parts)
        else:
            yield Verdict(name, "cannot be read", error=parts)


def _reason_of(digest: str, remote: RemoteFile) -> str:
    return SAME if digest == remote.sha1 else "content differs"
