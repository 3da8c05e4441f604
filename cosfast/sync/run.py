"""`Run`: a sync carried out, step by step, whichever direction it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from errno import EEXIST
from itertools import chain
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.download import DownloadResult
from cosfast.cosv4.upload import UploadResult
from cosfast.errors import CosError
from cosfast.sync.compare import SAME
from cosfast.sync.plan import levels
from cosfast.sync.step import ROOT, SyncAction, SyncStep

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosfast.sync.compare import Verdict
    from cosfast.sync.hands import Hands
    from cosfast.sync.plan import Plan
    from cosfast.sync.trees import Tree

AT_A_TIME = 1000
"""Files found to differ, before they are transferred and the comparing goes on."""


@dataclass
class Run:
    """One sync, its trees read.

    Args:
        source: what is to be.
        target: what is.
        plan: what their names tell.
        verdicts: on the files of the source that nothing stands in the way of, in any order.
        hands: do it.
    """

    source: Tree[Any]
    target: Tree[Any]
    plan: Plan
    verdicts: Iterator[Verdict]
    hands: Hands
    _transferred: set[str] = field(default_factory=set)
    _source_failed: bool = False

    def steps(self) -> Iterator[SyncStep]:
        """Do it all; yield each step when it is done."""
        for name, error in chain(self.source.errors.items(), self.target.errors.items()):
            yield SyncStep(self.hands.action, name, None, "cannot be used", error)
        yield from self._delete(self.plan.obstacles, "in the way")
        yield from self._blocked()
        yield from self._folders()
        yield from self._files()
        yield from self._extras()

    def _blocked(self) -> Iterator[SyncStep]:
        for name in sorted(self.plan.blocked):
            error = FileExistsError(EEXIST, "something else of this name is in the way", name)
            action = SyncAction.CREATE_FOLDER if name.endswith("/") else self.hands.action
            yield SyncStep(action, name, self._size(name), "new", error)

    def _folders(self) -> Iterator[SyncStep]:
        if not self.target.exists:
            yield from self._make_folders([ROOT])
        missing = []
        for name in self.source.folders:
            if name in self.target.folders:
                yield SyncStep(SyncAction.KEEP, name, None, SAME)
            elif name not in self.plan.blocked:
                missing.append(name)
        for level in reversed(levels(missing)):
            yield from self._make_folders(level)

    def _make_folders(self, names: list[str]) -> Iterator[SyncStep]:
        for name, error in self.hands.make_folders(names):
            yield SyncStep(SyncAction.CREATE_FOLDER, name, None, "new", error)

    def _files(self) -> Iterator[SyncStep]:
        differing: list[Verdict] = []
        for verdict in self.verdicts:
            if verdict.reason == SAME:
                yield SyncStep(SyncAction.KEEP, verdict.name, self._size(verdict.name), SAME)
                continue
            differing.append(verdict)
            if len(differing) >= AT_A_TIME:
                yield from self._transfer(differing)
                differing = []
        yield from self._transfer(differing)

    def _transfer(self, verdicts: list[Verdict]) -> Iterator[SyncStep]:
        self._transferred.update(verdict.name for verdict in verdicts)
        for (name, reason, *_), outcome in self.hands.transfer(verdicts):
            size = self._size(name)
            if outcome is None or isinstance(outcome, (UploadResult, DownloadResult)):
                yield SyncStep(self.hands.action, name, size, reason, result=outcome)
            else:
                self._source_failed |= self.hands.is_of_source(outcome)
                yield SyncStep(self.hands.action, name, size, reason, outcome)

    def _extras(self) -> Iterator[SyncStep]:
        extras = self.hands.without_partials(self.plan.extras, self._transferred)
        if extras and (self._source_failed or not self.source.is_whole):
            error = CosError("nothing is deleted, as not all of the source could be read")
            yield SyncStep(SyncAction.DELETE, ROOT, None, "extra", error)
            return
        yield from self._delete(extras, "extra")

    def _delete(self, names: Iterable[str], reason: str) -> Iterator[SyncStep]:
        for level in levels(names):
            for name, error in self.hands.delete(level):
                size = self.target.files[name].size if name in self.target.files else None
                yield SyncStep(SyncAction.DELETE, name, size, reason, error)

    def _size(self, name: str) -> int | None:
        return self.source.files[name].size if name in self.source.files else None


def unblocked_files(source: Tree[Any], plan: Plan) -> list[str]:
    """Return the files of the source that nothing stands in the way of, in order of name."""
    return sorted(name for name in source.files if name not in plan.blocked)
