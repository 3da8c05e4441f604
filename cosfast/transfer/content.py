"""`UploadContent`: the source of an upload and what is known of its hash, and when.

It knows neither server nor journal: the service passes a remembered parts list to it.
"""

from __future__ import annotations

import random
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.errors import InputError, SourceChanged
from cosfast.parts.build import PartsBuilder, parts_of
from cosfast.parts.formats import SLICE_SIZE
from cosfast.parts.spool import spooled
from cosfast.parts.verify import slice_matches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


@contextmanager
def measured_content(
    source: Source,
    parts: UploadParts | None,
    *,
    check: Callable[[], object],
    hash_progress: Callable[[int], object] | None,
    slice_size: int = SLICE_SIZE,
    algorithm: str = "sha1",
) -> Iterator[UploadContent]:
    """Yield the content of `source`; if only reading to its end tells its size, of a copy.

    The copy is hashed as it is made, and is there while the block runs: a part may have to be
    sent twice.

    Args:
        source: Is read.
        parts: Its parts list, if that is known already.
        check: Raises if the upload is to stop.
        hash_progress: Called with each number of bytes hashed.
        slice_size: Bytes in each slice of the list that is made of a copy.
        algorithm: ``"sha1"`` or ``"sha256"``.

    Raises:
        SourceChanged: If `parts` is of another length.
    """
    if source.size is not None:
        yield UploadContent(source, parts, algorithm=algorithm)
        return
    builder = PartsBuilder(slice_size, algorithm=algorithm)

    def take(block: memoryview) -> None:
        check()
        builder.update(block)
        if hash_progress is not None:
            hash_progress(len(block))

    with spooled(source, take) as copy:
        yield UploadContent(copy, builder.finish(), algorithm=algorithm)


class UploadContent:
    """What an upload sends.

    Args:
        source: The bytes, of a known size, read at any place by any thread.
        parts: Their parts list, if it is known already.
        algorithm: The hash that the service goes by, ``"sha1"`` or ``"sha256"``.

    Attributes:
        source: As given.
        size: Bytes.
        algorithm: As given.
        parts: The list that the server is offered and checks each part by; None without one.
        hasher: Takes in the bytes as they are sent, if they are hashed on the way; else None.
    """

    def __init__(
        self, source: Source, parts: UploadParts | None = None, *, algorithm: str = "sha1"
    ) -> None:
        size = source.size
        if size is None:
            raise InputError(f"{source.name} has no size that is known: spool it first")
        if parts is not None and parts.filesize != size:
            raise SourceChanged(source.name, "it is not as long as when it was hashed")
        self.source = source
        self.size: int = size
        self.algorithm = algorithm
        self.parts = parts
        self.hasher: PartsBuilder | None = None
        self._digest = ""  # if it is known without a list
        self._hash: Callable[[], UploadParts | None] | None = None

    def hash(self, slice_size: int, progress: Callable[[int], object]) -> UploadParts:
        """Read the whole source and make its parts list."""
        self.parts = parts_of(
            self.source, slice_size=slice_size, algorithm=self.algorithm, progress=progress
        )
        return self.parts

    def hash_on_the_way(self) -> None:
        """Have the bytes hashed as they are sent."""
        self.hasher = PartsBuilder(algorithm=self.algorithm)

    def start_hasher(self) -> PartsBuilder | None:
        """Return a fresh hasher for a pass over the source, if it is hashed on the way."""
        if self.hasher is not None:
            self.hasher = PartsBuilder(algorithm=self.algorithm)
        return self.hasher

    def recall(self, remembered: UploadParts, hash_anew: Callable[[], UploadParts | None]) -> bool:
        """Take a list from an earlier time if a few slices of the source still fit it.

        Time stamps do not show every change, and a look costs little.

        Args:
            remembered: The list.
            hash_anew: Replaces it if it turns out to be of other bytes after all.
        """
        last = max(0, len(remembered) - 1)
        for index in {0, last, random.randint(0, last)} if remembered else ():
            part = remembered[index]
            content = self.source.read_slice(part.offset, part.datalen)
            if not slice_matches(remembered, index, content):
                return False
        self.parts, self._hash = remembered, hash_anew
        return True

    def hash_again(self) -> bool:
        """Replace a list that was recalled; return whether this one was."""
        if self._hash is None:
            return False
        hash_anew, self._hash, self.parts = self._hash, None, None
        self.parts = hash_anew()
        return True

    def check_part(
        self, offset: int, length: int, data: memoryview | None, refusal: Exception
    ) -> None:
        """Tell a source that changed after it was hashed from bytes that broke on their way.

        Args:
            offset: Where the part begins.
            length: Its bytes.
            data: What was sent; None reads the source again, a slice at a time.
            refusal: The server's.

        Raises:
            SourceChanged: If the part is no longer what was hashed.
        """
        parts, end = self.parts, offset + length
        if parts is None or offset % parts.slice_size:
            return
        if end % parts.slice_size and end != self.size:
            return
        for start in range(offset, end, parts.slice_size):
            count = min(parts.slice_size, end - start)
            if data is None:
                content = self.source.read_slice(start, count)
            else:
                content = data[start - offset : start - offset + count]
            if not slice_matches(parts, start // parts.slice_size, content):
                raise SourceChanged(
                    self.source.name, f"the slice at {start} is no longer what was hashed"
                ) from refusal

    @property
    def digest(self) -> str:
        """Hash of the whole source in lower-case hex; empty if it is not known."""
        if self.parts is not None:
            return self.parts.digest
        return self._digest or ("" if self.hasher is None else self.hasher.digest)

    def know_digest(self, digest: str) -> None:
        """Take note of the hash of the whole source, found by the caller."""
        self._digest = digest

    def find_digest(self, progress: Callable[[int], object]) -> str:
        """Return the hash of the whole source in lower-case hex; hash it now if it is not known."""
        streamed = self.hasher is not None and self.hasher.length == self.size
        if self.parts is not None or streamed:
            return self.digest
        if not self._digest:
            made = parts_of(self.source, algorithm=self.algorithm, progress=progress)
            self._digest = made.digest
        return self._digest
