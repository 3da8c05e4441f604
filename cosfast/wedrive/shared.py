"""`SharedValue`: a value that expires, fetched once for all threads that need it."""

from __future__ import annotations

import copy
import time
from concurrent.futures import Future, wait
from threading import Lock
from typing import TYPE_CHECKING, Generic, TypeVar

from cosfast.errors import CosError, RequestError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

PATIENCE = 0.1
"""Seconds that a thread waits for another thread's fetch before it checks for a stop."""


class SharedValue(Generic[T]):
    """A value that threads share; fetched again after it expired or was dropped."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._value: T | None = None
        self._renew_at = 0.0
        self._fetching: Future[T] | None = None

    def get(self, fetch: Callable[[], tuple[T, float]], check: Callable[[], object]) -> T:
        """Return the value; fetch it, or wait for the thread that already fetches it.

        Args:
            fetch: Returns a value, and the seconds after which it has to be renewed. Its exception
                is raised in every waiting thread, unless it is only about the fetching thread,
                such as a cancellation; then a waiting thread fetches.
            check: Raises if this thread has to stop waiting.
        """
        while True:
            with self._lock:
                if self._value is not None and time.monotonic() < self._renew_at:
                    return self._value
                fetching = self._fetching
                if fetching is None:
                    mine = self._fetching = Future()
            if fetching is None:
                return self._fetch(mine, fetch)
            while not wait([fetching], timeout=PATIENCE).done:
                check()
            failure = fetching.exception()
            if failure is None:
                return fetching.result()
            if isinstance(failure, RequestError):
                raise copy.copy(failure) from failure
            if not isinstance(failure, CosError):
                raise failure
            check()  # only the transfer of the other thread was cancelled: try again

    def drop(self, refused: Callable[[T], bool]) -> bool:
        """Drop the value if `refused` returns true for it; return whether it was dropped."""
        with self._lock:
            if self._value is None or not refused(self._value):
                return False
            self._value = None
            return True

    def _fetch(self, mine: Future[T], fetch: Callable[[], tuple[T, float]]) -> T:
        try:
            value, lifetime = fetch()
        except BaseException as exc:
            with self._lock:
                self._fetching = None
            mine.set_exception(exc)
            raise
        with self._lock:
            self._value = value
            self._renew_at = time.monotonic() + lifetime
            self._fetching = None
        mine.set_result(value)
        return value
