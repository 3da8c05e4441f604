"""Safe opening and creation of files at predictable names.

In a folder that others can write to, such a name may lead to a link, a named pipe, a device, a hard
link of another file, or a file that another user can write to later.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import suppress

_FLAGS = (
    getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)  # do not wait for the other end of a named pipe
)
_NOT_OWN = frozenset({errno.ELOOP, errno.EMLINK, errno.EISDIR, errno.ENXIO, errno.EACCES})
_FOR_OTHERS_TO_WRITE = stat.S_IWGRP | stat.S_IWOTH


class NotOwnFileError(OSError):
    """The path is not a regular file that belongs to this user alone."""

    def __init__(self, path: str) -> None:
        super().__init__(errno.EPERM, "not a regular file that belongs to you alone", path)


def open_own(path: str, flags: int) -> int:
    """Open a regular file that nobody else can write to and that has no other name.

    Args:
        path: The path of the file.
        flags: `os.O_RDONLY`, `os.O_WRONLY` or `os.O_RDWR`, perhaps with `os.O_APPEND`.

    Returns:
        A file descriptor. From now on only this user can open the file.

    Raises:
        FileNotFoundError: If nothing exists at the path.
        NotOwnFileError: If anything else exists at the path; it stays unchanged.
    """
    # Do not open devices: opening some has side effects.
    _require_own(os.lstat(path), path)
    try:
        descriptor = os.open(path, flags | _FLAGS)
    except OSError as exc:
        if exc.errno in _NOT_OWN:  # replaced since lstat, or not readable by its own user
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
    """Create a file that only this user can open, and open it for reading and writing.

    Raises:
        FileExistsError: If anything exists at the path.
    """
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)


def append_to_own(path: str) -> int:
    """Open a file that only this user can open, or create it, to write at its end.

    Raises:
        NotOwnFileError: If anything but such a file exists at the path; it stays unchanged.
        OSError: If it cannot be opened or created.
    """
    try:
        return open_own(path, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:
        with suppress(FileExistsError):  # another process has created it since
            os.close(create_own(path))
        return open_own(path, os.O_WRONLY | os.O_APPEND)


def is_at(descriptor: int, path: str) -> bool:
    """Return whether `path` names the open file itself, not a symbolic link to it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False


def belongs_to_user(status: os.stat_result, path: str) -> bool:
    """Return whether a file with this status belongs to the user of this process.

    Some file systems change the owner of files, such as NFS those of root. A file also belongs to
    the user if its owner is the one that a new file gets in the same folder.
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
    """Return the status of a new file in the folder of the path `beside`.

    Creates and removes a file. The umask can only be read by setting it, which affects all threads,
    and it does not apply in folders that have default access control lists.
    """
    path = unpredictable(beside)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o666)
    try:
        return os.fstat(descriptor)
    finally:
        os.close(descriptor)
        os.remove(path)  # noqa: PTH107


def unpredictable(path: str) -> str:
    """Return an unpredictable hidden name in the same folder, with the same suffix."""
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)  # noqa: PTH122
    hidden = stem if stem.startswith(".") else f".{stem}"
    return os.path.join(folder, f"{hidden}.{secrets.token_hex(8)}{suffix}")  # noqa: PTH118


def _require_own(status: os.stat_result, path: str) -> None:
    is_single = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
    if not (is_single and belongs_to_user(status, path)):
        raise NotOwnFileError(path)


def _require_private(descriptor: int, status: os.stat_result, path: str) -> None:
    """Set mode 0600; refuse a file that others could have opened for writing before."""
    if not (hasattr(os, "geteuid") and hasattr(os, "fchmod")) or not status.st_mode & 0o077:
        return
    try:
        os.fchmod(descriptor, 0o600)
    except OSError:
        return  # the file system does not store modes and shows the same one for each file
    has_modes = not os.fstat(descriptor).st_mode & 0o077
    if has_modes and status.st_mode & _FOR_OTHERS_TO_WRITE:
        raise NotOwnFileError(path)
