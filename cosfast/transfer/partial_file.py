"""`PartialFile`: a download that is not whole yet, beside the file that it will be.

Two files stand for it: ``.NAME.cosfast-part`` has the bytes, ``.NAME.cosfast-of`` says of which
content they are. Bytes are only ever appended, so that after the death of a process the file is
a beginning of the content, however long it got. Even that is not believed: a resumed download
hashes what is there, and if the whole does not have the hash in the end, all is fetched anew.

Others may have put anything at these names. What is there is used only if it is a file of the
user alone (`cosfast.ownfiles`), and removed otherwise. If it cannot be removed, the bytes go to a
file with a name that nobody can predict, which is not resumed.
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
except ModuleNotFoundError:  # Windows, which does not replace an open file anyway
    LOCKS = False
else:
    LOCKS = True

CLOSES_FIRST = os.name == "nt"
"""Whether the system neither renames nor removes a file that is open."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

logger: logging.Logger = logging.getLogger("cosfast.transfer")

PART_SUFFIX = ".cosfast-part"
IDENTITY_SUFFIX = ".cosfast-of"

_LONGEST_NAME = 200  # bytes of it that leave room for the suffixes in the 255 of most systems
_BLOCK = 1024 * 1024
_LONGEST_IDENTITY = 256  # bytes; ours has about a hundred
_TRIES = 8  # how often what is at the name of a partial file may change while it is opened
_ACCESS = 0o777  # without setuid, setgid and sticky, which new content is not to be given
_WRITE_SIZE = 32 * 1024  # for more at a time Linux wants memory in one piece, which may be cold


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
    """The bytes that are there so far, open for appending; see `opened`.

    Attributes:
        length: Bytes in it.
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
        """Yield what is there for `target`, or an empty one; nobody else has it meanwhile.

        Raises:
            BlockingIOError: If another download has it.
            OSError: If it cannot be made.
        """
        part, identity = partial_paths(target)
        descriptor = _open_locked(part)
        if descriptor is None:
            logger.warning(
                "%s is not a file of yours and cannot be removed: the download to %s uses another"
                " name, and cannot be resumed if it is interrupted",
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
        """Whether the next download can find it, and knows what it is."""
        return self._resumable and self.length > 0

    def belongs_to(self, content: ContentIdentity) -> bool:
        """Tell whether the bytes in it are said to be of that content."""
        if self._identity is None:
            return False
        try:
            with open(open_own(self._identity, os.O_RDONLY), "rb") as file:  # noqa: PTH123
                said = json.loads(file.read(_LONGEST_IDENTITY))
        except (OSError, ValueError, RecursionError):
            return False
        return bool(said == content.to_document()) and self.length <= content.filesize

    def start_over(self, content: ContentIdentity | None) -> None:
        """Throw the bytes away, and note of what content the next will be.

        Args:
            content: Which; None notes nothing, and nothing will be resumed.
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
        """Pass the bytes in it to `update`, and their number to `advance` as it goes."""
        buffer = memoryview(bytearray(min(_BLOCK, self.length)))
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with open(self._descriptor, "rb", buffering=0, closefd=False) as file:
            while count := file.readinto(buffer):
                update(buffer[:count])
                advance(count)

    def append(self, view: memoryview) -> None:
        """Write bytes behind those in it."""
        begin = self.length
        os.lseek(self._descriptor, begin, os.SEEK_SET)
        while view:
            count = os.write(self._descriptor, view[:_WRITE_SIZE])
            self.length += count
            view = view[count:]
        if hasattr(os, "posix_fadvise"):
            # Linux begins to write them to the disk now, rather than all in the fsync at the end.
            with suppress(OSError):
                count = self.length - begin
                os.posix_fadvise(self._descriptor, begin, count, os.POSIX_FADV_DONTNEED)

    def publish(self, *, overwrite: bool) -> None:
        """Make it the target, on disk before it has that name.

        Args:
            overwrite: Replace a file that is there.

        Raises:
            FileExistsError: If one is there that is not to be replaced.
            OSError: If it cannot have the name, or was itself removed or replaced.
        """
        self._take_final_mode()
        os.fsync(self._descriptor)
        if not is_at(self._descriptor, self._part):
            raise FileNotFoundError(
                errno.ENOENT,
                "the partial file was removed or replaced meanwhile; download it again",
                self._part,
            )
        if CLOSES_FIRST:
            self.close()
        # First: a part without its identity is thrown away, an identity without a part would stay.
        self._resumable = False
        self._remove_identity()
        if overwrite:
            os.replace(self._part, self._target)  # noqa: PTH105
        else:
            _rename_to_new(self._part, self._target)
        _sync_folder(os.path.dirname(self._target))  # noqa: PTH120

    def discard(self) -> None:
        """Remove it."""
        if not self._closed and not is_at(self._descriptor, self._part):
            return  # what has its name is somebody else's
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
            # If it cannot be removed, it is not ours, and nobody believes it.
            with suppress(OSError):
                os.remove(self._identity)  # noqa: PTH107

    def _take_final_mode(self) -> None:
        """Give it the mode of the file that it replaces, or the one that a new file gets here."""
        if not hasattr(os, "fchmod"):
            return
        with suppress(OSError):  # it stays private, or the file system has no such modes
            os.fchmod(self._descriptor, self._final_mode())

    def _final_mode(self) -> int:
        try:
            replaced = os.lstat(self._target)
        except FileNotFoundError:
            return status_of_new_file(self._part).st_mode & _ACCESS
        if not modes.S_ISREG(replaced.st_mode):  # a link that came meanwhile
            return 0o600
        mode = replaced.st_mode & _ACCESS
        if replaced.st_gid != os.fstat(self._descriptor).st_gid:
            try:
                os.fchown(self._descriptor, -1, replaced.st_gid)
            except OSError:  # another group gets no more than everybody
                mode &= 0o707 | (mode & 0o007) << 3
        return mode


