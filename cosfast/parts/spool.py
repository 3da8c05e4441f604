"""`spooled`: what only reading to the end measures, in a temporary file of a known size."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.errors import InputError
from cosfast.parts.sources import PathSource

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.parts.sources import Source


@contextmanager
def spooled(
    source: Source, taken: Callable[[memoryview], object] | None = None
) -> Iterator[Source]:
    """Copy a source to its end; the copy, under the source's name, is there while the block runs.

    Args:
        source: a pipe, or a file that does not end where the system says.
        taken: called with each block that was copied.
    """
    import tempfile  # noqa: PLC0415 - few sources are spooled

    with tempfile.TemporaryDirectory(prefix="cosfast-spool-") as folder:
        path = os.path.join(folder, "content")  # noqa: PTH118 - as text, which names the source
        with open(path, "wb") as copy:  # noqa: PTH123
            for block in source.blocks():
                copy.write(block)
                if taken is not None:
                    taken(block)
        with PathSource(path) as opened:
            opened.name = source.name
            yield opened


@contextmanager
def measured(source: Source, purpose: str) -> Iterator[Source]:
    """Yield a source that has a size and can be read at any place: `source` itself, or a copy.

    Args:
        source: what is to be read.
        purpose: what is to be done with it, for the message: a participle.

    Raises:
        InputError: If it cannot be read again, as a pipe cannot.
    """
    if not source.seekable:
        raise InputError(f"{source.name} cannot be {purpose}: it is not seekable")
    if source.size is not None:
        yield source
        return
    with spooled(source) as copy:
        yield copy
