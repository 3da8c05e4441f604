"""`PartialFile`: an incomplete download, in a hidden file beside its target.

It consists of two files: ``.NAME.cosfast-part`` contains the bytes, and ``.NAME.cosfast-of``
identifies the content that they belong to. Bytes are only appended, so that after a crash the file
is a prefix of the content, of any length. Even that is verified: a resumed download hashes the
existing bytes, and if the complete file does not match the digest, everything is downloaded again.

Other users may have created files with these names. An existing file is used only if it belongs to
the user alone (`cosfast.ownfiles`), and removed otherwise. If it cannot be removed, the bytes are
written to a file with an unpredictable name, which cannot be resumed.
"""

from __future__ import annotations

import errno
import json
import logging
import os
import stat as modes
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.errors import InputError
from cosfast.hashing.hashes import sha1
from cosfast.ownfiles import (
    NotOwnFileError,
    create_own,
    is_at,
    open_own,
    status_of_new_file,
    unpredictable,
)

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ModuleNotFoundError:  # Windows, which does not replace an open file
    LOCKS = False
else:
    LOCKS = True

CLOSES_FIRST = os.name == "nt"
"""Whether the system can neither rename nor remove an open file."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger: logging.Logger = logging.getLogger("cosfast.transfer")

PART_SUFFIX = ".cosfast-part"
IDENTITY_SUFFIX = ".cosfast-of"

_LONGEST_NAME = 200  # bytes; with a suffix it fits into the 255 bytes of most file systems
_BLOCK = 1024 * 1024
_LONGEST_IDENTITY = 256  # bytes; a valid one has about a hundred
_TRIES = 8  # how often the file at the name of a partial file may be replaced while it is opened
_ACCESS = 0o777  # without setuid, setgid and sticky, which new content must not inherit
_WRITE_SIZE = 32 * 1024  # for larger writes Linux needs contiguous memory, which may not be cached


class ContentIdentity(NamedTuple):
    """What tells one content from another: its length and its hash.

    Attributes:
        filesize: Bytes in the whole.
        algorithm: ``"sha1"`` or ``"sha256"``.
        digest: That hash of it, in lower-case hex.
    """

    filesize: int
    algorithm: str
    digest: str

    def to_document(self) -> dict[str, Any]:
        """Return what is written beside a partial file."""
        return {"filesize": self.filesize, self.algorithm: self.digest}


class PartialFile:
    """The bytes received so far, open for appending; see `opened`.

    Attributes:
        length: Number of bytes in the file.
    """

    def __init__(self, target: str, part: str, identity: str | None, descriptor: int) -> None:
        self._target = target
        self._part = part
        self._identity = identity
        self._descriptor = descriptor
        self._closed = False
        self._resumable = identity is not None
        self.length: int = os.fstat(descriptor).st_size

    @classmethod
    @contextmanager
    def opened(cls, target: str) -> Iterator[PartialFile]:
        """Yield the partial file of `target`, new or existing, locked while the block runs.

        Raises:
            BlockingIOError: If another download to `target` is in progress.
            OSError: If the file cannot be created.
        """
        part, identity = partial_paths(target)
        descriptor = _open_locked(part)
        if descriptor is None:
            logger.warning(
                "%s is not a regular file of this user and cannot be removed: the download to %s"
                " uses another name, and cannot be resumed if it is interrupted; remove the file",
                part,
                target,
            )
            part = unpredictable(part)
            made = cls(target, part, None, create_own(part))
        else:
            made = cls(target, part, identity, descriptor)
        try:
            yield made
        finally:
            made.close()

    @property
    def is_resumable(self) -> bool:
        """Whether the next download can find the file and identify its content."""
        return self._resumable and self.length > 0

    def belongs_to(self, content: ContentIdentity) -> bool:
        """Return whether the recorded identity is that of `content`."""
        if self._identity is None:
            return False
        try:
            with open(open_own(self._identity, os.O_RDONLY), "rb") as file:  # noqa: PTH123
                recorded = json.loads(file.read(_LONGEST_IDENTITY))
        except (OSError, ValueError, RecursionError):
            return False
        return bool(recorded == content.to_document()) and self.length <= content.filesize

    def start_over(self, content: ContentIdentity | None) -> None:
        """Truncate the file, and record the identity of the content that it will contain.

        Args:
            content: The identity; None to record nothing, so that the download cannot be resumed.
        """
        self._resumable = False
        self._remove_identity()
        os.ftruncate(self._descriptor, 0)
        self.length = 0
        if content is not None and self._identity is not None:
            try:
                descriptor = create_own(self._identity)
            except FileExistsError:  # it cannot be removed
                return
            with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123
                json.dump(content.to_document(), file)
            self._resumable = True

    def read_content(
        self, update: Callable[[memoryview], object], advance: Callable[[int], object]
    ) -> None:
        """Pass the bytes in the file to `update`, and the number of each block to `advance`."""
        buffer = memoryview(bytearray(min(_BLOCK, self.length)))
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with open(self._descriptor, "rb", buffering=0, closefd=False) as file:
            while count := file.readinto(buffer):
                update(buffer[:count])
                advance(count)

    def append(self, view: memoryview) -> None:
        """Append bytes to the file."""
        begin = self.length
        os.lseek(self._descriptor, begin, os.SEEK_SET)
        while view:
            count = os.write(self._descriptor, view[:_WRITE_SIZE])
            self.length += count
            view = view[count:]
        if hasattr(os, "posix_fadvise"):
            # Make Linux begin to write them to disk now, instead of all at the final fsync.
            with suppress(OSError):
                count = self.length - begin
                os.posix_fadvise(self._descriptor, begin, count, os.POSIX_FADV_DONTNEED)

    def publish(self, *, overwrite: bool) -> None:
        """Flush the file to disk, then rename it to the target.

        Args:
            overwrite: Whether to replace an existing file.

        Raises:
            FileExistsError: If the target exists and `overwrite` is false.
            OSError: If the file cannot be renamed, or was removed or replaced.
        """
        self._take_final_mode()
        os.fsync(self._descriptor)
        if not is_at(self._descriptor, self._part):
            raise FileNotFoundError(
                errno.ENOENT,
                "the partial file was removed or replaced during the download; download it again",
                self._part,
            )
        if CLOSES_FIRST:
            self.close()
        # Before the rename: a part without its identity is discarded by the next download, but an
        # identity without its part would remain.
        self._resumable = False
        self._remove_identity()
        if overwrite:
            os.replace(self._part, self._target)  # noqa: PTH105
        else:
            _rename_to_new(self._part, self._target)
        _sync_folder(os.path.dirname(self._target))  # noqa: PTH120

    def discard(self) -> None:
        """Remove the file, with its identity."""
        if not self._closed and not is_at(self._descriptor, self._part):
            return  # another file has its name now
        if CLOSES_FIRST:
            self.close()
        self._remove_identity()
        _remove(self._part)

    def close(self) -> None:
        """Close the file. Idempotent."""
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)

    def _remove_identity(self) -> None:
        if self._identity is not None:
            # If it cannot be removed, it belongs to another user and is ignored by `belongs_to`.
            with suppress(OSError):
                os.remove(self._identity)  # noqa: PTH107

    def _take_final_mode(self) -> None:
        """Set the mode of the file that is replaced, or that of a new file in this folder."""
        if not hasattr(os, "fchmod"):
            return
        with suppress(OSError):  # the file stays private, or the file system has no modes
            os.fchmod(self._descriptor, self._final_mode())

    def _final_mode(self) -> int:
        try:
            replaced = os.lstat(self._target)
        except FileNotFoundError:
            return status_of_new_file(self._part).st_mode & _ACCESS
        if not modes.S_ISREG(replaced.st_mode):  # a link that was created in the meantime
            return 0o600
        mode = replaced.st_mode & _ACCESS
        if replaced.st_gid != os.fstat(self._descriptor).st_gid:
            try:
                os.fchown(self._descriptor, -1, replaced.st_gid)
            except OSError:  # it keeps another group, which gets no more rights than others
                mode &= 0o707 | (mode & 0o007) << 3
        return mode


def resolve_target(target: str | os.PathLike[str], *, overwrite: bool = True) -> str:
    """Return the path of the target, with links resolved.

    Raises:
        InputError: If the target exists and is not a regular file, or its path is not valid.
        FileExistsError: If the target exists and `overwrite` is false.
        PermissionError: If the system refuses to follow a link that another user created.
    """
    try:
        path = os.path.realpath(os.fsdecode(target))
        # Of `target`, not `path`: so the system applies its rules for links in sticky folders.
        mode = os.stat(target).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return path
    except ValueError as exc:  # a NUL in the path
        raise InputError(f"the target {target!r} is not a valid path: {exc}") from None
    if not modes.S_ISREG(mode):
        raise InputError(f"{path} is not a regular file; choose another target")
    if not overwrite:
        raise exists_error(path)
    return path


def exists_error(path: str) -> FileExistsError:
    """Return the error that a file of different content exists at `path`."""
    advice = "a file of different content exists; use overwrite=True (--overwrite) to replace it"
    return FileExistsError(errno.EEXIST, advice, path)


def partial_paths(target: str) -> tuple[str, str]:
    """Return the paths of the partial file of `target`, and of the file with its identity."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = sha1(os.fsencode(name)).hexdigest()
    base = os.path.join(folder, f".{name}")  # noqa: PTH118
    return base + PART_SUFFIX, base + IDENTITY_SUFFIX


