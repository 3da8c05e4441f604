"""What can be wrong with a journal, and how SQLite says so.

SQLite's result codes reach Python from 3.11 on only, so its messages are read, which are fixed
English texts of the library.
"""

from __future__ import annotations

_DAMAGE = (
    "file is not a database",
    "database disk image is malformed",
    "malformed database schema",
    "unsupported file format",
    "Could not decode to UTF-8",
    # The statements are right for the schema that the file says it has, so these are damage too.
    "no such table",
    "no such column",
    "table parts has no column",
    "table sha1s has no column",
    "table uploads has no column",
    "UNIQUE constraint failed",
)


class JournalError(Exception):
    """The journal cannot be used; the message says why."""


class DamagedError(JournalError):
    """What is in the file is not what was written to it."""


def is_busy(error: BaseException) -> bool:
    """Whether another process or thread holds a lock, and may let go of it soon."""
    return str(error) == "database is locked"


def is_damage(error: BaseException) -> bool:
    """Whether the file is broken, so that no later try can do better."""
    return isinstance(error, DamagedError) or str(error).startswith(_DAMAGE)
