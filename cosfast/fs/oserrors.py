"""Conversion of cosfast's errors to the corresponding `OSError`."""

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

# OSError(number) returns the subclass of that number, such as FileNotFoundError.
_NUMBERS: tuple[tuple[type[CosError], int], ...] = (
    (NotFoundError, errno.ENOENT),
    (ExistsError, errno.EEXIST),
    (UnfinishedUploadError, errno.EEXIST),
    (AuthenticationError, errno.EACCES),
    (TransportTimeout, errno.ETIMEDOUT),
)

_SELF_EXPLANATORY = frozenset(
    {errno.ENOENT, errno.EEXIST, errno.ENOTEMPTY, errno.EISDIR, errno.ENOTDIR}
)
"""Numbers whose errors carry the system's message instead of the server's."""


@contextmanager
def os_errors(path: str) -> Iterator[None]:
    """Convert a `CosError` of the block to the corresponding `OSError` about `path`.

    `InputError` (a ValueError) and `SourceChanged` (an OSError) pass unchanged.
    """
    try:
        yield
    except CosError as exc:
        if isinstance(exc, (InputError, OSError)):
            raise
        raise as_os_error(exc, path) from exc


def as_os_error(error: CosError, path: str) -> OSError:
    """Return the `OSError` that corresponds to `error`."""
    number = next((number for kind, number in _NUMBERS if isinstance(error, kind)), errno.EIO)
    if isinstance(error, ServerError) and error.code == Code.FOLDER_NOT_EMPTY:
        number = errno.ENOTEMPTY
    return os_error(number, path, None if number in _SELF_EXPLANATORY else str(error))


def os_error(number: int, path: str, message: str | None = None) -> OSError:
    """Return the `OSError` of a number in `errno`; by default with the system's message."""
    return OSError(number, message or os.strerror(number), path)
