"""The results of a sync: `SyncStep`, with its `SyncAction`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosfast.concurrency import Failure
    from cosfast.cosv4 import DownloadResult, UploadResult

ROOT = "./"
"""The name of the synchronised folder itself."""


class SyncAction(StrEnum):
    """The action of a step."""

    UPLOAD = "upload"
    DOWNLOAD = "download"
    DELETE = "delete"
    CREATE_FOLDER = "create folder"
    KEEP = "keep"


@dataclass(frozen=True)
class SyncStep:
    """The outcome of a sync for one name; in a dry run, the outcome to expect.

    Attributes:
        action: The action of the step.
        name: The name relative to the synchronised folder, with ``/`` between segments. A folder's
            name ends in ``/``; that of the synchronised folder itself is ``./``.
        size: Size in bytes of the file that is transferred, kept or deleted; None for a folder.
        reason: Reason of the action, such as ``new``, ``size differs``, ``content differs``,
            ``extra``, ``in the way`` and ``same``.
        error: Why the step failed; None if it did not.
        result: The result of the transfer, if there was one.
    """

    action: SyncAction
    name: str
    size: int | None
    reason: str
    error: Failure | None = None
    result: UploadResult | DownloadResult | None = None
