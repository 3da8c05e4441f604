"""`spooled_and_hashed`: a source of unknown length, copied and hashed in one reading."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.parts.build import PartsBuilder
from cosfast.parts.spool import spooled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4.call import Call
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


@contextmanager
def spooled_and_hashed(source: Source, call: Call) -> Iterator[tuple[Source, UploadParts]]:
    """Copy a source to its end, hashing on the way; the copy is there while the block runs.

    Its size is known only at its end, and a slice may have to be sent twice.
    """
    builder = PartsBuilder()
    progress = call.options.hash_progress

    def take(block: memoryview) -> None:
        call.control.check()
        builder.update(block)
        if progress is not None:
            progress(len(block))

    with spooled(source, take) as copy:
        yield copy, builder.finish()
