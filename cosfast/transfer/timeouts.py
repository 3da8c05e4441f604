"""`Timeouts`, and `StallGuard`, which limits the waiting for a peer that is too slow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import InputError

if TYPE_CHECKING:
    from cosfast.transfer.cancellation import Cancellation

MIN_RATE = 1024
"""Minimum bytes a second, averaged over the read timeout; a slower peer counts as stalled."""

_LONGEST = 1_000_000.0  # seconds; the timeout of a socket is limited to about 24 days


class Timeouts(NamedTuple):
    """Seconds to connect, and seconds to wait for bytes."""

    connect: float
    read: float

    @classmethod
    def of(cls, value: object) -> Timeouts:
        """Return the timeouts of a user's argument: one number, or a (connect, read) tuple.

        Raises:
            InputError: If it is neither, or a number is not positive.
        """
        pair = value if isinstance(value, tuple) else (value, value)
        if len(pair) != len(cls._fields) or not all(map(_is_positive, pair)):
            raise InputError(
                "timeout must be a positive number of seconds, or a (connect, read) tuple of two,"
                f" not {value!r}"
            )
        return cls(*(min(float(seconds), _LONGEST) for seconds in pair))


class StallGuard:
    """Limits the time that one request may wait for its peer, by the number of bytes transferred.

    The timeout of a socket restarts with each byte, so a peer that sends one byte a second could
    delay a request indefinitely. Here ``seconds * MIN_RATE`` bytes must be transferred in each
    `seconds` of waiting. Time that is not spent waiting for the socket, for example because of a
    bandwidth limit, does not count.

    Args:
        seconds: The read timeout.
        cancellation: Its deadline also limits the waiting.
    """

    def __init__(self, seconds: float, cancellation: Cancellation) -> None:
        self._seconds = seconds
        self._cancellation = cancellation
        self.restart()

    def restart(self) -> None:
        """Begin a new period of waiting."""
        self._waited = 0.0
        self._moved = 0

    def timeout(self) -> float:
        """Return the seconds that the next wait may take.

        Raises:
            TimeoutError: If no time is left, or the deadline is exceeded.
        """
        left = self._seconds - self._waited
        if left <= 0:
            raise TimeoutError(f"only {self._moved} bytes in {self._seconds:g} s")
        remaining = self._cancellation.remaining()
        if remaining <= 0:
            raise TimeoutError("deadline exceeded")
        return min(left, remaining)

    def waited(self, seconds: float, moved: int) -> None:
        """Record a wait: its length in seconds, and the number of bytes transferred."""
        self._waited += seconds
        self._moved += moved
        if self._moved >= MIN_RATE * self._seconds:
            self.restart()


def _is_positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return value > 0 and math.isfinite(value)
