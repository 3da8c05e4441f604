"""`UploadOptions`: how an upload was asked for, checked before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosfast.errors import InputError
from cosfast.protocol.addresses import check_text
from cosfast.protocol.slices import PARTS_SLICE_SIZE, SLICE_SIZES

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CONCURRENCY = 1024
"""Slices at a time: beyond it, threads would cost more than any link gives."""


@dataclass(frozen=True)
class UploadOptions:
    """The keywords of `Client.upload`, where they are explained.

    Raises:
        InputError: naming the one that makes no sense.
    """

    overwrite: bool
    biz_attr: str
    integrity: str
    slice_size: int
    concurrency: int
    progress: Callable[[int], object] | None
    hash_progress: Callable[[int], object] | None

    def __post_init__(self) -> None:
        check_text("biz_attr", self.biz_attr)
        if self.integrity not in {"parts", "none"}:
            raise InputError(f"integrity must be 'parts' or 'none', not {self.integrity!r}")
        if type(self.concurrency) is not int or not 1 <= self.concurrency <= MAX_CONCURRENCY:
            raise InputError(
                f"concurrency must be from 1 to {MAX_CONCURRENCY}, not {self.concurrency!r}"
            )
        allowed = (PARTS_SLICE_SIZE,) if self.integrity == "parts" else SLICE_SIZES
        if self.slice_size not in allowed:
            raise InputError(
                f"slice_size must be one of {allowed} with integrity={self.integrity!r},"
                f" not {self.slice_size!r}"
            )
