"""Which of Python's own errors stands for which of cosfast's: `os_errors`."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosfast.cosv4.protocol.codes import Code
from cosfast.errors import (
    AuthenticationError,
    CosError,
    ExistsError,
    InputError,
    NotFoundError,
    ServerError,
    TransportTimeout,
    UnfinishedUploadError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

# OSError itself becomes the subclass that its number stands for.
_NUMBERS: tuple[tuple[type[CosError], int], ...] = (
    (NotFoundError, errno.ENOENT),
    (ExistsError, errno.EEXIST),
    (UnfinishedUploadError, errno.EEXIST),
    (AuthenticationError, errno.EACCES),
    (TransportTimeout, errno.ETIMEDOUT),
)

_PLAIN = frozenset({errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR, errno.ENOTDIR})
"""What needs no words of the server's."""


@contextmanager
def os_errors(path: str) -> Iterator[None]:
    """Raise the errors of the block as Python's own, from cosfast's, about `path`.

    `InputError`, a ValueError, and `SourceChanged`, an OSError, are that already.
    """
    try:
        yield
    except CosError as exc:
        if isinstance(exc, (InputError, OSError)):
            raise
        raise as_os_error(exc, path) from exc


def as_os_error(error: CosError, path: str) -> OSError:
    """Return the OSError that stands for `error`."""
    number = next((number for kind, number in _NUMBERS if isinstance(error, kind)), errno.EIO)
    if isinstance(error, ServerError) and error.code == Code.FOLDER_NOT_EMPTY:
        number = errno.ENOTEMPTY
    return os_error(number, path, None if number in _PLAIN else str(error))


def os_error(number: int, path: str, words: str | None = None) -> OSError:
    """Return the OSError of a number in `errno`, in the system's words where none are given."""
    return OSError(number, words or os.strerror(number), path)
