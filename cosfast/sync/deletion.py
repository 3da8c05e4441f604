"""`DeletionLimits`: whether and how much a sync may delete in its target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.errors import DeletionRefused, InputError

if TYPE_CHECKING:
    from collections.abc import Collection

    from cosfast.sync.trees import Tree


@dataclass(frozen=True)
class DeletionLimits:
    """Whether a sync deletes, and what keeps it from deleting by mistake.

    Args:
        delete: delete what the source does not have.
        max_delete: files and folders that are deleted at most; None: any number.
        force_delete: delete also if the source holds no files at all.

    Raises:
        InputError: If `max_delete` is neither None nor a number from 0.
    """

    delete: bool
    max_delete: int | None
    force_delete: bool

    def __post_init__(self) -> None:
        limit = self.max_delete
        if limit is not None and (type(limit) is not int or limit < 0):
            raise InputError(f"max_delete must be None or a number from 0, not {limit!r}")

    def refusal(
        self, doomed: Collection[str], *, source: Tree[Any], source_at: str, target_at: str
    ) -> DeletionRefused | None:
        """Return the error to raise if the planned deletions go too far, else None.

        An unmounted disk is an empty folder, often with empty folders in it: a source without
        files is more likely a mistake than a wish.

        Args:
            doomed: names of what is to be deleted.
            source: the tree that was read. If it could not be read whole nothing is deleted.
            source_at: names the source in the message.
            target_at: names the target in the message.
        """
        count = len(doomed)
        if not count or not source.is_whole:
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
