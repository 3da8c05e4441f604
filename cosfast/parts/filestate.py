"""`FileState`: the size and times of a file, and the check for a change of its content."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import SourceChanged

if TYPE_CHECKING:
    import os


class FileState(NamedTuple):
    """The fields of `stat` that a change of the content alters.

    Attributes:
        size: Bytes; a file in ``/proc`` or on a FUSE mount may hold more or fewer.
        mtime_ns: Time of the last modification, ns since the epoch. Programs can set it.
        ctime_ns: Time of the last change of any kind, ns since the epoch, which programs cannot
            set; on Windows the time of creation.
    """

    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileState:
        """Return the state in a result of `os.fstat`."""
        return cls(status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    def require(self, name: str, status: os.stat_result, *, content_verified: bool = False) -> None:
        """Compare this state with the current one.

        Args:
            name: Name of the file, for the message.
            status: The current result of `os.fstat` for the same open file.
            content_verified: Whether each byte was compared with a hash that was made while the
                file did not change. Then a change of only the ctime is ignored, since a chmod, a
                new link and a rename change it too.

        Raises:
            SourceChanged: If they differ.
        """
        now = FileState.of(status)
        if now.size != self.size:
            detail = f"it had {self.size} bytes and now has {now.size}"
        elif now.mtime_ns != self.mtime_ns:
            detail = "it was written to"
        elif now.ctime_ns != self.ctime_ns and not content_verified:
            detail = (
                "its ctime changed, by a write that restored the modification time, or by a change"
                " of its mode, links or name"
            )
        else:
            return
        raise SourceChanged(name, f"it changed while it was read: {detail}")
