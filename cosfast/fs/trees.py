"""Operations on whole folders and many files: create, move, delete."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING

from cosfast.concurrency import gather
from cosfast.fs.oserrors import os_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosfast.fs.buckets import Buckets


def ensure_folder(buckets: Buckets, path: str) -> None:
    """Create a folder and its parents, unless it exists.

    Raises:
        FileExistsError: If `path` is a file.
        NotADirectoryError: If one of its parents is a file.
    """
    try:
        buckets.make_folder(path, parents=True)
    except FileExistsError:
        if not buckets.stat(path).is_folder:
            raise


def move_tree(buckets: Buckets, path: str, target: str) -> None:
    """Move a folder with everything in it, replacing files that exist.

    The service can only move files: they are moved one by one, and the emptied folders are deleted
    at the end. If that is interrupted, or another client adds a file in the meantime, nothing is
    lost: the rest is still in the old place.

    Raises:
        OSError: EINVAL if the target is in the folder itself; ENOTEMPTY if a file was added.
    """
    if target.startswith(f"{path}/"):
        raise os_error(errno.EINVAL, target, f"{path!r} cannot be moved into itself")
    entries = list(buckets.list(path, recursive=True))
    folders = [path, *(name for name, entry in entries if entry.is_folder)]
    files = [name for name, entry in entries if not entry.is_folder]
    for folder in folders:
        ensure_folder(buckets, target + folder[len(path) :])
    gather(lambda name: buckets.move(name, target + name[len(path) :]), files)
    for folder in reversed(folders):
        buckets.remove_folder(folder)


def remove_all(buckets: Buckets, paths: Sequence[str], *, recursive: bool) -> None:
    """Delete files, and folders with everything in them.

    Raises:
        IsADirectoryError: If one is a folder and `recursive` is not set; nothing is deleted then.
    """
    folders, files = _split_by_kind(buckets, paths)
    if folders and not recursive:
        raise os_error(errno.EISDIR, folders[0])
    gather(buckets.remove_file, files)
    for folder in folders:
        with suppress(FileNotFoundError):  # deleted with a folder above it
            buckets.remove_folder(folder, recursive=True)


def remove_files_and_empty_folders(buckets: Buckets, paths: Sequence[str]) -> None:
    """Delete the files among `paths`, then the folders among them that are empty.

    Args:
        buckets: The buckets.
        paths: Paths in order of name, so that a folder comes before its content.
    """
    folders, files = _split_by_kind(buckets, paths)
    gather(buckets.remove_file, files)
    for folder in reversed(folders):
        try:
            buckets.remove_folder(folder)
        except OSError as exc:
            if exc.errno != errno.ENOTEMPTY:
                raise


def _split_by_kind(buckets: Buckets, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the folders and the files, each in the order of `paths`."""
    folders: list[str] = []
    files: list[str] = []
    for path, stat in zip(paths, gather(buckets.stat, paths), strict=True):
        (folders if stat.is_folder else files).append(path)
    return folders, files
