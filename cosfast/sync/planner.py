"""The plan of a sync, made from the names: `Plan`, and `DeletionLimits` on its deletions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from cosfast.errors import DeletionRefused, InputError
from cosfast.parsing import shown
from cosfast.sync.listing import parent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from cosfast.sync.listing import Tree


@dataclass(frozen=True)
class Plan:
    """Names that conflict, and names that only the target has.

    Attributes:
        obstacles: Names to delete before the transfers: files of the target that have the name of a
            folder in the source, and folders that have the name of a file, with their content.
        blocked: Names of the source that conflict with an entry that must not be deleted.
        extras: Names to delete after the transfers, since the source does not have them.
    """

    obstacles: list[str]
    blocked: set[str]
    extras: list[str]

    @property
    def deletions(self) -> list[str]:
        """All names to delete."""
        return [*self.obstacles, *self.extras]

    def unblocked(self, names: Iterable[str]) -> list[str]:
        """Return the names without a conflict, sorted."""
        return sorted(name for name in names if name not in self.blocked)


def make_plan(source: Tree[Any], target: Tree[Any], *, delete: bool) -> Plan:
    """Compare the names of two trees.

    Nothing is deleted before the transfers if the source could not be listed completely. A folder
    with entries that take no part is never deleted.

    Args:
        source: The tree that the target is to be made equal to.
        target: The tree to change.
        delete: Whether anything may be deleted.
    """
    names = list(chain(source.folders, source.files))
    conflicts = {name: _rival(name) for name in names if _rival(name) in target}
    may_delete = delete and source.is_complete
    deleted = {rival for rival in conflicts.values() if may_delete and rival not in target.retained}
    blocked = {name for name, rival in conflicts.items() if rival not in deleted}
    if blocked:  # and the content of blocked folders
        blocked.update(_below(blocked, names))
    extras = list(_extras(source, target)) if delete else []
    obstacles = deleted.union(_below(deleted, extras))
    return Plan(
        [name for name in extras if name in obstacles],
        blocked,
        [name for name in extras if name not in obstacles],
    )


def levels(names: Iterable[str]) -> list[list[str]]:
    """Return the files, then the folders by depth, deepest first.

    The names in one level can be deleted concurrently, and created in reverse order of the levels.
    """
    by_depth: dict[int, list[str]] = {}
    for name in names:
        depth = name.count("/") if name.endswith("/") else -1
        by_depth.setdefault(depth, []).append(name)
    files = by_depth.pop(-1, [])
    return [files, *(by_depth[depth] for depth in sorted(by_depth, reverse=True))]


def _rival(name: str) -> str:
    """Return the name that cannot exist beside `name`: a folder's for a file, or the reverse."""
    return name[:-1] if name.endswith("/") else name + "/"


def _extras(source: Tree[Any], target: Tree[Any]) -> Iterator[str]:
    for name in chain(target.folders, target.files):
        if name not in source and name not in source.errors and name not in target.retained:
            yield name


def _below(folders: Iterable[str], names: Iterable[str]) -> Iterator[str]:
    """Yield the `names` below one of `folders`; a folder comes before its content in `names`."""
    inside = set(folders)
    for name in names:
        if parent(name) in inside:
            inside.add(name)
            yield name


@dataclass(frozen=True)
class DeletionLimits:
    """Whether a sync deletes, and the limits that keep it from deleting by mistake.

    Args:
        delete: Whether to delete what the source does not have.
        max_delete: The most files and folders to delete; None for any number.
        force_delete: Whether to delete even if the source holds no files at all.

    Raises:
        InputError: If `max_delete` is neither None nor a number from 0.
    """

    delete: bool
    max_delete: int | None
    force_delete: bool

    def __post_init__(self) -> None:
        limit = self.max_delete
        if limit is not None and (type(limit) is not int or limit < 0):
            raise InputError(f"max_delete must be None or a number from 0, not {shown(limit)}")

    def refusal(
        self, deletions: Collection[str], source: Tree[Any], *, source_at: str, target_at: str
    ) -> DeletionRefused | None:
        """Return the error to raise if the planned deletions exceed the limits, otherwise None.

        An unmounted disk is an empty folder, often with empty folders in it, so a source without
        files is more likely a mistake than intended.

        Args:
            deletions: The names to delete.
            source: The tree of the source. If it is not complete, nothing is deleted.
            source_at: The source's path or address, for the message.
            target_at: The target's path or address, for the message.
        """
        count = len(deletions)
        if not count or not source.is_complete:
            return None
        would = f"{count} {'entry' if count == 1 else 'entries'} of {target_at} would be deleted"
        if not source.files and not self.force_delete:
            return DeletionRefused(
                f"{source_at} holds no files that take part, so {would}; nothing was changed."
                " Check that it is the right folder and mounted; if it is meant to be empty,"
                " use force_delete=True (--force-delete)",
                count=count,
            )
        if self.max_delete is not None and count > self.max_delete:
            return DeletionRefused(
                f"{would}, more than max_delete={self.max_delete} (--max-delete);"
                " nothing was changed. Use dry_run=True (--dry-run) to list them, or raise the"
                " limit",
                count=count,
                max_delete=self.max_delete,
            )
        return None
