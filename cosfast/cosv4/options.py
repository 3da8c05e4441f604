"""`UploadOptions`: how an upload was asked for, checked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.addresses import check_text
from cosfast.cosv4.protocol.slices import PARTS_SLICE_SIZE, SLICE_SIZES
from cosfast.errors import InputError
from cosfast.parsing import shown
from cosfast.transfer.bandwidth import RateLimit
from cosfast.transfer.cancellation import CancelToken, check_deadline

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CONCURRENCY = 1024
"""Slices at a time: beyond it, threads would cost more than any link gives."""

INTEGRITIES = ("parts", "stream", "none")


@dataclass(frozen=True)
class UploadOptions:
    """The keywords of `Client.upload`, where they are explained.

    Raises:
        InputError: naming the one that makes no sense.
    """

    overwrite: bool = False
    biz_attr: str = ""
    integrity: str = "parts"
    slice_size: int = PARTS_SLICE_SIZE
    concurrency: int = 8
    progress: Callable[[int], object] | None = None
    hash_progress: Callable[[int], object] | None = None
    max_rate: float | None = None
    deadline: float | None = None
    cancel: CancelToken | None = None

    def __post_init__(self) -> None:
        check_text("biz_attr", self.biz_attr)
        if self.integrity not in INTEGRITIES:
            raise InputError(f"integrity must be one of {INTEGRITIES}, not {self.integrity!r}")
        allowed = (PARTS_SLICE_SIZE,) if self.integrity == "parts" else SLICE_SIZES
        if self.slice_size not in allowed:
            raise InputError(
                f"slice_size must be one of {allowed} with integrity={self.integrity!r},"
                f" not {shown(self.slice_size)}"
            )
        check_transfer(self.concurrency, self.max_rate, self.deadline, self.cancel)


def check_transfer(
    concurrency: int,
    max_rate: float | None,
    deadline: float | None,
    cancel: CancelToken | None,
) -> None:
    """Refuse what makes no sense for uploads and downloads alike.

    Raises:
        InputError: naming it.
    """
    if type(concurrency) is not int or not 1 <= concurrency <= MAX_CONCURRENCY:
        raise InputError(
            f"concurrency must be from 1 to {MAX_CONCURRENCY}, not {shown(concurrency)}"
        )
    if max_rate is not None:
        RateLimit(max_rate)
    if deadline is not None:
        check_deadline(deadline)
    if not isinstance(cancel, (CancelToken, type(None))):
        raise InputError(f"cancel is a CancelToken, not {type(cancel).__name__}")
