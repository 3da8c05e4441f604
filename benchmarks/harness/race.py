"""A race: several ways to do the same work, timed in turns so that noise meets all of them alike.

Each round times every contender once, A, B, C, then A, B, C again; what a busy machine takes away
in one round it takes from neighbours in time. Results are checked after each run, untimed.
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
    """What a race is about.

    Attributes:
        title: names the work and its size.
        data: what contenders are given: a buffer, a path, a list of either.
        expected: what they must return.
        size: bytes that one operation takes in; 0 where bytes are not what counts.
        repeats: operations in one run; times are divided by it.
    """

    title: str
    data: Any
    expected: Any
    size: int = 0
    repeats: int = 1


def is_expected(result: Any, work: Work) -> bool:
    """Compare a result with what the work expects: the usual check."""
    return bool(result == work.expected)


@dataclass(frozen=True)
class Contender:
    """One way to do the work.

    Attributes:
        name: is unique in its race.
        run: does the work; may raise `UnavailableError` in its first, untimed run.
        role: `OURS`, `PEER` or `LIMIT`: a limit does not do the work, but something that the
            work cannot be done without.
        check: says whether what `run` returned is right.
        kernel: the core's kernel to force, by name.
        share: how much of the work it does, where all of it would take too long and the time
            grows with the work alone; what it takes is divided by this.
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
        group: one of the groups that benchmarks/README.md lists.
        peer: the contender that the others are compared with.
        contenders: all, in the order in which each round times them.
        claims: what is claimed of a contender, by its name.
        rounds: timed rounds, at least 7 unless the run is a quick one.
        comparison: how two times become a figure.
    """

    group: str
    peer: str
    contenders: tuple[Contender, ...]
    claims: dict[str, Claim] = field(default_factory=dict)
    rounds: int = 15
    comparison: Comparison = FASTER

    @property
    def names(self) -> list[str]:
        """The contenders' names, in order."""
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
    """What a race gave.

    Attributes:
        race: the race.
        work: its work.
        times: seconds an operation, one a round, by contender.
        absent: why contenders did not take part.
        failed: with what contenders failed.
    """

    race: Race
    work: Work
    times: dict[str, list[float]] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    failed: dict[str, Exception] = field(default_factory=dict)

    def admits(self, contender: Contender) -> bool:
        """Run a contender once, untimed and checked; false where it cannot race."""
        try:
            time_once(contender, self.work)
        except UnavailableError as exc:
            self.absent[contender.name] = str(exc)
        except Exception as exc:  # noqa: BLE001 - its own test raises it; the others go on
            self.failed[contender.name] = exc
        else:
            self.times[contender.name] = []
            return True
        return False

    def compare(
        self, name: str, peer: str | None = None, comparison: Comparison | None = None
    ) -> Figure | None:
        """Compare a contender with the race's peer, or another; None where either did not race."""
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
        WrongResultError: where the result is not the work's.
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
    """Keep the garbage collector from running in the midst of one contender's time."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
