"""Walking local folders: `walk` yields everything, `files_below` the files that a command names."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

from cosfast.transfer.partial_file import is_partial

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ENTRY_STAT_IS_COMPLETE = os.name != "nt"  # on Windows, DirEntry.stat() lacks the file's number


def _all(_name: str) -> bool:
    return True


class LocalEntry(NamedTuple):
    """A file, a folder, or anything else that has a name in a folder.

    Attributes:
        path: The path to open.
        name: The name relative to the folder that was walked, with ``/`` between segments; a
            folder's name ends in ``/``. A file that was named itself has its own name.
        status: The result of `os.stat`, which follows links; None if that failed.
        is_link: Whether it is a symbolic link, or a junction on Windows.
        error: Why it cannot be used, or None.
    """

    path: str
    name: str
    status: os.stat_result | None = None
    is_link: bool = False
    error: OSError | None = None

    @property
    def size(self) -> int:
        """The size in bytes; 0 if it is not known."""
        return 0 if self.status is None else self.status.st_size

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that `walk` enters."""
        return self.name.endswith("/")

    def is_unlisted(self, enter: Callable[[str], bool]) -> bool:
        """Return whether it is a folder that could not be listed, and was to be entered."""
        is_folder = self.is_folder or not self.name
        return self.error is not None and is_folder and (not self.name or enter(self.name))


def files_below(
    path: str,
    *,
    recursive: bool,
    select: Callable[[str], bool] = _all,
    enter: Callable[[str], bool] = _all,
) -> Iterator[LocalEntry]:
    """Yield the file `path`, or every file below the folder `path` in order of name.

    Links are followed, as in `walk`. Partial files of unfinished downloads are skipped, unless
    `path` names one.

    Args:
        path: A file or a folder.
        recursive: Whether a folder is allowed; otherwise it is yielded as an error.
        select: Called with the name of what is found; returns whether to yield it.
        enter: Called with a folder's name; returns whether to walk that folder.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - a path stays the text that was given
        named = _named(path)
        return iter([named] if select(named.name) else [])
    if not recursive:
        error = OSError(errno.EISDIR, "it is a directory; use -r", path)
        return iter([LocalEntry(path, "", error=error)])
    return (
        entry
        for entry in walk(path, enter=enter)
        if (_is_file(entry) and select(entry.name)) or entry.is_unlisted(enter)
    )


def _is_file(entry: LocalEntry) -> bool:
    return bool(entry.name) and not (
        entry.is_folder or (is_partial(entry.name) and not entry.error)
    )


def walk(
    top: str, *, follow: bool = True, enter: Callable[[str], bool] = _all
) -> Iterator[LocalEntry]:
    """Yield the entries of a folder at any depth, in order of name, a folder before its content.

    What cannot be read is yielded with its error; a folder's error comes after the folder.

    Args:
        top: The folder.
        follow: Whether to follow links to folders. If so, a link to a folder above it is an error,
            and so is anything that is neither a file nor a folder. If not, a link is no folder.
        enter: Called with a folder's name; returns whether to walk that folder.
    """
    open_folders = [_Folder(LocalEntry(top, ""), follow=follow)]
    while open_folders:
        entry = next(open_folders[-1].entries, None)
        if entry is None:
            open_folders.pop()
            continue
        yield entry
        if entry.is_folder and not entry.error and enter(entry.name):
            folder = _Folder(entry, follow=follow)
            if any(folder.identity == above.identity for above in open_folders if entry.is_link):
                error = OSError(errno.ELOOP, "a link leads back to a folder above it", entry.path)
                yield entry._replace(error=error)
            else:
                open_folders.append(folder)


class _Folder:
    """A folder that is being walked: its identity and the entries that are left."""

    def __init__(self, folder: LocalEntry, *, follow: bool) -> None:
        self.identity: tuple[int, int] | None = None
        self.entries: Iterator[LocalEntry]
        try:
            status = folder.status or os.stat(folder.path)  # noqa: PTH116
            self.identity = (status.st_dev, status.st_ino)
            with os.scandir(folder.path) as scanned:
                entries = [_entry_of(each, folder.name, follow=follow) for each in scanned]
        except OSError as exc:
            self.entries = iter([folder._replace(error=exc)])
        else:
            entries.sort(key=lambda entry: entry.name)
            self.entries = iter(entries)


def _named(path: str) -> LocalEntry:
    name = os.path.basename(path)  # noqa: PTH119
    try:
        return LocalEntry(path, name, os.stat(path))  # noqa: PTH116
    except OSError as exc:
        return LocalEntry(path, name, error=exc)


def _entry_of(scanned: os.DirEntry[str], folder: str, *, follow: bool) -> LocalEntry:
    path, name = scanned.path, folder + scanned.name
    is_link = False
    try:
        is_link = scanned.is_symlink() or _is_junction(scanned)
        status = scanned.stat() if _ENTRY_STAT_IS_COMPLETE else os.stat(path)  # noqa: PTH116
    except OSError as exc:
        # A dangling link is an error only to a caller that follows links.
        error = None if is_link and not follow else exc
        return LocalEntry(path, name, None, is_link, error)
    if stat.S_ISREG(status.st_mode):
        return LocalEntry(path, name, status, is_link)
    if stat.S_ISDIR(status.st_mode) and (follow or not is_link):
        return LocalEntry(path, name + "/", status, is_link)
    error = OSError(errno.EINVAL, "not a regular file", path) if follow else None
    return LocalEntry(path, name, status, is_link, error)


def _is_junction(scanned: os.DirEntry[str]) -> bool:
    if _ENTRY_STAT_IS_COMPLETE:
        return False
    tag: int = getattr(scanned.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)
