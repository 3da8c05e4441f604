"""The two listings of a sync: a local folder and a folder in a bucket, each as a `Tree`."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, takewhile
from threading import Event
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from cosfast.concurrency import Failure, run_tasks, traverse
from cosfast.cosv4.listing import check_depth
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.listing import UnreadableEntry
from cosfast.errors import InputError, NotFoundError
from cosfast.sync.case import find_rivals, ignores_case, spellings
from cosfast.sync.filters import check_local_name
from cosfast.sync.results import ROOT
from cosfast.transfer.journal import FileIdentity
from cosfast.transfer.localfiles import walk
from cosfast.transfer.partial_file import is_partial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.sync.filters import Selection
    from cosfast.transfer.localfiles import LocalEntry


class LocalFile(NamedTuple):
    """A local file; or, without an identity, anything that is neither a file nor a folder.

    Attributes:
        path: The path to open.
        size: Bytes.
        identity: The identity of the file when it was listed.
    """

    path: str
    size: int
    identity: FileIdentity | None


class RemoteFile(NamedTuple):
    """A file in a bucket.

    Attributes:
        size: Bytes.
        sha1: 40 hex digits, or None if the server does not know it.
        is_complete: Whether all of it has been uploaded.
        known: The server's whole description.
    """

    size: int
    sha1: str | None
    is_complete: bool
    known: ObjectStat


Entry = TypeVar("Entry", LocalFile, RemoteFile)


@dataclass
class Tree(Generic[Entry]):
    """The content of a folder at any depth, as far as it takes part in a sync.

    Names are those of `SyncStep.name`.

    Attributes:
        files: The files by name.
        folders: The folders; each comes before those in it.
        errors: The error of each entry that cannot be used, by name.
        is_complete: Whether everything could be listed. An entry that cannot be used, but was
            listed, does not count.
        retained: Folders that cannot be deleted, since they contain, at any depth, entries that
            take no part; including the folder itself if there are any.
        exists: Whether the folder itself exists.
    """

    files: dict[str, Entry] = field(default_factory=dict)
    folders: dict[str, None] = field(default_factory=dict)
    errors: dict[str, Failure] = field(default_factory=dict)
    is_complete: bool = True
    retained: set[str] = field(default_factory=set)
    exists: bool = True

    def exclude(self, name: str) -> None:
        """Record that `name` exists but takes no part, which retains the folders above it."""
        folder = parent(name)
        while folder not in self.retained:
            self.retained.add(folder)
            folder = parent(folder)

    def add_error(self, name: str, error: Failure, *, is_listed: bool) -> None:
        """Add an entry that cannot be used, and whether it could be listed with its content."""
        self.errors[name] = error
        self.is_complete = self.is_complete and is_listed

    def respell(self, names: dict[str, str]) -> None:
        """Replace names by other spellings of the same files and folders."""
        self.files = {names.get(name, name): file for name, file in self.files.items()}
        self.folders = {names.get(name, name): None for name in self.folders}
        self.errors = {names.get(name, name): error for name, error in self.errors.items()}
        self.retained = {names.get(name, name) for name in self.retained}

    def __contains__(self, name: str) -> bool:
        return name in self.files or name in self.folders

    def __iter__(self) -> Iterator[str]:
        return chain(self.folders, self.files, self.errors)


def parent(name: str) -> str:
    """Return the name of the folder that a file or a folder is in."""
    return name[: name.rstrip("/").rfind("/") + 1] or ROOT


def local_path(top: str, name: str) -> str:
    """Return the path of `name` below the local folder `top`."""
    return top if name == ROOT else os.path.join(top, *name.rstrip("/").split("/"))  # noqa: PTH118


def remote_path(top: str, name: str) -> str:
    """Return the path of `name` below the folder `top` of a bucket, which ends in ``/``."""
    return top if name == ROOT else top + name


def list_both(
    client: Client,
    top: str,
    folder: ObjectAddress,
    selection: Selection,
    *,
    is_upload: bool,
    max_workers: int,
) -> tuple[Tree[LocalFile], Tree[RemoteFile]]:
    """List both sides of a sync at the same time: one waits for the disk, one for the server.

    Args:
        client: Lists the bucket.
        top: The local folder.
        folder: The folder in the bucket.
        selection: The names that take part.
        is_upload: Whether the local folder is the source.
        max_workers: Folders of the bucket to list at a time.

    Raises:
        OSError: If the local folder itself cannot be listed.
        CosError: If the folder in the bucket itself cannot be listed; also if it is the source
            and does not exist.
    """
    stop = Event()
    local: Tree[LocalFile] = Tree()
    remote: Tree[RemoteFile] = Tree()
    source_of = None if is_upload else top
    listings: list[Callable[[], None]] = [
        _RemoteListing(remote, client, folder, selection, source_of, max_workers, stop).run,
        partial(_list_local, local, top, selection, is_source=is_upload, stop=stop),
    ]
    run_tasks(lambda fill: fill(), listings, max_workers=len(listings), stop=stop)
    if not is_upload:
        local.respell(spellings(local, remote, lambda name: os.path.lexists(local_path(top, name))))
    return local, remote


def list_remote(
    client: Client, folder: ObjectAddress, selection: Selection, *, max_workers: int
) -> Tree[RemoteFile]:
    """List a folder of a bucket at any depth, to change it.

    Args:
        client: Lists the bucket.
        folder: The folder.
        selection: The names that take part.
        max_workers: Folders to list at a time.

    Raises:
        CosError: If the folder itself cannot be listed.
    """
    tree: Tree[RemoteFile] = Tree()
    _RemoteListing(tree, client, folder, selection, None, max_workers, Event()).run()
    return tree


def _list_local(
    tree: Tree[LocalFile], top: str, selection: Selection, *, is_source: bool, stop: Event
) -> None:
    """Fill `tree` with the local folder `top`.

    Links in a source are followed. Links in a target count as files, whatever their targets, so
    that nothing is written or deleted through a link.
    """
    if not is_source and not os.path.lexists(top):
        tree.exists = False
        return
    for entry in walk(top, follow=is_source, enter=selection.may_include_below):
        if stop.is_set():
            return
        if entry.error is not None and not entry.name:
            raise entry.error
        if not (selection.includes(entry.name) or entry.is_unlisted(selection.may_include_below)):
            tree.exclude(entry.name)
        elif entry.error is not None:
            is_listed = entry.status is not None and not entry.is_folder
            tree.add_error(entry.name, entry.error, is_listed=is_listed)
        elif entry.is_folder:
            tree.folders[entry.name] = None
        elif not (is_source and is_partial(entry.name)):
            tree.files[entry.name] = _local_file(entry)


def _local_file(entry: LocalEntry) -> LocalFile:
    status = entry.status
    if status is None or not stat.S_ISREG(status.st_mode):
        return LocalFile(entry.path, 0, None)
    return LocalFile(entry.path, status.st_size, FileIdentity.of(status))


@dataclass
class _RemoteListing:
    """Fills `tree` with the folder `top` of a bucket, several folders at a time.

    The names of a source are checked, since they become local files in the folder `target`; a
    target has none.
    """

    tree: Tree[RemoteFile]
    client: Client
    top: ObjectAddress
    selection: Selection
    target: str | None
    max_workers: int
    stop: Event

    def run(self) -> None:
        """List the folder and all folders below it that take part."""
        traverse(
            self._entries, self.top.path, self._add, max_workers=self.max_workers, stop=self.stop
        )

    def _entries(self, path: str) -> list[ObjectStat | UnreadableEntry]:
        if self.stop.is_set():
            return []
        folder = ObjectAddress(self.top.appid, self.top.bucket, path)
        check_depth(folder, path.count("/"))
        unreadable: list[UnreadableEntry] = []
        listed = self.client.list(folder.bucket, path, onerror=unreadable.append)
        return [*takewhile(lambda _entry: not self.stop.is_set(), listed), *unreadable]

    def _add(
        self, path: str, listed: list[ObjectStat | UnreadableEntry] | Failure
    ) -> Iterable[str]:
        """Add the entries of a folder to the tree; return the folders in it to list."""
        if not isinstance(listed, Exception):
            rivals = self._rivals(listed)
            return [entry.path for entry in listed if self._add_entry(entry, rivals)]
        if path != self.top.path:
            if not isinstance(listed, NotFoundError):  # otherwise it was deleted in the meantime
                self.tree.add_error(self._name(path), listed, is_listed=False)
        elif isinstance(listed, NotFoundError) and self.target is None:
            self.tree.exists = False
        else:
            raise listed
        return []

    def _rivals(self, listed: list[ObjectStat | UnreadableEntry]) -> dict[str, str]:
        """Return the names that would be one file in the target, each with another such name."""
        if self.target is None:
            return {}
        rivals = find_rivals(filter(self.selection.includes, (self._name(e.path) for e in listed)))
        return rivals if rivals and ignores_case(self.target) else {}

    def _add_entry(self, entry: ObjectStat | UnreadableEntry, rivals: dict[str, str]) -> bool:
        """Add an entry to the tree; return whether it is a folder to list."""
        tree, name = self.tree, self._name(entry.path)
        is_selected = self.selection.includes(name)
        if name in rivals:
            tree.add_error(name, _rival_error(name, rivals[name]), is_listed=False)
            return False
        if self.target is not None:
            try:
                check_local_name(name.rstrip("/").rpartition("/")[2])
            except InputError as exc:
                if is_selected:
                    tree.add_error(name, exc, is_listed=True)
                return False
        if not is_selected:
            tree.exclude(name)
        elif isinstance(entry, UnreadableEntry):
            tree.add_error(name, entry.error, is_listed=False)
            return False
        elif entry.is_folder:
            tree.folders[name] = None
        else:
            size = entry.filesize or 0
            tree.files[name] = RemoteFile(size, entry.sha1, entry.filelen == size, entry)
        return entry.is_folder and self.selection.may_include_below(name)

    def _name(self, path: str) -> str:
        return path[len(self.top.path) :]


def _rival_error(name: str, rival: str) -> InputError:
    return InputError(
        f"{name!r} and {rival!r} cannot both be in a folder whose file system ignores case;"
        " rename one in the bucket, or exclude one with a filter (--exclude)"
    )
