"""The two trees of a sync, read: a folder of this machine, and one of a bucket."""

from __future__ import annotations

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from queue import SimpleQueue
from typing import TYPE_CHECKING

from cosfast.cosv4.listing import check_depth
from cosfast.cosv4.protocol.addresses import ObjectAddress
from cosfast.cosv4.protocol.listing import UnreadableEntry
from cosfast.errors import CosError, InputError, NotFoundError
from cosfast.sync.local import walk
from cosfast.sync.names import check_local_name, is_partial
from cosfast.sync.trees import LocalFile, RemoteFile, Tree
from cosfast.transfer.journal import FileIdentity

if TYPE_CHECKING:
    from threading import Event

    from cosfast.cosv4 import Client
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.sync.filters import Selection
    from cosfast.sync.local import Found


def read_local(folder: str, selection: Selection, *, is_source: bool) -> Tree[LocalFile]:
    """Read a folder of this machine.

    Args:
        folder: where it is.
        selection: what takes part.
        is_source: whether its files are to be sent. Then links are followed, and unfinished
            downloads are no part of it; else links are files, whatever they lead to, so that
            nothing is ever written or deleted through one.

    Raises:
        OSError: where the folder itself cannot be read.
    """
    tree: Tree[LocalFile] = Tree()
    if not is_source and not os.path.lexists(folder):
        tree.exists = False
        return tree
    for found in walk(folder, follow=is_source, enter=selection.has_any_below):
        if found.error is not None and not found.name:
            raise found.error
        if not selection.has(found.name):
            tree.leave_out(found.name)
        elif found.error is not None:
            _refuse(tree, found)
        elif found.is_folder:
            tree.folders[found.name] = None
        elif not (is_source and is_partial(found.name)):
            tree.files[found.name] = _local_file(found)
    return tree


def _refuse(tree: Tree[LocalFile], found: Found) -> None:
    assert found.error is not None  # noqa: S101 - the caller has looked
    tree.errors[found.name] = found.error
    # What is neither file nor folder was seen; it is only of no use.
    tree.is_whole = tree.is_whole and found.status is not None and not found.is_folder


def _local_file(found: Found) -> LocalFile:
    status = found.status
    if status is None or not stat.S_ISREG(status.st_mode):
        return LocalFile(found.path, 0, None)
    return LocalFile(found.path, status.st_size, FileIdentity.of(status))


def read_remote(
    folders: RemoteFolders, top: str, selection: Selection, *, is_source: bool
) -> Tree[RemoteFile]:
    """Read a folder of a bucket, several of its folders at a time.

    Args:
        folders: lists them.
        top: the folder's path.
        selection: what takes part.
        is_source: whether its files are to be written here; then their names are checked.

    Raises:
        CosError: where the folder itself cannot be listed; as a source, also where it is missing.
    """
    tree: Tree[RemoteFile] = Tree()
    with folders:
        folders.ask(top)
        while folders.waiting:
            path, listed = folders.take()
            if not isinstance(listed, CosError):
                for entry in listed:
                    name = entry.path[len(top) :]
                    if _add(tree, name, entry, selection, is_source=is_source):
                        folders.ask(entry.path)
            elif path != top:
                _refuse_folder(tree, path[len(top) :], listed)
            elif isinstance(listed, NotFoundError) and not is_source:
                tree.exists = False
            else:
                raise listed
    return tree


def _add(
    tree: Tree[RemoteFile],
    name: str,
    entry: ObjectStat | UnreadableEntry,
    selection: Selection,
    *,
    is_source: bool,
) -> bool:
    """Put an entry into the tree; return whether it is a folder to be listed."""
    is_in = selection.has(name)
    if is_source:
        try:
            check_local_name(name.rstrip("/").rpartition("/")[2])
        except InputError as exc:
            if is_in:
                tree.errors[name] = exc
            return False
    if not is_in:
        tree.leave_out(name)
    elif isinstance(entry, UnreadableEntry):
        tree.errors[name] = entry.error
        tree.is_whole = False
        return False
    elif entry.is_folder:
        tree.folders[name] = None
    else:
        size = entry.filesize or 0
        tree.files[name] = RemoteFile(size, entry.sha, entry.filelen == size, entry)
    return entry.is_folder and selection.has_any_below(name)


def _refuse_folder(tree: Tree[RemoteFile], name: str, error: CosError) -> None:
    if not isinstance(error, NotFoundError):  # else it went meanwhile, and is taken as empty
        tree.errors[name] = error
        tree.is_whole = False


class RemoteFolders:
    """Lists folders in threads, each when it was asked for; a context manager, for one use.

    Args:
        client: talks to the server.
        bucket: the bucket's name.
        threads: folders at a time.
        stop: where it is set, nothing more is listed.

    Attributes:
        waiting: folders that were asked for, and not taken yet.
    """

    def __init__(self, client: Client, bucket: str, threads: int, stop: Event) -> None:
        self._client = client
        self._bucket = bucket
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="cosfast-list")
        self._stop = stop
        self._done: SimpleQueue[tuple[str, list[ObjectStat | UnreadableEntry] | BaseException]] = (
            SimpleQueue()
        )
        self.waiting: int = 0

    def __enter__(self) -> RemoteFolders:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stop.set()
        self._pool.shutdown(cancel_futures=True)

    def ask(self, path: str) -> None:
        """Have that folder listed."""
        self.waiting += 1
        self._pool.submit(self._list, path)

    def take(self) -> tuple[str, list[ObjectStat | UnreadableEntry] | CosError]:
        """Return a folder that was asked for, and what is in it, or why that is not known."""
        path, listed = self._done.get()
        self.waiting -= 1
        if isinstance(listed, BaseException) and not isinstance(listed, CosError):
            raise listed
        return path, listed

    def _list(self, path: str) -> None:
        try:
            self._done.put((path, self._entries(path)))
        except BaseException as exc:  # noqa: BLE001 - raised again where it is taken
            self._done.put((path, exc))

    def _entries(self, path: str) -> list[ObjectStat | UnreadableEntry]:
        if self._stop.is_set():
            return []
        folder = ObjectAddress(self._client.credentials.appid, self._bucket, path)
        check_depth(folder, path.count("/"))
        unreadable: list[UnreadableEntry] = []
        listed = self._client.list(self._bucket, path, onerror=unreadable.append)
        return [*takewhile(lambda _entry: not self._stop.is_set(), listed), *unreadable]
