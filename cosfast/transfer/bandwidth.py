"""`BandwidthLimit`: a limit in bytes a second, shared by all threads of a transfer."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from cosfast.errors import InputError
from cosfast.parsing import is_finite, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PIECE_SECONDS = 0.1
"""Length of a piece that is sent at once, in seconds at the limit: short bursts, short waits."""

MIN_PIECE = 4096
MAX_PIECE = 256 * 1024


class BandwidthLimit:
    """Spaces out bytes evenly over all threads that send or receive them.

    Args:
        bytes_per_second: The limit, more than 0.

    Raises:
        InputError: If the limit is not a positive number.
    """

    def __init__(self, bytes_per_second: float) -> None:
        if not (is_finite(bytes_per_second) and bytes_per_second > 0):
            raise InputError(
                f"max_rate must be a positive number of bytes a second, not"
                f" {shown(bytes_per_second)}"
            )
        self._rate = float(bytes_per_second)
        self._piece = max(MIN_PIECE, min(MAX_PIECE, int(self._rate * PIECE_SECONDS)))
        self._lock = Lock()
        self._free_at = 0.0  # time at which the next byte may be sent

    def pace(
        self, chunks: Iterable[bytes | memoryview], wait: Callable[[float], object]
    ) -> Iterator[bytes | memoryview]:
        """Yield the chunks in pieces, each when the limit allows it.

        Args:
            chunks: The bytes.
            wait: Waits for a number of seconds; an exception that it raises is passed on.
        """
        for chunk in chunks:
            for start in range(0, len(chunk), self._piece):
                piece = chunk[start : start + self._piece]
                seconds = self._reserve(len(piece))
                if seconds > 0:
                    wait(seconds)
                yield piece

    def _reserve(self, count: int) -> float:
        """Reserve the next free interval for `count` bytes; return the seconds until it begins."""
        with self._lock:
            now = time.monotonic()
            begins = max(now, self._free_at)
            self._free_at = begins + count / self._rate
            return begins - now
