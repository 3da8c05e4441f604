"""`FileState`: what the system says of a file's content, and the one test for a change of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import SourceChanged

if TYPE_CHECKING:
    import os


class FileState(NamedTuple):
    """What a change of an open file's content alters.

    Attributes:
        size: bytes, as `stat` says; a file in ``/proc`` or on a FUSE mount may hold more or fewer.
        mtime_ns: when it was last modified, ns since the epoch. Programs put it back.
        ctime_ns: when it was last changed in any way, ns since the epoch, which nobody puts back;
            on Windows when it was created.
    """

    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Take the state from what `os.fstat` returned."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def require(self, name: str, status: os.stat_result, *, content_verified: bool = False) -> None:
        """Compare this state with that of now.

        Args:
            name: the file's, for the message.
            status: what `os.fstat` returns now for the same open file.
            content_verified: whether each byte was compared with a hash made while the file stayed
                as it was. Then a change of the ctime alone says nothing about the content: a
                chmod, a new link and a rename move it too.

        Raises:
            SourceChanged: If it is another.
        """
        now = FileState.of(status)
        if now.size != self.size:
            detail = f"it had {self.size} bytes, and now {now.size}"
        elif now.mtime_ns != self.mtime_ns:
            detail = "it was written to"
        elif now.ctime_ns != self.ctime_ns and not content_verified:
            detail = (
                "its ctime moved, by a write that put the modification time back, or by a change"
                " of its mode, links or name"
            )
        else:
            return
        raise SourceChanged(name, f"it changed while it was read: {detail}")
