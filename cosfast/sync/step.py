"""`SyncStep`: one thing that a sync did, or would do."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cosfast.errors import CosError

if TYPE_CHECKING:
    from cosfast.cosv4.download import DownloadResult
    from cosfast.cosv4.upload import UploadResult

Failure = CosError | OSError

ROOT = "./"
"""The name of the folder that is synchronised itself."""


class SyncAction(StrEnum):
    """What is done with a name."""

    UPLOAD = "upload"
    DOWNLOAD = "download"
    DELETE = "delete"
    CREATE_FOLDER = "create folder"
    KEEP = "keep"


@dataclass(frozen=True)
class SyncStep:
    """What was done with one name; in a dry run, what would be.

    Attributes:
        action: what.
        name: below the folder that is synchronised, with ``/`` between segments; a folder's ends
            in ``/``, that folder's own is ``./``.
        size: bytes of the file that is sent, kept or deleted; None for a folder.
        reason: why, in a few words, such as ``new``, ``size differs``, ``content differs``,
            ``extra``, ``in the way`` and ``same``.
        error: why it was not done; None where it was.
        result: of the transfer, where there was one.
    """

    action: SyncAction
    name: str
    size: int | None
    reason: str
    error: Failure | None = None
    result: UploadResult | DownloadResult | None = None
