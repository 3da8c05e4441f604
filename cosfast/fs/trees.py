"""Folders in one go: `make_folder` where it is missing, `move_tree`."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from cosfast.fs.gather import gather
from cosfast.fs.oserrors import os_error

if TYPE_CHECKING:
    from cosfast.fs.buckets import Buckets


def make_folder(buckets: Buckets, path: str) -> None:
    """Make a folder, and those above it, where it is not there.

    Raises:
        FileExistsError: where a file is.
        NotADirectoryError: where a file is in the place of a folder above it.
    """
    try:
        buckets.make_folder(path, parents=True)
    except FileExistsError:
        if not buckets.stat(path).is_folder:
            raise


def move_tree(buckets: Buckets, path: str, target: str) -> None:
    """Move a folder with all in it, over what is there.

    The service moves files alone: they go one by one, and the emptied folders at the end. Where
    that is interrupted, or somebody puts a file there meanwhile, nothing is lost: the rest is
    still in the old place.

    Raises:
        OSError: EINVAL where the target is in the folder itself, ENOTEMPTY where a file came.
    """
    if target.startswith(f"{path}/"):
        raise os_error(errno.EINVAL, target, f"{path!r} cannot move into itself")
    entries = list(buckets.list(path, recursive=True))
    folders = [path, *(name for name, entry in entries if entry.is_folder)]
    files = [name for name, entry in entries if not entry.is_folder]
    for folder in folders:
        make_folder(buckets, target + folder[len(path) :])
    gather(lambda name: buckets.move(name, target + name[len(path) :]), files)
    for folder in reversed(folders):
        buckets.remove_folder(folder)
