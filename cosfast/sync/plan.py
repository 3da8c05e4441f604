"""`Plan`: what the names alone tell: what stands in the way of what, and what is too much."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from cosfast.sync.trees import counterpart, parent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosfast.sync.trees import Tree


@dataclass(frozen=True)
class Plan:
    """What the target has and must not have.

    Attributes:
        obstacles: what goes first: files where folders have to be, folders where files have to,
            with all in them.
        blocked: names of the source that something stands in the way of which is not to go.
        extras: what goes last: the source does not have it.
    """

    obstacles: list[str]
    blocked: set[str]
    extras: list[str]


def make_plan(source: Tree[Any], target: Tree[Any], *, delete: bool) -> Plan:
    """Compare the names of two trees.

    Args:
        source: what is to be.
        target: what is.
        delete: whether something may be deleted in it. Nothing is before the transfers where the
            source could not be read whole; no folder ever is that holds what takes no part.
    """
    names = list(chain(source.folders, source.files))
    in_way = {name: counterpart(name) for name in names if counterpart(name) in target}
    may_go = delete and source.is_whole
    going = {other for other in in_way.values() if may_go and other not in target.holding}
    blocked = {name for name, other in in_way.items() if other not in going}
    if blocked:  # and with a folder all in it, which comes after it
        blocked.update(_below(blocked, names))
    extras = [name for name in _extras(source, target) if delete]
    obstacles = going.union(_below(going, extras))
    return Plan(
        [name for name in extras if name in obstacles],
        blocked,
        [name for name in extras if name not in obstacles],
    )


def levels(names: Iterable[str]) -> list[list[str]]:
    """Return files, then folders by depth, deepest first: those of one level go side by side."""
    by_depth: dict[int, list[str]] = {}
    for name in names:
        depth = name.count("/") if name.endswith("/") else -1
        by_depth.setdefault(depth, []).append(name)
    files = by_depth.pop(-1, [])
    return [files, *(by_depth[depth] for depth in sorted(by_depth, reverse=True))]


def _extras(source: Tree[Any], target: Tree[Any]) -> Iterator[str]:
    for name in chain(target.folders, target.files):
        if name not in source and name not in source.errors and name not in target.holding:
            yield name


def _below(folders: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """Yield those of `names`, folders before what is in them, that are below one of `folders`."""
    inside = set(folders)
    for name in names:
        if parent(name) in inside:
            inside.add(name)
            yield name
