"""Many files and folders deleted: `remove_all`, `remove_down_to`."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING

from cosfast.fs.gather import gather
from cosfast.fs.oserrors import os_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosfast.fs.buckets import Buckets


def remove_all(buckets: Buckets, paths: Sequence[str], *, recursive: bool) -> None:
    """Delete files, side by side, and folders with all in them.

    Raises:
        IsADirectoryError: where one is a folder, without `recursive`; nothing is deleted then.
    """
    folders, files = _sorted_out(buckets, paths)
    if folders and not recursive:
        raise os_error(errno.EISDIR, folders[0])
    gather(buckets.remove_file, files)
    for folder in folders:
        # one may have gone with another that it was in
        with suppress(FileNotFoundError):
            buckets.remove_folder(folder, recursive=True)


def remove_down_to(buckets: Buckets, paths: Sequence[str]) -> None:
    """Delete files, and then those of the folders that are empty."""
    folders, files = _sorted_out(buckets, paths)
    gather(buckets.remove_file, files)
    for folder in reversed(folders):
        try:
            buckets.remove_folder(folder)
        except OSError as exc:
            if exc.errno != errno.ENOTEMPTY:
                raise


def _sorted_out(buckets: Buckets, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the folders, in order, and the files."""
    folders: list[str] = []
    files: list[str] = []
    for path, known in zip(paths, gather(buckets.stat, paths), strict=True):
        (folders if known.is_folder else files).append(path)
    return folders, files
