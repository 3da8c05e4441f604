"""`DownloadOptions`, and checks of the options that transfers of every service share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.errors import InputError
from cosfast.parsing import shown
from cosfast.transfer.bandwidth import BandwidthLimit
from cosfast.transfer.cancellation import CancelToken, check_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CONCURRENCY = 1024
"""Maximum number of parts in flight: more threads cost more than they gain on any link."""


@dataclass(frozen=True)
class DownloadOptions:
    """The keyword arguments of `Client.download`, which documents them.

    Raises:
        InputError: If one is not valid.
    """

    overwrite: bool | None = None  # None: a download keeps an existing file, a sync replaces it
    concurrency: int = 4
    progress: Callable[[int], object] | None = None
    max_rate: float | None = None
    deadline: float | None = None
    cancel: CancelToken | None = None
    verify: bool = True

    def __post_init__(self) -> None:
        check_transfer(self.concurrency, self.max_rate, self.deadline, self.cancel)


def check_transfer(
    concurrency: int,
    max_rate: float | None,
    deadline: float | None,
    cancel: CancelToken | None,
) -> None:
    """Check the limits of a transfer.

    Raises:
        InputError: If one is out of range or of the wrong type.
    """
    if type(concurrency) is not int or not 1 <= concurrency <= MAX_CONCURRENCY:
        raise InputError(
            f"concurrency must be from 1 to {MAX_CONCURRENCY}, not {shown(concurrency)}"
        )
    if max_rate is not None:
        BandwidthLimit(max_rate)
    if deadline is not None:
        check_deadline(deadline)
    if not isinstance(cancel, (CancelToken, type(None))):
        raise InputError(f"cancel must be a CancelToken, not {type(cancel).__name__}")
