"""`SlicePlan`: what the server still lacks, and where to send it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosfast.protocol.slices import SliceSession, UnfinishedUpload


@dataclass(frozen=True)
class SlicePlan:
    """Which slices go into which session.

    Attributes:
        session: the server's name for the upload.
        missing: offset and length in bytes of each slice to be sent, in order.
        serial: one at a time, in that order.
        resumed_bytes: what the server holds already.
    """

    session: str
    missing: tuple[tuple[int, int], ...]
    serial: bool
    resumed_bytes: int


def plan_new(opened: SliceSession, filesize: int) -> SlicePlan:
    """Plan an upload of which the server has nothing; it may have chosen another slice size."""
    slices = cut(filesize, opened.slice_size)
    return SlicePlan(opened.session, slices, opened.serial_upload, 0)


def plan_resumed(unfinished: UnfinishedUpload, *, trusted: bool) -> SlicePlan:
    """Plan the rest of an upload.

    Args:
        unfinished: what the server says of it.
        trusted: whether the slices that it has are known to be of the same content; if not, all
            are sent again.
    """
    slices = cut(unfinished.filesize, unfinished.slice_size)
    held = merged(unfinished.parts) if trusted else []
    missing = tuple(piece for piece in slices if not _within(piece, held))
    resumed = unfinished.filesize - sum(length for _, length in missing)
    return SlicePlan(unfinished.session, missing, unfinished.serial_upload, resumed)


def cut(filesize: int, slice_size: int) -> tuple[tuple[int, int], ...]:
    """Return offset and length of each slice of a file, in order."""
    return tuple(
        (offset, min(slice_size, filesize - offset)) for offset in range(0, filesize, slice_size)
    )


def merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges, as start and end, that `parts` (offset and length) cover together."""
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(parts):
        if ranges and offset <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], offset + length))
        else:
            ranges.append((offset, offset + length))
    return ranges


def _within(piece: tuple[int, int], ranges: list[tuple[int, int]]) -> bool:
    offset, length = piece
    # the last range that starts at or before this offset
    index = bisect_right(ranges, (offset + 1,)) - 1
    return index >= 0 and offset + length <= ranges[index][1]
