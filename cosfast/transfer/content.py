"""`UploadContent`: the source of an upload, with its parts list or hash as they become known.

It uses neither the server nor the journal: the service passes a remembered parts list to it.
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
    """Yield the content of `source`, or of a temporary copy if the size of `source` is not known.

    The copy is hashed while it is made and exists while the block runs, since a part may have to
    be sent twice.

    Args:
        source: Source of the upload.
        parts: Parts list of the source, if it is already known.
        check: Raises if the upload has to stop.
        hash_progress: Called with numbers of bytes that were hashed.
        slice_size: Slice size in bytes of the parts list of a copy.
        algorithm: ``"sha1"`` or ``"sha256"``.

    Raises:
        SourceChanged: If `parts` is of a file of another size.
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
    """The content of an upload.

    Args:
        source: The bytes: a source of known size that any thread can read at any offset.
        parts: Parts list of the source, if it is already known.
        algorithm: Hash of the service, ``"sha1"`` or ``"sha256"``.

    Attributes:
        source: The given source.
        size: Size in bytes.
        algorithm: The given algorithm.
        parts: Parts list that is sent to the server, which checks each part against it; None
            without one.
        hasher: Hashes the bytes while they are sent, if `hash_on_the_way` was called; otherwise
            None.

    Raises:
        InputError: If the size of the source is not known.
        SourceChanged: If `parts` is of a file of another size.
    """

    def __init__(
        self, source: Source, parts: UploadParts | None = None, *, algorithm: str = "sha1"
    ) -> None:
        size = source.size
        if size is None:
            raise InputError(f"{source.name}: the size is not known; copy the source to a Spool")
        if parts is not None and parts.filesize != size:
            raise SourceChanged(
                source.name, f"it has {size} bytes, but {parts.filesize} bytes were hashed"
            )
        self.source = source
        self.size: int = size
        self.algorithm = algorithm
        self.parts = parts
        self.hasher: PartsBuilder | None = None
        self._digest = ""  # of the source, if it is known without a parts list
        self._hash: Callable[[], UploadParts | None] | None = None

    def hash(self, slice_size: int, progress: Callable[[int], object]) -> UploadParts:
        """Read the whole source; make and return its parts list."""
        self.parts = parts_of(
            self.source, slice_size=slice_size, algorithm=self.algorithm, progress=progress
        )
        return self.parts

    def hash_on_the_way(self) -> None:
        """Hash the bytes while they are sent."""
        self.hasher = PartsBuilder(algorithm=self.algorithm)

    def start_hasher(self) -> PartsBuilder | None:
        """Return a new hasher for a pass over the source, if it is hashed while it is sent."""
        if self.hasher is not None:
            self.hasher = PartsBuilder(algorithm=self.algorithm)
        return self.hasher

    def recall(self, remembered: UploadParts, hash_anew: Callable[[], UploadParts | None]) -> bool:
        """Use a parts list from an earlier upload if a few slices of the source still match it.

        Time stamps do not show every change, and this check is cheap.

        Args:
            remembered: The parts list.
            hash_anew: Returns a new list; called by `hash_again` if this one turns out to be wrong.

        Returns:
            Whether the slices match; otherwise the list is not used.
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
        """Hash the source again if its parts list was recalled; return whether it was."""
        if self._hash is None:
            return False
        hash_anew, self._hash, self.parts = self._hash, None, None
        self.parts = hash_anew()
        return True

    def check_part(
        self, offset: int, length: int, data: memoryview | None, refusal: Exception
    ) -> None:
        """Distinguish a source that changed after it was hashed from bytes damaged in transit.

        Args:
            offset: Offset of the part.
            length: Length of the part in bytes.
            data: The bytes that were sent; None to read the source again, slice by slice.
            refusal: The server's error.

        Raises:
            SourceChanged: If the part no longer matches the parts list.
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
                    self.source.name, f"the slice at offset {start} changed after it was hashed"
                ) from refusal

    @property
    def digest(self) -> str:
        """Hash of the whole source in lower-case hex; empty if it is not known."""
        if self.parts is not None:
            return self.parts.digest
        return self._digest or ("" if self.hasher is None else self.hasher.digest)

    def know_digest(self, digest: str) -> None:
        """Set the digest of the whole source, computed by the caller."""
        self._digest = digest

    def find_digest(self, progress: Callable[[int], object]) -> str:
        """Return the digest of the whole source in lower-case hex; hash the source if needed."""
        streamed = self.hasher is not None and self.hasher.length == self.size
        if self.parts is not None or streamed:
            return self.digest
        if not self._digest:
            made = parts_of(self.source, algorithm=self.algorithm, progress=progress)
            self._digest = made.digest
        return self._digest
