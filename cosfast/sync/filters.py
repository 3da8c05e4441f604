"""Which names take part in a sync: patterns in order, of which the last that matches decides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import TYPE_CHECKING

from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class Filter:
    """A pattern, and whether what it matches takes part.

    Args:
        pattern: as the shell has them (``*``, ``?``, ``[seq]``), case and all, for the whole name
            below the folder that is synchronised. ``*`` crosses ``/``; a folder's name ends in
            it, so that ``cache/*`` stands for a folder and all in it.
        keep: whether it takes part.

    Raises:
        InputError: where they are no text and no bool.
    """

    pattern: str
    keep: bool

    def __post_init__(self) -> None:
        if not isinstance(self.pattern, str) or not isinstance(self.keep, bool):
            raise InputError(f"a filter is a pattern and a bool, not {self.pattern!r}, {self.keep}")

    @classmethod
    def exclude(cls, pattern: str) -> Filter:
        """Leave out what matches."""
        return cls(pattern, keep=False)

    @classmethod
    def include(cls, pattern: str) -> Filter:
        """Take what matches, though a filter before left it out."""
        return cls(pattern, keep=True)


class Selection:
    """What a sequence of filters selects: everything, but for what they leave out.

    Raises:
        InputError: where one is no `Filter`.
    """

    def __init__(self, filters: Iterable[Filter]) -> None:
        self._filters = tuple(filters)
        for each in self._filters:
            if not isinstance(each, Filter):
                raise InputError(f"filters are cosfast.Filter, not {type(each).__name__}")
        # The last that matches decides, so the first from behind.
        self._rules = [(re.compile(translate(f.pattern)), f) for f in reversed(self._filters)]

    def has(self, name: str) -> bool:
        """Tell whether `name` takes part."""
        return next((f.keep for rule, f in self._rules if rule.match(name)), True)

    def has_any_below(self, folder: str) -> bool:
        """Tell whether something in `folder` might take part; False is certain."""
        for rule, each in self._rules:
            if each.keep:
                return True
            if each.pattern.endswith("*") and rule.match(folder):
                return False  # what begins with a name that it matches, it matches too
        return True
