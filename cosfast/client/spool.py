"""`spooled`: what can be read only once, in a temporary file that can be read at any place."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.parts.build import PartsBuilder
from cosfast.parts.sources import PathSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.client.call import Call
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


@contextmanager
def spooled(source: Source, call: Call) -> Iterator[tuple[Source, UploadParts]]:
    """Copy a pipe to its end, hashing on the way; the copy is there while the block runs.

    The size of a pipe is known only at its end, and a slice may have to be sent twice.
    """
    builder = PartsBuilder()
    progress = call.options.hash_progress
    with tempfile.TemporaryDirectory(prefix="cosfast-pipe-") as folder:
        path = os.path.join(folder, "content")  # noqa: PTH118 - as text, which names the source
        with open(path, "wb", buffering=0) as copy:  # noqa: PTH123
            for block in source.blocks():
                call.control.check()
                copy.write(block)
                builder.update(block)
                if progress is not None:
                    progress(len(block))
        with PathSource(path) as opened:
            opened.name = source.name
            yield opened, builder.finish()
