"""`DownloadOptions`: how a download was asked for, checked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.cosv4.options import check_transfer

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.transfer.cancellation import CancelToken


@dataclass(frozen=True)
class DownloadOptions:
    """The keywords of `Client.download`, where they are explained.

    Raises:
        InputError: naming the one that makes no sense.
    """

    overwrite: bool = True
    concurrency: int = 4
    progress: Callable[[int], object] | None = None
    max_rate: float | None = None
    deadline: float | None = None
    cancel: CancelToken | None = None
    verify: bool = True

    def __post_init__(self) -> None:
        check_transfer(self.concurrency, self.max_rate, self.deadline, self.cancel)
