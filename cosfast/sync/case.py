"""Case-insensitive file systems, the default of macOS and Windows: `a` and `A` are one file there.

What a folder's file system does is asked of that file system, not derived from the system's name.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def find_rivals(names: Iterable[str]) -> dict[str, str]:
    """Return, for each of `names` that differs from another one only in case, such another one.

    Args:
        names: What is in one folder; a folder's name ends in ``/``.
    """
    first: dict[str, str] = {}
    rivals: dict[str, str] = {}
    for name in names:
        other = first.setdefault(_key(name), name)
        if other.rstrip("/") != name.rstrip("/"):
            rivals[name] = other
            rivals.setdefault(other, name)
    return rivals


def ignores_case(folder: str) -> bool:
    """Tell whether a folder's file system ignores case, as far as its entries show.

    Args:
        folder: An absolute path. If the folder does not exist, or no name in it has letters, those
            above it decide.
    """
    while True:
        with suppress(OSError):
            names = os.listdir(folder)  # noqa: PTH208
            for name in names:
                other = name.swapcase()
                if other not in names and _key(other) == _key(name):
                    return os.path.lexists(os.path.join(folder, other))  # noqa: PTH118
        above = os.path.dirname(folder)  # noqa: PTH120
        if above == folder:
            return False
        folder = above


def spellings(
    listed: Iterable[str], wanted: Iterable[str], exists: Callable[[str], bool]
) -> dict[str, str]:
    """Return those of the `listed` names that `wanted` spells in another way, with that spelling.

    A spelling that exists, but is not listed, can only be another one of a listed name.

    Args:
        listed: All names in a local folder at any depth; a folder comes before what is in it.
        wanted: The names of the other side.
        exists: Tells whether a path in the local folder exists.
    """
    names = list(listed)
    present = {name.rstrip("/") for name in names}
    by_key = {_key(name): name.rstrip("/") for name in wanted if name.rstrip("/") not in present}
    found: dict[str, str] = {}
    for name in names if by_key else ():
        path = name.rstrip("/")
        above, slash, last = path.rpartition("/")
        other = by_key.get(_key(name))
        if other is None or not exists(other):
            other = found.get(above + slash, above + slash) + last
        if other != path:
            found[name] = other + name[len(path) :]
    return found


def _key(name: str) -> str:
    return normalize("NFC", normalize("NFC", name.rstrip("/")).casefold())
