"""The slices of a file that the server does not have yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.transfer.upload import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def missing_parts(
    filesize: int, slice_size: int, held: Iterable[tuple[int, int]]
) -> tuple[Iterator[Part], int]:
    """Return the slices to send, as an iterator in order, and the number of bytes already held.

    Args:
        filesize: Size of the file in bytes.
        slice_size: Bytes in each slice except the last.
        held: Offsets and lengths of the ranges that the server has, in any order; may overlap.
    """
    count = -(-filesize // slice_size)
    whole = [
        (first, last)
        for start, end in merged(held)
        if (first := -(-start // slice_size))
        < (last := count if end >= filesize else end // slice_size)
    ]
    resumed = sum(min(last * slice_size, filesize) - first * slice_size for first, last in whole)
    return _parts_between(whole, filesize, slice_size, count), resumed


def _parts_between(
    held: list[tuple[int, int]], filesize: int, slice_size: int, count: int
) -> Iterator[Part]:
    """Yield the slices whose indices are not in the ranges of indices `held`."""
    begin = 0
    for first, last in [*held, (count, count)]:
        for index in range(begin, first):
            offset = index * slice_size
            yield Part(index, offset, min(slice_size, filesize - offset))
        begin = last


def merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the union of `parts` (offset and length) as ranges (start and end)."""
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(parts):
        if ranges and offset <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], offset + length))
        else:
            ranges.append((offset, offset + length))
    return ranges
