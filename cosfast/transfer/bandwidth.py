"""`BandwidthLimit`: at most so many bytes a second, over all threads of a transfer."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING

from cosfast.errors import InputError
from cosfast.parsing import is_finite, shown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PIECE_SECONDS = 0.1
"""Seconds' worth of bytes that are sent at once: bursts stay short, and so does every wait."""

MIN_PIECE = 4096
MAX_PIECE = 256 * 1024


class BandwidthLimit:
    """Spaces bytes out evenly, over every thread that takes them.

    Args:
        bytes_per_second: More than 0.

    Raises:
        InputError: If it is not a positive number.
    """

    def __init__(self, bytes_per_second: float) -> None:
        if not (is_finite(bytes_per_second) and bytes_per_second > 0):
            raise InputError(f"max_rate must be bytes a second, not {shown(bytes_per_second)}")
        self._rate = float(bytes_per_second)
        self._piece = max(MIN_PIECE, min(MAX_PIECE, int(self._rate * PIECE_SECONDS)))
        self._lock = Lock()
        self._free_at = 0.0  # when the time of all bytes so far will be over

    def pace(
        self, chunks: Iterable[bytes | memoryview], wait: Callable[[float], object]
    ) -> Iterator[bytes | memoryview]:
        """Yield the chunks in pieces, each when its time has come.

        Args:
            chunks: The bytes.
            wait: Waits that many seconds; what it raises ends the chunks.
        """
        for chunk in chunks:
            for start in range(0, len(chunk), self._piece):
                piece = chunk[start : start + self._piece]
                seconds = self._reserve(len(piece))
                if seconds > 0:
                    wait(seconds)
                yield piece

    def _reserve(self, count: int) -> float:
        """Take the next free time for `count` bytes; return the seconds until it begins."""
        with self._lock:
            now = time.monotonic()
            begins = max(now, self._free_at)
            self._free_at = begins + count / self._rate
            return begins - now
