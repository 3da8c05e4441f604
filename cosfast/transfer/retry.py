"""`RetryPolicy`: how often a failed request is retried, and with what delay."""

from __future__ import annotations

import random
from dataclasses import dataclass

from cosfast.errors import InputError
from cosfast.parsing import is_finite, shown


@dataclass(frozen=True)
class RetryPolicy:
    """Exponential backoff with full jitter and a retry budget; immutable.

    The delay before the ``n``-th retry is chosen uniformly between 0 and
    ``min(max_delay, base_delay * 2**(n - 1))`` seconds, so that clients that failed at the same
    time do not retry at the same time. If the server says how long to wait, the delay is at least
    that long.

    Attributes:
        tries: Maximum number of attempts of one request; 1 for no retries.
        base_delay: Upper bound of the first delay, in seconds.
        max_delay: Maximum of that upper bound for any delay, in seconds.
        budget: Seconds from the first attempt after which no further attempt starts.

    Raises:
        InputError: If an attribute is out of range.
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
                raise InputError(
                    f"retry {name} must be a number of seconds from 0, not {shown(value)}"
                )

    def wait_before_next(
        self, failures: int, elapsed: float, *, at_least: float | None = None
    ) -> float | None:
        """Return the seconds to wait after the `failures`-th failure, or None to give up.

        Args:
            failures: Number of failed attempts so far, from 1.
            elapsed: Seconds since the first attempt began.
            at_least: Seconds of the server's `Retry-After`, or None.
        """
        if failures >= self.tries:
            return None
        # Limit the exponent, since a large one overflows; the bound is max_delay long before.
        bound = min(self.max_delay, self.base_delay * 2.0 ** min(failures - 1, 60))
        wait = max(random.uniform(0, bound), at_least or 0.0)
        return wait if elapsed + wait <= self.budget else None


NO_RETRY = RetryPolicy(tries=1)
"""Policy of one attempt for each request."""
