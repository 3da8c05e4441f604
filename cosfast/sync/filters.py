"""Which names take part in a sync: `Filter`, `Selection`, and names that cannot be local files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.addresses import check_text
from cosfast.errors import InputError
from cosfast.transfer.partial_file import is_partial

if TYPE_CHECKING:
    from collections.abc import Iterable

_SEPARATORS = frozenset(filter(None, (os.sep, os.altsep, "/", "\0")))

# Names that mean a device, a drive or an alternate data stream on Windows, or that it shortens.
_WINDOWS_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:[.:].*)?",
    re.IGNORECASE | re.DOTALL,
)
_WINDOWS_FORBIDDEN = re.compile('[\x00-\x1f<>:"/\\\\|?*]|[. ]$')


@dataclass(frozen=True)
class Filter:
    """A pattern that excludes or includes names.

    Args:
        pattern: A shell pattern (``*``, ``?``, ``[seq]``), case-sensitive, matched against the
            whole name relative to the synchronised folder. ``*`` also matches ``/``. A folder's
            name ends in ``/``, so ``cache/`` matches the folder, and ``cache/*`` matches the folder
            and everything in it.
        keep: Whether the names that match take part.

    Raises:
        InputError: If the pattern is not a str or `keep` is not a bool.
    """

    pattern: str
    keep: bool

    def __post_init__(self) -> None:
        if not isinstance(self.pattern, str) or not isinstance(self.keep, bool):
            raise InputError(
                f"a filter must have a str and a bool, not {self.pattern!r} and {self.keep!r}"
            )

    @classmethod
    def exclude(cls, pattern: str) -> Filter:
        """Exclude the names that match."""
        return cls(pattern, keep=False)

    @classmethod
    def include(cls, pattern: str) -> Filter:
        """Include the names that match, even if an earlier filter excludes them."""
        return cls(pattern, keep=True)


class Selection:
    """The names that a sequence of filters selects; the last filter that matches decides.

    If that is one that excludes a folder by a pattern that ends in ``/``, nothing in the folder is
    selected either, and nobody needs to list it.

    Args:
        filters: Without any, everything is selected.

    Raises:
        InputError: If one is not a `Filter`.
    """

    def __init__(self, filters: Iterable[Filter]) -> None:
        self._filters = tuple(filters)
        for each in self._filters:
            if not isinstance(each, Filter):
                raise InputError(f"filters must be cosfast.Filter, not {type(each).__name__}")
        self._rules = [(re.compile(translate(f.pattern)), f) for f in reversed(self._filters)]
        self._has_prunes = any(_prunes(each) for each in self._filters)

    def includes(self, name: str) -> bool:
        """Return whether `name` takes part."""
        decisive = self._decisive(name)
        return (decisive is None or decisive.keep) and not self._is_in_pruned(name)

    def may_include_below(self, folder: str) -> bool:
        """Return whether a name in `folder` may take part; False is certain."""
        decisive = self._decisive(folder)
        if decisive is not None and _prunes(decisive):
            return False
        for rule, each in self._rules:
            if each.keep:
                return True
            if each.pattern.endswith("*") and rule.match(folder):
                return False  # the pattern matches every name that begins with the folder's
        return True

    def _decisive(self, name: str) -> Filter | None:
        return next((each for rule, each in self._rules if rule.match(name)), None)

    def _is_in_pruned(self, name: str) -> bool:
        """Tell whether a folder above `name` is excluded with everything in it."""
        if not self._has_prunes:
            return False
        ends = (end + 1 for end, char in enumerate(name[:-1]) if char == "/")
        above = (self._decisive(name[:end]) for end in ends)
        return any(each is not None and _prunes(each) for each in above)


def _prunes(each: Filter) -> bool:
    """Tell whether a filter that decides on a folder decides on everything in it, too."""
    return not each.keep and each.pattern.endswith("/")


def check_local_name(name: str, *, windows: bool = os.name == "nt") -> None:
    """Check that a name from a server is a valid name of a local file.

    Args:
        name: One segment of a path.
        windows: Whether to apply the rules of Windows.

    Raises:
        InputError: If it would lead to a file of another name or in another folder, or is the name
            of a partial file.
    """
    check_text("name", name)
    if name in {"", ".", ".."} or not _SEPARATORS.isdisjoint(name):
        raise InputError(f"{name!r} cannot be a file name: it leads out of its folder")
    if windows and (_WINDOWS_DEVICE.fullmatch(name) or _WINDOWS_FORBIDDEN.search(name)):
        raise InputError(f"{name!r} cannot be a file name on Windows")
    if is_partial(name):
        raise InputError(f"{name!r} is reserved for partial files of unfinished downloads")
