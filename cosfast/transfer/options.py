"""Checks of the options that uploads and downloads of every service have in common."""

from __future__ import annotations

from cosfast.errors import InputError
from cosfast.parsing import shown
from cosfast.transfer.bandwidth import BandwidthLimit
from cosfast.transfer.cancellation import CancelToken, check_deadline

MAX_CONCURRENCY = 1024
"""Parts in flight: beyond it, threads would cost more than any link gives."""


def check_transfer(
    concurrency: int,
    max_rate: float | None,
    deadline: float | None,
    cancel: CancelToken | None,
) -> None:
    """Refuse limits that are out of range.

    Raises:
        InputError: If one is; it names which.
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
        raise InputError(f"cancel is a CancelToken, not {type(cancel).__name__}")
