"""One transaction at a time in a process, and no fork in the middle of one.

A child of a fork would inherit SQLite's mutexes as they are, what SQLite believes of file locks
that the parent alone holds, and the lock of a module that a thread was importing.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING

from cosfast.transfer.journal.failures import JournalError

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 1.0
"""Seconds in all that a transaction waits for other threads and processes."""

# Of the process, as what it guards is. Reentrant, for a signal handler that forks in one's turn.
_turn = RLock()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_turn.acquire, after_in_parent=_turn.release, after_in_child=_turn.release
    )


@contextmanager
def turn(timeout: float = PATIENCE) -> Iterator[None]:
    """Wait for all other threads to be out of this block, and then keep them out.

    Raises:
        JournalError: where that takes longer than `timeout` seconds.
    """
    if not _turn.acquire(timeout=max(0.0, timeout)):
        raise JournalError("the other threads of this process keep it busy")
    try:
        yield
    finally:
        _turn.release()
