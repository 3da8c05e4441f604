"""Pass times that were measured before to pytest-benchmark, through its public API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable


class ReplayClock:
    """A timer for pytest-benchmark that advances only by given times.

    pytest-benchmark times all rounds of one function before those of the next, whereas a race
    alternates. So the race measures, and pytest-benchmark replays its times round by round.
    """

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        """Return the seconds since `rewind`."""
        return self._now

    def rewind(self) -> None:
        """Start the next round at 0, which keeps its time exact."""
        self._now = 0.0

    def replay(self, benchmark: Any, times: Iterable[float]) -> None:
        """Run a `benchmark` fixture whose timer is `now`, with one round for each time."""
        seconds = list(times)
        left = iter(seconds)

        def take_as_long() -> None:
            self._now += next(left, 0.0)

        benchmark.pedantic(take_as_long, setup=self.rewind, rounds=len(seconds))