def is_partial(name: str) -> bool:
    """Return whether a name, or a path with ``/``, is that of a file of an unfinished download."""
    hidden = name.rpartition("/")[2].startswith(".")
    return hidden and name.endswith((PART_SUFFIX, IDENTITY_SUFFIX))


def _open_locked(path: str) -> int | None:
    """Open or create the user's own file at `path`, locked; None if that is not possible."""
    for _ in range(_TRIES):
        try:
            descriptor = open_own(path, os.O_RDWR)
        except NotOwnFileError:
            try:
                _remove(path)
            except OSError:  # a folder, or another user's file in a sticky folder
                return None
            continue
        except FileNotFoundError:
            try:
                descriptor = create_own(path)
            except FileExistsError:
                continue
        try:
            _lock(descriptor, path)
            if is_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # it was renamed to its target before it was locked
    return None  # the file is replaced again and again


def _lock(descriptor: int, path: str) -> None:
    if not LOCKS:
        return
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(
            errno.EAGAIN, "another download to the same file is in progress; wait for it", path
        ) from None
    except OSError:  # a file system without locks
        return


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)  # noqa: PTH107


def _rename_to_new(path: str, target: str) -> None:
    """Rename a file atomically, without replacing an existing file if the system allows that.

    Raises:
        FileExistsError: If `target` exists.
    """
    if os.name == "nt":
        os.rename(path, target)  # noqa: PTH104 - replaces nothing on Windows
        return
    try:
        os.link(path, target)
    except FileExistsError:
        raise exists_error(target) from None
    except OSError:  # the file system has no hard links: check first, which is not atomic
        if os.path.lexists(target):
            raise exists_error(target) from None
        os.replace(path, target)  # noqa: PTH105
    else:
        _remove(path)


def _sync_folder(folder: str) -> None:
    """Flush the new name to disk, if the system can do that for folders."""
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0)
    with suppress(OSError):
        descriptor = os.open(folder, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
