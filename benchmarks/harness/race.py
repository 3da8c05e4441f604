"""A race: several implementations of the same work, timed in alternating rounds.

Each round times every contender once, A, B, C, then A, B, C again, so that other load on the
machine affects all of them equally. Results are checked after each run, outside of the timed part.
"""

from __future__ import annotations

import gc
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any

from harness.claims import FASTER, Figure
from harness.errors import UnavailableError, WrongResultError
from harness.kernels import forced_kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from harness.claims import Claim, Comparison

OURS = "cosfast"
PEER = "peer"
LIMIT = "limit"


@dataclass(frozen=True)
class Work:
    """The work of a race.

    Attributes:
        title: Name of the work, with its size.
        data: Input of the contenders: a buffer, a path, or a list of either.
        expected: The result that they must return.
        size: Bytes that one operation processes; 0 if the rate is not in bytes.
        repeats: Number of operations in one run; times are divided by it.
    """

    title: str
    data: Any
    expected: Any
    size: int = 0
    repeats: int = 1


def is_expected(result: Any, work: Work) -> bool:
    """Return whether a result equals the expected one: the default check."""
    return bool(result == work.expected)


@dataclass(frozen=True)
class Contender:
    """One implementation of the work.

    Attributes:
        name: Name, unique in its race.
        run: Does the work; may raise `UnavailableError` in its first, untimed run.
        role: `OURS`, `PEER` or `LIMIT`: a limit does not do the work, but a part that cannot be
            avoided.
        check: Returns whether the result of `run` is correct.
        kernel: Name of the kernel to force.
        share: Fraction of the work that it does, if all of it would take too long and the time is
            proportional to the work; the time is divided by it.
    """

    name: str
    run: Callable[[Work], Any]
    role: str = PEER
    check: Callable[[Any, Work], bool] = is_expected
    kernel: str | None = None
    share: float = 1.0


@dataclass(frozen=True)
class Race:
    """Contenders for one kind of work.

    Attributes:
        group: One of the groups in benchmarks/README.md.
        peer: Name of the contender that the others are compared with.
        contenders: All contenders, in the order of each round.
        claims: Claims by the name of the contender.
        rounds: Number of timed rounds, at least 7 unless the run is a quick one.
        comparison: How two times become a figure.
    """

    group: str
    peer: str
    contenders: tuple[Contender, ...]
    claims: dict[str, Claim] = field(default_factory=dict)
    rounds: int = 15
    comparison: Comparison = FASTER

    @property
    def names(self) -> list[str]:
        """The names of the contenders, in order."""
        return [contender.name for contender in self.contenders]

    def contender(self, name: str) -> Contender:
        """Return a contender by its name."""
        return self.contenders[self.names.index(name)]

    def run(self, work: Work, rounds: int) -> Outcome:
        """Time every contender in each of `rounds` rounds."""
        outcome = Outcome(self, work)
        entrants = [contender for contender in self.contenders if outcome.admits(contender)]
        with _steady_interpreter():
            for _ in range(rounds):
                for contender in entrants:
                    outcome.times[contender.name].append(time_once(contender, work))
        return outcome


@dataclass(frozen=True)
class Outcome:
    """The result of a race.

    Attributes:
        race: The race.
        work: Its work.
        times: Seconds of an operation in each round, by contender.
        absent: Reasons why contenders did not take part.
        failed: Errors of contenders.
    """

    race: Race
    work: Work
    times: dict[str, list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)

    def admits(self, contender: Contender) -> bool:
        """Run a contender once, untimed and checked; return whether it can race."""
        try:
            time_once(contender, self.work)
        except UnavailableError as exc:
            self.absent[contender.name] = str(exc)
        except Exception as exc:  # noqa: BLE001 - its own test raises it; the others continue
            self.failed[contender.name] = exc
        else:
            self.times[contender.name] = []
            return True
        return False

    def compare(
        self, name: str, peer: str | None = None, comparison: Comparison | None = None
    ) -> Figure | None:
        """Compare a contender with the peer, or with another; None if either did not race."""
        peer = peer or self.race.peer
        if name not in self.times or peer not in self.times:
            return None
        return self._figure(self.times[name], self.times[peer], comparison or self.race.comparison)

    @staticmethod
    def _figure(ours: list[float], peer: list[float], comparison: Comparison) -> Figure:
        compare = comparison.of
        by_round = [compare(*pair) for pair in zip(ours, peer, strict=True)]
        return Figure(compare(median(ours), median(peer)), min(by_round), max(by_round))


def time_once(contender: Contender, work: Work) -> float:
    """Return the seconds that one operation takes.

    Raises:
        WrongResultError: If the result is wrong.
    """
    with forced_kernel(contender.kernel):
        start = perf_counter()
        result = contender.run(work)
        seconds = perf_counter() - start
    if not contender.check(result, work):
        raise WrongResultError(f"{contender.name}: {work.title}: returned {result!r:.200}")
    return seconds / work.repeats / contender.share


@contextmanager
def _steady_interpreter() -> Iterator[None]:
    """Disable the garbage collector, so that it does not run while a contender is timed."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
