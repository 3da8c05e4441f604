"""Files at names that others can predict: whether one is the user's own, and how to make one.

In a folder that others can write to, anything may have been put at such a name: a link, a named
pipe, a device, a second name of some other file, or a file whose owner can write to it later.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat

_FLAGS = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # no named pipe is waited for
)
_NOT_OWN = frozenset({errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO, errno.EACCES})
_FOR_OTHERS_TO_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotOwnFileError(OSError):
    """What is at the path is not a regular file of the user alone."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EPERM, "not a file that belongs to you alone", path)


def open_own(path: str, flags: int) -> int:
    """Open a regular file that nobody else can write to, and that has no other name.

    Args:
        path: of the file.
        flags: `os.O_RDONLY` or `os.O_RDWR`.

    Returns:
        A descriptor. From here on only the user can open the file.

    Raises:
        FileNotFoundError: If nothing is there.
        NotOwnFileError: If something else is there; it is unchanged.
    """
    # A device is not even opened: some do something then.
    _require_own(os.lstat(path), path)
    try:
        descriptor = os.open(path, flags | _FLAGS)
    except OSError as exc:
        if exc.errno in _NOT_OWN:  # it was exchanged, or its user may not open it
            raise NotOwnFileError(path) from None
        raise
    try:
        status = os.fstat(descriptor)
        _require_own(status, path)
        _require_private(descriptor, status, path)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def create_own(path: str) -> int:
    """Make a file that only the user can open, for reading and writing.

    Raises:
        FileExistsError: If anything is there.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)


def is_at(descriptor: int, path: str) -> bool:
    """Return whether `path` names the open file, and not through a link."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def belongs_to_user(status: os.stat_result, path: str) -> bool:
    """Return whether what has that status belongs to the user of this process.

    Some file systems give all files another owner, such as NFS to those of root. What has the
    owner that a new file gets there is the user's too.
    """
    if not hasattr(os, "geteuid"):
        return True
    if status.st_uid == os.geteuid():
        return True
    try:
        return status.st_uid == status_of_new_file(path).st_uid
    except OSError:
        return False


def status_of_new_file(beside: str) -> os.stat_result:
    """Return the status that a new file in the folder of the path `beside` has.

    A file is made and removed for it: the umask can otherwise be read only by setting it, for all
    threads, and it does not count in a folder that has access control lists for new files.
    """
    path = unpredictable(beside)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)
        os.remove(path)  # noqa: PTH107


def unpredictable(path: str) -> str:
    """Return a hidden name in the same folder, with the same suffix, that nobody can guess."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    hidden = stem if stem.startswith(".") else f".{stem}"
    return os.path.join(folder, f"{hidden}.{secrets.token_hex(8)}{suffix}")  # noqa: PTH118


def _require_own(status: os.stat_result, path: str) -> None:
    is_single = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    if not (is_single and belongs_to_user(status, path)):
        raise NotOwnFileError(path)


def _require_private(descriptor: int, status: os.stat_result, path: str) -> None:
    """Take the rights of others to it away; refuse what others may have open for writing."""
    if not (hasattr(os, "geteuid") and hasattr(os, "fchmod")) or not status.st_mode & 0o077:
        return
    try:
        os.fchmod(descriptor, 0o600)
    except OSError:
        return  # the file system has no modes of its own, so it shows the same one for each file
    has_modes = not os.fstat(descriptor).st_mode & 0o077
    if has_modes and status.st_mode & _FOR_OTHERS_TO_WRITE:
        raise NotOwnFileError(path)
