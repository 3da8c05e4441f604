"""`DownloadOptions`: how a download was asked for, checked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.client.options import MAX_CONCURRENCY
from cosfast.errors import InputError
from cosfast.transport.control import CancelToken, check_deadline
from cosfast.transport.rate import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable


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
        if type(self.concurrency) is not int or not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise InputError(
                f"concurrency must be from 1 to {MAX_CONCURRENCY}, not {self.concurrency!r}"
            )
        if self.max_rate is not None:
            RateLimit(self.max_rate)
        if self.deadline is not None:
            check_deadline(self.deadline)
        if not isinstance(self.cancel, (CancelToken, type(None))):
            raise InputError(f"cancel is a CancelToken, not {type(self.cancel).__name__}")
