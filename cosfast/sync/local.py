"""Local trees walked: the one place that looks what is in a folder of this machine."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_STAT_IS_WHOLE = os.name != "nt"  # Windows leaves out the file's number when it lists a folder


class Found(NamedTuple):
    """A file or a folder, or what stands in its place.

    Attributes:
        path: where it is.
        name: below the folder that was walked, with ``/`` between segments; a folder's ends in
            it. A file that was named itself has its own name.
        status: what the system says of it, or of what a link leads to; None where that failed.
        is_link: whether it is a link, or a junction of Windows.
        error: why it cannot be used, or None.
    """

    path: str
    name: str
    status: os.stat_result | None = None
    is_link: bool = False
    error: OSError | None = None

    @property
    def size(self) -> int:
        """Bytes; 0 where that is not known."""
        return 0 if self.status is None else self.status.st_size

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder that was, or can be, walked."""
        return self.name.endswith("/")


def files_below(path: str, *, recursive: bool) -> Iterator[Found]:
    """Yield `path` itself, or, where it is a folder, every file below it in order of name.

    Links are followed, as `walk` does. A folder without `recursive` is an error. What is left of
    unfinished downloads is passed over, unless it is named itself.
    """
    if not os.path.isdir(path):  # noqa: PTH112 - a path stays the text that was given
        return iter([_named(path)])
    if not recursive:
        error = OSError(errno.EISDIR, "it is a directory: upload it with -r", path)
        return iter([Found(path, "", error=error)])
    from cosfast.sync.names import is_partial  # noqa: PLC0415 - loads requests

    return (
        found
        for found in walk(path)
        if found.error or not (found.is_folder or is_partial(found.name))
    )


def walk(
    top: str, *, follow: bool = True, enter: Callable[[str], bool] = lambda _name: True
) -> Iterator[Found]:
    """Yield what is in a folder, at any depth: in order of name, a folder before what is in it.

    Whatever cannot be read is an error of its own, a folder's after the folder.

    Args:
        top: the folder.
        follow: go on through links to folders; a link that leads back to a folder above it is an
            error, and so is what is neither file nor folder. Without, a link is no folder.
        enter: asked with a folder's name whether to look into it.
    """
    opened = [_Folder(Found(top, ""), follow=follow)]
    while opened:
        found = next(opened[-1].entries, None)
        if found is None:
            opened.pop()
            continue
        yield found
        if found.is_folder and not found.error and enter(found.name):
            folder = _Folder(found, follow=follow)
            if any(folder.identity == above.identity for above in opened if found.is_link):
                error = OSError(errno.ELOOP, "a link leads back to a folder above it", found.path)
                yield found._replace(error=error)
            else:
                opened.append(folder)


class _Folder:
    """A folder that is being walked: which it is, and what is left of its entries."""

    def __init__(self, found: Found, *, follow: bool) -> None:
        self.identity: tuple[int, int] | None = None
        self.entries: Iterator[Found]
        try:
            status = found.status or os.stat(found.path)  # noqa: PTH116
            self.identity = (status.st_dev, status.st_ino)
            with os.scandir(found.path) as entries:
                inside = [_look(entry, found.name, follow=follow) for entry in entries]
        except OSError as exc:
            self.entries = iter([found._replace(error=exc)])
        else:
            inside.sort(key=_name)
            self.entries = iter(inside)


def _named(path: str) -> Found:
    name = os.path.basename(path)  # noqa: PTH119
    try:
        return Found(path, name, os.stat(path))  # noqa: PTH116
    except OSError as exc:
        return Found(path, name, error=exc)


def _look(entry: os.DirEntry[str], above: str, *, follow: bool) -> Found:
    name = above + entry.name
    is_link = False
    try:
        is_link = entry.is_symlink() or _is_junction(entry)
        status = entry.stat() if _STAT_IS_WHOLE else os.stat(entry.path)  # noqa: PTH116
    except OSError as exc:
        # A link that leads nowhere is still a link, for whoever does not follow it.
        error = None if is_link and not follow else exc
        return Found(entry.path, name, None, is_link, error)
    mode = status.st_mode
    if stat.S_ISREG(mode):
        return Found(entry.path, name, status, is_link)
    if stat.S_ISDIR(mode) and (follow or not is_link):
        return Found(entry.path, name + "/", status, is_link)
    error = OSError(errno.EINVAL, "not a plain file", entry.path) if follow else None
    return Found(entry.path, name, status, is_link, error)


def _is_junction(entry: os.DirEntry[str]) -> bool:
    if _STAT_IS_WHOLE:
        return False
    tag: int = getattr(entry.stat(follow_symlinks=False), "st_reparse_tag", 0)
    return tag == getattr(stat, "IO_REPARSE_TAG_MOUNT_POINT", -1)


def _name(found: Found) -> str:
    return found.name
