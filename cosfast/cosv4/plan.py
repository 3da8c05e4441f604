"""`SlicePlan`: what the server still lacks, and where to send it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from cosfast.cosv4.protocol.slices import SliceSession, UnfinishedUpload


@dataclass(frozen=True)
class SlicePlan:
    """Which slices go into which session.

    Its size does not depend on the number of slices: the server chooses how large they are.

    Attributes:
        session: the server's name for the upload.
        filesize: bytes in the whole file.
        slice_size: bytes in each slice but the last.
        missing: the numbers of the slices to be sent, in order.
        serial: whether slices go one at a time, in order; None if the server does not say.
    """

    session: str
    filesize: int
    slice_size: int
    missing: tuple[range, ...]
    serial: bool | None

    @property
    def count(self) -> int:
        """Slices to be sent."""
        return sum(map(len, self.missing))

    @property
    def resumed_bytes(self) -> int:
        """Bytes that the server holds already."""
        size = self.slice_size
        ranges = ((it.start * size, min(it.stop * size, self.filesize)) for it in self.missing)
        return self.filesize - sum(end - start for start, end in ranges)

    def slices(self) -> Iterator[tuple[int, int]]:
        """Yield offset and length in bytes of each slice to be sent, in order."""
        for numbers in self.missing:
            for number in numbers:
                offset = number * self.slice_size
                yield offset, min(self.slice_size, self.filesize - offset)


def plan_new(opened: SliceSession, filesize: int) -> SlicePlan:
    """Plan an upload of which the server has nothing; it may have chosen another slice size."""
    missing = _missing(filesize, opened.slice_size, [])
    return SlicePlan(opened.session, filesize, opened.slice_size, missing, opened.serial_upload)


def plan_resumed(unfinished: UnfinishedUpload, *, trusted: bool) -> SlicePlan:
    """Plan the rest of an upload.

    Args:
        unfinished: what the server says of it.
        trusted: whether the slices that it has are known to be of the same content; if not, all
            are sent again.
    """
    filesize, slice_size = unfinished.filesize, unfinished.slice_size
    held = merged(unfinished.parts) if trusted else []
    missing = _missing(filesize, slice_size, held)
    return SlicePlan(unfinished.session, filesize, slice_size, missing, unfinished.serial_upload)


def merged(parts: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the ranges, as start and end, that `parts` (offset and length) cover together."""
    ranges: list[tuple[int, int]] = []
    for offset, length in sorted(parts):
        if ranges and offset <= ranges[-1][1]:
            ranges[-1] = (ranges[-1][0], max(ranges[-1][1], offset + length))
        else:
            ranges.append((offset, offset + length))
    return ranges


def _missing(filesize: int, slice_size: int, held: Iterable[tuple[int, int]]) -> tuple[range, ...]:
    """Return the numbers of the slices that are not wholly within one of the ranges `held`."""
    missing = []
    count = -(-filesize // slice_size)
    number = 0
    for start, end in held:
        first = -(-start // slice_size)
        behind = count if end >= filesize else end // slice_size
        if first < behind:
            missing.append(range(number, first))
            number = behind
    missing.append(range(number, count))
    return tuple(filter(None, missing))
