"""`SyncExecutor` carries out a plan on a target, step by step, in either direction."""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import EEXIST
from itertools import chain
from typing import TYPE_CHECKING, Any

from cosfast.errors import CosError
from cosfast.sync.comparator import SAME
from cosfast.sync.planner import levels
from cosfast.sync.results import ROOT, SyncAction, SyncStep

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cosfast.sync.comparator import Verdict
    from cosfast.sync.listing import Tree
    from cosfast.sync.planner import Plan
    from cosfast.sync.targets import SyncTarget

BATCH = 1000
"""Differing files that are collected before they are transferred."""


@dataclass
class SyncExecutor:
    """One sync whose trees are listed.

    Args:
        source: The tree that the target is to be made equal to.
        existing: The tree of the target.
        plan: The plan made from their names.
        verdicts: On the unblocked files of the source, in any order.
        target: Changes the target.
        planned: Called with numbers of bytes before they are transferred.
    """

    source: Tree[Any]
    existing: Tree[Any]
    plan: Plan
    verdicts: Iterable[Verdict]
    target: SyncTarget
    planned: Callable[[int], object] | None = None
    _transferred: set[str] = field(default_factory=set)
    _source_failed: bool = False

    def steps(self) -> Iterator[SyncStep]:
        """Carry out all steps; yield each when it is done."""
        for name, error in chain(self.source.errors.items(), self.existing.errors.items()):
            yield SyncStep(self.target.action, name, None, "cannot be used", error)
        yield from self._delete(self.plan.obstacles, "in the way")
        yield from self._blocked()
        yield from self._folders()
        yield from self._files()
        yield from self._extras()

    def _blocked(self) -> Iterator[SyncStep]:
        for name in sorted(self.plan.blocked):
            error = FileExistsError(
                EEXIST, "a file or folder of the same name is in the way and is not deleted", name
            )
            action = SyncAction.CREATE_FOLDER if name.endswith("/") else self.target.action
            yield SyncStep(action, name, self._size(name), "new", error)

    def _folders(self) -> Iterator[SyncStep]:
        if not self.existing.exists:
            yield from self._make_folders([ROOT])
        missing = []
        for name in self.source.folders:
            if name in self.existing.folders:
                yield SyncStep(SyncAction.KEEP, name, None, SAME)
            elif name not in self.plan.blocked:
                missing.append(name)
        for level in reversed(levels(missing)):
            yield from self._make_folders(level)

    def _make_folders(self, names: list[str]) -> Iterator[SyncStep]:
        for name, error in self.target.make_folders(names):
            yield SyncStep(SyncAction.CREATE_FOLDER, name, None, "new", error)

    def _files(self) -> Iterator[SyncStep]:
        # What is new needs no comparison: a progress bar has nearly all of its total at once.
        new = self.plan.unblocked(self.source.files)
        self._announce(name for name in new if name not in self.existing.files)
        differing: list[Verdict] = []
        for verdict in self.verdicts:
            if verdict.reason == SAME:
                yield SyncStep(SyncAction.KEEP, verdict.name, self._size(verdict.name), SAME)
                continue
            differing.append(verdict)
            if len(differing) >= BATCH:
                yield from self._transfer(differing)
                differing = []
        yield from self._transfer(differing)

    def _transfer(self, verdicts: list[Verdict]) -> Iterator[SyncStep]:
        self._transferred.update(verdict.name for verdict in verdicts)
        self._announce(name for name, *_ in verdicts if name in self.existing.files)
        action = self.target.action
        for (name, reason, *_), outcome in self.target.transfer(verdicts):
            size = self._size(name)
            if isinstance(outcome, (CosError, OSError)):
                self._source_failed |= self.target.is_source_failure(outcome)
                yield SyncStep(action, name, size, reason, error=outcome)
            else:
                yield SyncStep(action, name, size, reason, result=outcome)

    def _announce(self, names: Iterable[str]) -> None:
        count = sum(self._size(name) or 0 for name in names)
        if count and self.planned is not None:
            self.planned(count)

    def _extras(self) -> Iterator[SyncStep]:
        extras = self.target.obsolete(self.plan.extras, self._transferred)
        if extras and (self._source_failed or not self.source.is_complete):
            error = CosError("nothing is deleted, since the source could not be read completely")
            yield SyncStep(SyncAction.DELETE, ROOT, None, "extra", error)
            return
        yield from self._delete(extras, "extra")

    def _delete(self, names: Iterable[str], reason: str) -> Iterator[SyncStep]:
        files = self.existing.files
        for level in levels(names):
            for name, error in self.target.delete(level):
                size = files[name].size if name in files else None
                yield SyncStep(SyncAction.DELETE, name, size, reason, error)

    def _size(self, name: str) -> int | None:
        return self.source.files[name].size if name in self.source.files else None
