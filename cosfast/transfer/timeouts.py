"""How long a request may wait: `Timeouts`, and `StallGuard` for a peer that is too slow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cosfast.errors import InputError

if TYPE_CHECKING:
    from cosfast.transfer.cancellation import Cancellation

MIN_RATE = 1024
"""Bytes a second, on average over the read timeout: a peer that is slower counts as stalled."""

_LONGEST = 1_000_000.0  # seconds; a socket cannot be told to wait much longer than 24 days


class Timeouts(NamedTuple):
    """Seconds to connect, and seconds to wait for bytes."""

    connect: float
    read: float

    @classmethod
    def of(cls, value: object) -> Timeouts:
        """Return what a user gives: a number for both, or a (connect, read) tuple.

        Raises:
            InputError: If it is anything else, or a number is not positive.
        """
        pair = value if isinstance(value, tuple) else (value, value)
        if len(pair) != len(cls._fields) or not all(map(_is_positive, pair)):
            raise InputError(
                "timeout must be a positive number of seconds, or a (connect, read) tuple of two,"
                f" not {value!r}"
            )
        return cls(*(min(float(seconds), _LONGEST) for seconds in pair))


class StallGuard:
    """The time that one request may spend waiting for its peer, by how many bytes it moves.

    A socket's own timeout starts anew with each byte, so a peer that moves a byte a second could
    hold a request for as long as it likes. Here each `seconds` of waiting have to move
    `MIN_RATE` times as many bytes. Time that is not spent waiting for the socket, as when a rate
    limit holds the reader back, does not count.

    Args:
        seconds: The read timeout.
        cancellation: Its deadline ends the waiting, too.
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
            TimeoutError: If none are left.
        """
        left = self._seconds - self._waited
        if left <= 0:
            raise TimeoutError(f"only {self._moved} bytes in {self._seconds:g} s")
        remaining = self._cancellation.remaining()
        if remaining <= 0:
            raise TimeoutError("deadline exceeded")
        return min(left, remaining)

    def waited(self, seconds: float, moved: int) -> None:
        """Take in a wait: how long it took, and how many bytes it moved."""
        self._waited += seconds
        self._moved += moved
        if self._moved >= MIN_RATE * self._seconds:
            self.restart()


def _is_positive(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return value > 0 and math.isfinite(value)
