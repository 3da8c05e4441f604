"""Which slices of a file the server still lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.transfer.upload import Part

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


def missing_parts(
    filesize: int, slice_size: int, held: Iterable[tuple[int, int]]
) -> tuple[Iterator[Part], int]:
    """Return the slices to be sent, in order and made as they are needed, and the bytes held.

    Args:
        filesize: Bytes in the file.
        slice_size: Bytes in each slice but the last.
        held: Offset and length of what the server has, in any order; may overlap.
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
    """Yield the slices whose indices lie between the ranges of indices in `held`."""
    begin = 0
    for first, last in [*held, (count, count)]:
        for index in range(begin, first):
            offset = index * slice_size
            yield Part(index, offset, min(slice_size, filesize - offset))
        begin = last


def merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges, as start and end, that `parts` (offset and length) cover together."""
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(parts):
        if ranges and offset <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], offset + length))
        else:
            ranges.append((offset, offset + length))
    return ranges
