"""What the journal is asked by and what it keeps: `FileIdentity`, `Destination`, ..."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    from cosfast.cosv4.protocol.addresses import ObjectAddress

_COARSE_TICK_NS = 10_000_000
"""A time stamp that is a multiple of this may come from a file system that has no finer ones."""

_COARSE_WINDOW_NS = 2_000_000_000
"""FAT counts in steps of 2 s, no file system in longer ones."""

_FINE_WINDOW_NS = 100_000_000
"""Where stamps are fine, they still move only as the system's clock ticks: 16 ms at most."""


@dataclass(frozen=True)
class FileIdentity:
    """Which file it is, and in which state: equal identities mean equal bytes.

    That holds only where a later change is sure to move a time stamp. A file that was written a
    moment ago may be written again within the same tick of its clock, and then nothing tells the
    two apart (git calls such an entry of its index racily clean). So an identity knows when it
    was taken, and `is_settled` says whether its stamps were old enough by then. It must be taken
    before the first byte is read: a change during the reading then shows as well.

    What is left: a change by other than the clock that `seen_ns` is from (a file server's that
    runs behind), and one through a memory map, whose stamp may move before the last bytes do.

    Attributes:
        device: the file system's number.
        inode: the file's number in it.
        size: bytes.
        mtime_ns: when it was last modified, ns since the epoch.
        ctime_ns: when it was last changed in any way, ns since the epoch; on Windows when it was
            created. Programs put `mtime_ns` back (VeraCrypt does, after each use of a container),
            but never this.
        seen_ns: when this identity was taken, ns since the epoch; not compared.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int
    seen_ns: int = field(compare=False, default_factory=time.time_ns)

    @classmethod
    def of(cls, status: os.stat_result) -> FileIdentity:
        """Take the identity from `os.fstat` or `os.stat`, called just now."""
        return cls(
            status.st_dev,
            status.st_ino,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
        )

    @property
    def is_settled(self) -> bool:
        """Whether any change from `seen_ns` on would show in the time stamps.

        A file without an inode number, as some network drives give them, is never settled.
        """
        newest = max(self.mtime_ns, self.ctime_ns)
        coarse = newest % _COARSE_TICK_NS == 0
        window = _COARSE_WINDOW_NS if coarse else _FINE_WINDOW_NS
        return self.inode != 0 and self.seen_ns - newest >= window

    @property
    def file(self) -> str:
        """The file, whatever its state."""
        return f"{self.device}:{self.inode}"  # as text: they may exceed SQLite's 63 bits

    @property
    def state(self) -> str:
        """The state that the file is in."""
        return f"{self.size}:{self.mtime_ns}:{self.ctime_ns}"


@dataclass(frozen=True)
class Destination:
    """Where an upload goes.

    Args:
        endpoint: scheme, host and port, with no slash at the end.
        address: the file to be.
    """

    endpoint: str
    address: ObjectAddress

    @property
    def url(self) -> str:
        """The URL that all requests of the upload go to, which tells one from any other."""
        return f"{self.endpoint}{self.address.url_path}"


@dataclass(frozen=True)
class RememberedUpload:
    """An upload that was begun here.

    Attributes:
        session: the server's name for it.
        filesize: bytes in the whole file.
        sha1: the whole file's, 40 hex digits, or None where it was not known.
        slice_size: bytes in each slice but the last, as the server wants them.
        started_at: seconds since the epoch.
    """

    session: str
    filesize: int
    sha1: str | None
    slice_size: int
    started_at: int = field(default_factory=lambda: int(time.time()))
