"""`Tree`: what is in a folder, here or in a bucket, by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from cosfast.sync.step import ROOT, Failure

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.transfer.journal import FileIdentity


class LocalFile(NamedTuple):
    """A file here; or, with no identity, what is neither a file nor a folder.

    Attributes:
        path: where it is, or what leads to it.
        size: bytes.
        identity: taken when the tree was read.
    """

    path: str
    size: int
    identity: FileIdentity | None


class RemoteFile(NamedTuple):
    """A file in a bucket.

    Attributes:
        size: bytes.
        sha1: 40 hex digits, or None where the server does not know it.
        is_whole: whether all of it has arrived.
        known: all that the server said of it.
    """

    size: int
    sha1: str | None
    is_whole: bool
    known: ObjectStat


Entry = TypeVar("Entry", LocalFile, RemoteFile)


@dataclass
class Tree(Generic[Entry]):
    """What is in a folder, at any depth, as far as it takes part in a sync.

    Names are as `SyncStep.name` has them.

    Attributes:
        files: by name.
        folders: a folder before those in it.
        errors: by the name of what cannot be used, why.
        is_whole: whether all of it could be read. What is of no use, but was seen, is no matter.
        holding: folders in which, at any depth, something takes no part.
        exists: whether the folder itself is there.
    """

    files: dict[str, Entry] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    errors: dict[str, Failure] = field(default_factory=dict)
    is_whole: bool = True
    holding: set[str] = field(default_factory=set)
    exists: bool = True

    def leave_out(self, name: str) -> None:
        """Note that `name` takes no part: the folders around it cannot go."""
        folder = parent(name)
        while folder != ROOT and folder not in self.holding:
            self.holding.add(folder)
            folder = parent(folder)

    def __contains__(self, name: str) -> bool:
        return name in self.files or name in self.folders


def parent(name: str) -> str:
    """Return the name of the folder that a file or a folder is in."""
    return name[: name.rstrip("/").rfind("/") + 1] or ROOT


def counterpart(name: str) -> str:
    """Return what must not be there beside `name`: a folder of a file's name, or the reverse."""
    return name[:-1] if name.endswith("/") else name + "/"
