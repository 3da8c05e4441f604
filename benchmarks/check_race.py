"""Tests of the harness: contenders alternate, wrong results are detected, times are unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from harness.claims import MEMORY, ONE_STREAM, Figure
from harness.errors import UnavailableError, WrongResultError
from harness.kernels import forced_kernel
from harness.race import Contender, Outcome, Race, Work
from harness.report import Reading, Report
from harness.sizes import FULL, QUICK
from harness.tables import report_lines

import cosfast

if TYPE_CHECKING:
    from harness.clock import ReplayClock


def writer(name: str, calls: list[str], result: str = "right") -> Contender:
    """Return a contender that writes down when it ran."""

    def run(_work: Work) -> str:
        calls.append(name)
        return result

    return Contender(name, run)


def absent(_work: Work) -> str:
    """Stand for what is not installed."""
    raise UnavailableError("not here")


WORK = Work("a title", None, "right")


def test_contenders_take_turns() -> None:
    """Each round runs all of them, after one round that is not timed."""
    calls: list[str] = []
    race = Race("a group", "a", (writer("a", calls), writer("b", calls), writer("c", calls)))
    outcome = race.run(WORK, 7)
    assert calls == ["a", "b", "c"] * 8
    assert [len(outcome.times[name]) for name in "abc"] == [7, 7, 7]


def test_who_cannot_race_is_named() -> None:
    """One that is not here and one that is wrong are left out; the others race."""
    calls: list[str] = []
    contenders = (writer("a", calls), Contender("b", absent), writer("c", calls, "wrong"))
    outcome = Race("a group", "a", contenders).run(WORK, 2)
    assert list(outcome.times) == ["a"]
    assert outcome.absent == {"b": "not here"}
    assert isinstance(outcome.failed["c"], WrongResultError)


def test_figures_are_of_the_medians() -> None:
    """Twice as fast in the median is 2x, and the extremes are of single rounds."""
    race = Race("a group", "a", ())
    outcome = Outcome(race, WORK, {"a": [2.0, 4.0, 9.0], "b": [1.0, 2.0, 3.0]})
    assert outcome.compare("b") == Figure(2.0, 2.0, 3.0)
    assert outcome.compare("c") is None


@pytest.mark.parametrize(
    ("claim", "measured", "verdict"),
    [
        (ONE_STREAM, 1.0, "aim reached"),
        (ONE_STREAM, 0.996, "aim reached"),
        (ONE_STREAM, 0.98, "reached"),
        (ONE_STREAM, 0.96, "MISSED"),
        (MEMORY, 32, "aim reached"),
        (MEMORY, 64, "reached"),
        (MEMORY, 65, "MISSED"),
    ],
)
def test_verdicts(claim: Any, measured: float, verdict: str) -> None:
    """More is better for speed, less for memory."""
    assert claim.verdict(measured) == verdict


def test_times_arrive_unchanged(benchmark: Any, clock: ReplayClock) -> None:
    """pytest-benchmark holds exactly the times that are replayed to it."""
    times = [0.1, 0.3, 1e-9]
    clock.replay(benchmark, times)
    assert benchmark.stats.stats.data == times
    benchmark.has_error = True  # not a result: keeps it out of the result file


def test_forced_kernels_are_let_go() -> None:
    """A kernel is forced within the block alone; one that does not run here is unavailable."""
    before = cosfast.kernels()
    with forced_kernel("portable"):
        assert cosfast.kernels().many == "portable"
    assert cosfast.kernels() == before
    with pytest.raises(UnavailableError), forced_kernel("no such kernel"):
        pass


def test_a_quick_run_judges_no_claim_and_names_its_sizes() -> None:
    """The claims name other sizes than those of a quick run."""
    report = Report(3)
    report.add(Reading(ONE_STREAM, Figure(0.5, 0.4, 0.6)))
    report.add(Reading(MEMORY, Figure(1.0, 1.0, 1.0), "a subject"))
    race = Race("one stream in memory", "a", (writer("a", []),))
    report.outcome(race, Work("16 MiB", None, "right"))
    full, quick = ("\n".join(report_lines(report, sizes)) for sizes in (FULL, QUICK))
    assert "one stream in memory: 16 MiB" in full
    assert "one stream in memory: 16 MiB" in quick
    for word in ("MISSED", "reached", "at least", " aim", ONE_STREAM.row, MEMORY.row, "64 MiB"):
        assert (word in full, word in quick) == (True, word == "64 MiB")
    for size in ("16 MiB", "64 MiB", "1 GiB", "256 MiB", "32 of 1 MiB", "1,000 of 16 KiB", "5,000"):
        assert size in quick
