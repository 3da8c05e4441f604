"""`files_below`: the files that a command's words mean, each with the name it gets."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator


class Found(NamedTuple):
    """A file, or what stands in its place.

    Attributes:
        path: where it is.
        name: below the folder that was named, with ``/`` between segments; else its own.
        size: bytes.
        error: why it cannot be used, or None.
    """

    path: str
    name: str
    size: int
    error: OSError | None


def files_below(path: str, *, recursive: bool) -> Iterator[Found]:
    """Yield `path` itself, or, where it is a folder, every file below it in order of name.

    Links to files and to folders are followed; a link that leads back to a folder above it is
    an error of its own, as is a folder without `recursive`.
    """
    is_folder = os.path.isdir(path)  # noqa: PTH112 - a path stays the text that was given
    if is_folder and not recursive:
        error = OSError(errno.EISDIR, "it is a directory: upload it with -r", path)
        return iter([Found(path, "", 0, error)])
    return _below(path, "" if is_folder else os.path.basename(path), above=())  # noqa: PTH119


def _below(path: str, name: str, *, above: tuple[tuple[int, int], ...]) -> Iterator[Found]:
    try:
        status = os.stat(path)  # noqa: PTH116
        if not os.path.isdir(path):  # noqa: PTH112
            yield Found(path, name, status.st_size, None)
            return
        entries = sorted(os.listdir(path))  # noqa: PTH208
    except OSError as exc:
        yield Found(path, name, 0, exc)
        return
    identity = (status.st_dev, status.st_ino)
    if identity in above:
        error = OSError(errno.ELOOP, "a link leads back to a folder above it", path)
        yield Found(path, name, 0, error)
        return
    for entry in entries:
        yield from _below(
            os.path.join(path, entry),  # noqa: PTH118
            f"{name}/{entry}" if name else entry,
            above=(*above, identity),
        )
