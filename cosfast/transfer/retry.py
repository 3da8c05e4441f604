"""`RetryPolicy`: how often a failed request is tried again, and after how long."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cosfast.errors import InputError
from cosfast.parsing import is_finite, shown


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter under a total budget; immutable, shared freely.

    The wait before try ``n + 1`` is drawn evenly from 0 to ``min(max_delay, base_delay * 2**n)``
    seconds, so that clients which failed together do not come back together. If the server says
    how long to wait, the wait is at least that long.

    Attributes:
        tries: Tries in all for one request, at least 1 (no retry).
        base_delay: Seconds; the bound of the first wait.
        max_delay: Seconds; no wait's bound grows beyond it.
        budget: Seconds from the first try after which no further one starts.

    Raises:
        InputError: If a number is out of range; it names the attribute.
    """

    tries: int = 6
    base_delay: float = 0.2
    max_delay: float = 10.0
    budget: float = 120.0

    def __post_init__(self) -> None:
        if not isinstance(self.tries, int) or self.tries < 1:
            raise InputError(f"retry tries must be at least 1, not {shown(self.tries)}")
        for name in ("base_delay", "max_delay", "budget"):
            value = getattr(self, name)
            if not (is_finite(value) and value >= 0):
                raise InputError(f"retry {name} must be a number of seconds, not {shown(value)}")

    def wait_before_next(
        self, failures: int, elapsed: float, *, at_least: float | None = None
    ) -> float | None:
        """Return the seconds to wait after the `failures`-th failure, or None to give up.

        Args:
            failures: Tries that failed so far, from 1.
            elapsed: Seconds since the first try began.
            at_least: Seconds that the server asked for, or None.
        """
        if failures >= self.tries:
            return None
        # ldexp would overflow for absurd counts of tries; the bound is max_delay long before.
        bound = min(self.max_delay, self.base_delay * 2.0 ** min(failures - 1, 60))
        wait = max(random.uniform(0, bound), at_least or 0.0)
        return wait if elapsed + wait <= self.budget else None


NO_RETRY = RetryPolicy(tries=1)
"""Each request is tried once."""
