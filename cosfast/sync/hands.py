"""`Hands`: what a sync does to its target, in one direction; and hands that do nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, TypeAlias

from cosfast.errors import CosError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cosfast.cosv4.download import DownloadResult
    from cosfast.cosv4.upload import UploadResult
    from cosfast.sync.compare import Verdict
    from cosfast.sync.step import Failure, SyncAction

    Transfer: TypeAlias = UploadResult | DownloadResult | Failure | None


class Hands(ABC):
    """Changes the target. Whatever fails is told with the name that it failed for.

    Attributes:
        action: what a transfer is.
    """

    action: SyncAction

    @abstractmethod
    def make_folders(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Make folders, none of them within another; those that are there are no failure."""

    @abstractmethod
    def delete(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Delete files and empty folders, none of them within another; gone is no failure."""

    @abstractmethod
    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, Transfer]]:
        """Bring files to the target, several at a time."""

    @abstractmethod
    def check(self, name: str) -> None:
        """Raise where the file or the folder `name` could not be made in the target."""

    @abstractmethod
    def is_of_source(self, error: Failure) -> bool:
        """Tell whether a transfer failed since the source could not be read, or was left."""

    def without_partials(self, extras: list[str], transferred: set[str]) -> list[str]:
        """Return `extras` without what belongs to unfinished transfers."""
        del transferred
        return extras


class DryHands(Hands):
    """Does nothing, and tells what would be done."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands
        self.action: SyncAction = hands.action

    def make_folders(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Check the names."""
        return ((name, self._refusal(name)) for name in names)

    def delete(self, names: Sequence[str]) -> Iterator[tuple[str, Failure | None]]:
        """Take all as done."""
        return ((name, None) for name in names)

    def transfer(self, verdicts: Sequence[Verdict]) -> Iterator[tuple[Verdict, Transfer]]:
        """Check the names."""
        return ((verdict, self._refusal(verdict.name)) for verdict in verdicts)

    def check(self, name: str) -> None:
        """Check as the others do."""
        self._hands.check(name)

    def is_of_source(self, error: Failure) -> bool:
        """Judge as the others do."""
        return self._hands.is_of_source(error)

    def without_partials(self, extras: list[str], transferred: set[str]) -> list[str]:
        """Leave out what the others would."""
        return self._hands.without_partials(extras, transferred)

    def _refusal(self, name: str) -> Failure | None:
        try:
            self._hands.check(name)
        except (CosError, OSError) as exc:
            return exc
        return None
