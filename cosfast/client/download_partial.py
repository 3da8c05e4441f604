"""`PartialFile`: a download that is not whole yet, beside the file that it will be.

Two files stand for it: ``.NAME.cosfast-part`` has the bytes, ``.NAME.cosfast-of`` says of which
content they are. Bytes are only ever appended, so that after the death of a process the file is
a beginning of the content, however long it got. Even that is not believed: a resumed download
hashes what is there, and where the whole does not have the SHA-1 in the end, all is fetched anew.
"""

from __future__ import annotations

import errno
import json
import os
import stat as modes
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from cosfast.errors import InputError
from cosfast.hashing.sha1 import sha1

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ModuleNotFoundError:  # Windows, where an open file cannot be replaced anyway
    LOCKS = False
else:
    LOCKS = True

CLOSES_FIRST = os.name == "nt"
"""Whether the system neither renames nor removes a file that is open."""

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.hashing.sha1 import Sha1

PART_SUFFIX = ".cosfast-part"
IDENTITY_SUFFIX = ".cosfast-of"

_LONGEST_NAME = 200  # bytes of it that leave room for the suffixes in the 255 of most systems
_BLOCK = 1024 * 1024
_WRITE_SIZE = 32 * 1024  # for more at a time Linux wants memory in one piece, which may be cold


class PartialFile:
    """The bytes that are there so far, open for appending; see `opened`.

    Attributes:
        length: bytes in it.
    """

    def __init__(self, target: str, descriptor: int) -> None:
        self._target = target
        self._part, self._identity = partial_paths(target)
        self._descriptor = descriptor
        self._closed = False
        self.length: int = os.fstat(descriptor).st_size

    @classmethod
    @contextmanager
    def opened(cls, target: str) -> Iterator[PartialFile]:
        """Yield what is there for `target`, or an empty one; nobody else has it meanwhile.

        Raises:
            BlockingIOError: where another download has it.
            OSError: where it cannot be made.
        """
        descriptor = _open_locked(partial_paths(target)[0])
        made = cls(target, descriptor)
        try:
            yield made
        finally:
            made.close()

    def belongs_to(self, sha: str, filesize: int) -> bool:
        """Tell whether the bytes in it are said to be of that content."""
        try:
            with open(self._identity, "rb") as file:  # noqa: PTH123 - a path is text here
                said = json.loads(file.read(_BLOCK))
        except (OSError, ValueError):
            return False
        return bool(said == _identity(sha, filesize)) and self.length <= filesize

    def start_over(self, sha: str | None, filesize: int) -> None:
        """Throw the bytes away, and note of what content the next will be.

        Args:
            sha: the SHA-1 of the whole; None notes nothing, and nothing will be resumed.
            filesize: bytes in the whole.
        """
        _remove(self._identity)
        os.ftruncate(self._descriptor, 0)
        self.length = 0
        if sha is not None:
            with open(self._identity, "w", encoding="ascii") as file:  # noqa: PTH123
                json.dump(_identity(sha, filesize), file)

    def hash_content(self, advance: Callable[[int], object]) -> Sha1:
        """Return the SHA-1 of the bytes in it, whose number `advance` is told as it goes."""
        hasher = sha1()
        buffer = memoryview(bytearray(min(_BLOCK, self.length)))
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        with open(self._descriptor, "rb", buffering=0, closefd=False) as file:
            while count := file.readinto(buffer):
                hasher.update(buffer[:count])
                advance(count)
        return hasher

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

    def publish(self) -> None:
        """Make it the target, on disk before it has that name."""
        with suppress(OSError):  # there was none, or the system has no such modes
            os.chmod(self._part, modes.S_IMODE(os.stat(self._target).st_mode))  # noqa: PTH101, PTH116
        os.fsync(self._descriptor)
        if CLOSES_FIRST:
            self.close()
        # First: a part without its identity is thrown away, an identity without a part would stay.
        _remove(self._identity)
        os.replace(self._part, self._target)  # noqa: PTH105
        _sync_folder(os.path.dirname(self._target))  # noqa: PTH120

    def discard(self) -> None:
        """Remove it."""
        if CLOSES_FIRST:
            self.close()
        _remove(self._identity)
        _remove(self._part)

    def close(self) -> None:
        """Let go of it; once more is as good as once."""
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)


def resolve_target(target: str | os.PathLike[str], *, overwrite: bool) -> str:
    """Return the path of the file to be; links lead to it.

    Raises:
        InputError: where something is there that is not a file.
        FileExistsError: where a file is there that is not to be replaced.
    """
    path = os.path.realpath(os.fsdecode(target))
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116
    except FileNotFoundError:
        return path
    if not modes.S_ISREG(mode):
        raise InputError(f"{path} is not a file, and cannot be replaced by one")
    if not overwrite:
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path)
    return path


def partial_paths(target: str) -> tuple[str, str]:
    """Return where the bytes of a download to `target` are, and where it says whose they are."""
    folder, name = os.path.split(target)
    if len(os.fsencode(name)) > _LONGEST_NAME:
        name = sha1(os.fsencode(name)).hexdigest()
    base = os.path.join(folder, f".{name}")  # noqa: PTH118
    return base + PART_SUFFIX, base + IDENTITY_SUFFIX


def _identity(sha: str, filesize: int) -> dict[str, Any]:
    return {"filesize": filesize, "sha1": sha}


def _open_locked(path: str) -> int:
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
    while True:
        descriptor = os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            _lock(descriptor, path)
            if _is_at(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)  # it became somebody's target between the two


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


def _is_at(descriptor: int, path: str) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))  # noqa: PTH116
    except FileNotFoundError:
        return False


def _remove(path: str) -> None:
    with suppress(FileNotFoundError):
        os.remove(path)  # noqa: PTH107


def _sync_folder(folder: str) -> None:
    """Have the new name on disk too, where a folder can be synchronised."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
