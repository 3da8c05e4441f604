"""Which names may become local files, and which files are none of a tree's."""

from __future__ import annotations

import os
import re

from cosfast.cosv4.protocol.addresses import check_text
from cosfast.errors import InputError
from cosfast.transfer.partial_file import IDENTITY_SUFFIX, PART_SUFFIX, partial_paths

_SEPARATORS = frozenset(filter(None, (os.sep, os.altsep, "/", "\0")))

# What Windows takes for a device, a drive, a stream of another file, or for a shorter name.
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]) *(?:[.:].*)?", re.IGNORECASE | re.DOTALL
)
_WINDOWS_FORBIDDEN = re.compile('[\x00-\x1f<>:"/\\\\|?*]|[. ]$')


def check_local_name(name: str, *, windows: bool = os.name == "nt") -> None:
    """Refuse a name, sent by a server, that would not become a file of that name in its folder.

    Args:
        name: one segment of a path.
        windows: whether it is to be a file there.

    Raises:
        InputError: naming it.
    """
    check_text("name", name)
    if name in {"", ".", ".."} or not _SEPARATORS.isdisjoint(name):
        raise InputError(f"{name!r} would lead out of its folder")
    if windows and (_WINDOWS_DEVICE.fullmatch(name) or _WINDOWS_FORBIDDEN.search(name)):
        raise InputError(f"{name!r} cannot be a file's name on Windows")
    if is_partial(name):
        raise InputError(f"{name!r} is what an unfinished download is called")


def is_partial(name: str) -> bool:
    """Tell whether a file of that name, or path, stands for a download that is not whole."""
    hidden = name.rpartition("/")[2].startswith(".")
    return hidden and name.endswith((PART_SUFFIX, IDENTITY_SUFFIX))


def partials_of(name: str) -> tuple[str, str]:
    """Return the names of the files that stand for an unfinished download of the file `name`."""
    part, identity = partial_paths(name)
    return part.replace(os.sep, "/"), identity.replace(os.sep, "/")