def resolve_target(target: str | os.PathLike[str], *, overwrite: bool) -> str:
    """Return the path of the file to be; links lead to it.

    Raises:
        InputError: If something is there that is not a file, or no file can have that name.
        FileExistsError: If a file is there that is not to be replaced.
        PermissionError: If the system does not follow a link there, which another user made.
    """
    try:
        path = os.path.realpath(os.fsdecode(target))
        # Not of `path`: the system follows the links again, by its rules for sticky folders.
        mode = os.stat(target).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return path
    except ValueError as exc:  # a NUL in the path
        raise InputError(f"the target {target!r} cannot be the path of a file: {exc}") from None
    if not modes.S_ISREG(mode):
        raise InputError(f"{path} is not a file, and cannot be replaced by one")
    if not overwrite:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    return path


def partial_paths(target: str) -> tuple[str, str]:
    """Return the paths of the bytes of a download to `target`, and of the note of their content."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = sha1(os.fsencode(name)).hexdigest()
    base = os.path.join(folder, f".{name}")  # noqa: PTH118
    return base + PART_SUFFIX, base + IDENTITY_SUFFIX


def is_partial(name: str) -> bool:
    """Tell whether a file of that name, or path with ``/``, belongs to an unfinished download."""
    hidden = name.rpartition("/")[2].startswith(".")
    return hidden and name.endswith((PART_SUFFIX, IDENTITY_SUFFIX))


def _open_locked(path: str) -> int | None:
    """Open the user's own file at `path`, made if need be; None if something stays in its way."""
    for _ in range(_TRIES):
        try:
            descriptor = open_own(path, os.O_RDWR)
        except NotOwnFileError:
            try:
                _remove(path)
            except OSError:  # a folder; or another user's file in a sticky folder
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
        os.close(descriptor)  # it became somebody's target between the two
    return None  # somebody exchanges it again and again


def _lock(descriptor: int, path: str) -> None:
    if not LOCKS:
        return
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        raise BlockingIOError(
            errno.EAGAIN, "another download to the same file is under way", path
        ) from None
    except OSError:  # a file system without locks
        return


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)  # noqa: PTH107


def _rename_to_new(path: str, target: str) -> None:
    """Rename a file, unless something has that name, even if it came a moment ago.

    Raises:
        FileExistsError: If something has it.
    """
    if os.name == "nt":
        os.rename(path, target)  # noqa: PTH104 - which replaces nothing there
        return
    try:
        os.link(path, target)
    except FileExistsError:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
    except OSError:  # the file system has no hard links, so there is no such way
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target) from None
        os.replace(path, target)  # noqa: PTH105
    else:
        _remove(path)


def _sync_folder(folder: str) -> None:
    """Have the new name on disk too, if a folder can be synchronised."""
    flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NONBLOCK", 0)
    with suppress(OSError):
        descriptor = os.open(folder, flags)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
