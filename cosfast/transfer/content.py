"""`Hashing`: what an upload knows of its content, and when it gets to know it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.codes import Code
from cosfast.errors import IntegrityError
from cosfast.parts.build import PartsBuilder, parts_of
from cosfast.parts.model import SLICE_SIZE
from cosfast.parts.sources import PathSource
from cosfast.parts.verify import slice_matches
from cosfast.transfer.journal import FileIdentity

if TYPE_CHECKING:
    from cosfast.cosv4.call import Call
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source


class Hashing:
    """The three kinds of integrity (`Client.upload`).

    Args:
        call: the upload.
        source: its bytes.
        parts: theirs, where they are known already.

    Attributes:
        parts: what the server is offered and checks each slice by; None with other kinds.
    """

    def __init__(self, call: Call, source: Source, parts: UploadParts | None) -> None:
        self._call = call
        self._source = source
        self._kind = call.options.integrity
        self._identity = (
            FileIdentity.of(source.status()) if isinstance(source, PathSource) else None
        )
        self._remembered = False
        self._builder: PartsBuilder | None = None
        self._whole = ""  # the SHA-1 of the source, if `digest` had to read it
        self.parts = parts if self._kind != "none" else None

    def prepare(self) -> None:
        """Have the parts before the upload begins, where that is this kind's way."""
        if self._kind == "none" or self.parts is not None:
            return
        self.parts = self._recall()
        self._remembered = self.parts is not None
        if self._kind == "parts" and self.parts is None:
            self._hash()

    def stream(self) -> PartsBuilder | None:
        """Return what takes in the bytes as they are sent; None where they need no hashing."""
        if self._kind != "stream" or self.parts is not None:
            return None
        self._builder = PartsBuilder()
        return self._builder

    def forget_remembered(self) -> bool:
        """Hash anew where the parts are the journal's; return whether they were."""
        if not self._remembered:
            return False
        self._remembered = False
        self.parts = None
        if self._kind == "parts":
            self._hash()
        return True

    @property
    def sha1(self) -> str:
        """The SHA-1 of the whole source, 40 hex digits; empty where it is not known."""
        if self.parts is not None:
            return self.parts.sha1
        return self._whole or ("" if self._builder is None else self._builder.sha1)

    def digest(self) -> str:
        """Return the SHA-1 of the whole source, 40 hex digits; hash it now if it is not known."""
        streamed = self._builder is not None and self._builder.length == self._source.size
        if self.parts is not None or streamed:
            return self.sha1
        if not self._whole:
            self._whole = parts_of(self._source, progress=self._hashed).sha1
        return self._whole

    def compare_with_server(self) -> None:
        """Compare what was hashed on the way with what the server made of it.

        Raises:
            IntegrityError: where they differ.
        """
        if self._builder is None or self.parts is not None:
            return
        found = objects.read_stat(self._call.send(objects.stat(self._call.address)))
        if found.sha != self.sha1:
            raise IntegrityError(
                Code.SHA_DIFFERS,
                f"the server's file has the SHA-1 {found.sha}, not {self.sha1}",
                "",
                200,
                operation="stat",
                target=str(self._call.address),
            )
        self._remember(self._builder.finish())

    def _hash(self) -> None:
        self.parts = parts_of(self._source, progress=self._hashed)
        self._remember(self.parts)

    def _hashed(self, count: int) -> None:
        self._call.control.check()
        if self._call.options.hash_progress is not None:
            self._call.options.hash_progress(count)

    def _recall(self) -> UploadParts | None:
        if self._identity is None or self._call.options.slice_size != SLICE_SIZE:
            return None
        parts = self._call.journal.parts_of(self._identity, SLICE_SIZE)
        return parts if parts is not None and self._still_fits(parts) else None

    def _still_fits(self, parts: UploadParts) -> bool:
        """Look at a few slices: time stamps do not show every change, and this costs little."""
        last = len(parts) - 1
        for index in {0, last, random.randint(0, last)}:
            part = parts[index]
            content = self._source.read_slice(part.offset, part.datalen)
            if not slice_matches(parts, index, content):
                return False
        return True

    def _remember(self, parts: UploadParts) -> None:
        if self._identity is not None:
            self._call.journal.remember_parts(self._identity, parts)
