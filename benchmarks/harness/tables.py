"""Tables of the results for the terminal: one for each race, and one of the claims."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from harness.claims import TABLE
from harness.race import LIMIT
from harness.sizes import QUICK

if TYPE_CHECKING:
    from collections.abc import Iterator

    from harness.claims import Figure, Unit
    from harness.race import Contender, Outcome
    from harness.report import Reading, Report
    from harness.sizes import Sizes

GROUPS = (
    "one stream in memory",
    "file to parts",
    "many streams",
    "verify",
    "many files",
    "small updates",
    "hash contexts",
    "import",
    "upload",
    "wedrive",
    "PDS",
    "download",
)


def report_lines(report: Report, sizes: Sizes) -> Iterator[str]:
    """Yield the lines of the races, and of the claims if the sizes are those that they name."""
    yield from race_lines(report.outcomes())
    if sizes is QUICK:
        yield ""
        yield "A quick run shows that the benchmarks work. It measures no claim. Its sizes:"
        yield from sizes.lines()
    else:
        yield from claim_lines(report.readings())


def race_lines(outcomes: list[Outcome]) -> Iterator[str]:
    """Yield the lines of all races, group by group."""
    for outcome in sorted(outcomes, key=lambda outcome: GROUPS.index(outcome.race.group)):
        race = outcome.race
        rounds = max(map(len, outcome.times.values()), default=0)
        yield ""
        yield f"{race.group}: {outcome.work.title} ({rounds} rounds)"
        yield f"  {'':40}{'median':>11}{'GB/s':>9}   against {race.peer} (rounds)"
        for contender in race.contenders:
            if contender.name in outcome.times:
                yield _contender_line(outcome, contender)


def _contender_line(outcome: Outcome, contender: Contender) -> str:
    name = contender.name
    label = f"limit: {name}" if contender.role == LIMIT else name
    seconds = median(outcome.times[name])
    size = outcome.work.size
    rate = f"{size / seconds / 1e9:.3g}" if size else ""
    figure = None if name == outcome.race.peer else outcome.compare(name)
    against = _spell_figure(figure, outcome.race.comparison.unit) if figure else ""
    return f"  {label:40}{_spell_seconds(seconds):>11}{rate:>9}   {against}".rstrip()


def claim_lines(readings: list[Reading]) -> Iterator[str]:
    """Yield the lines of the claims: minimum, goal and measurement."""
    yield ""
    yield _claim_line("claim", "at least", "aim", "measured (rounds)")
    for claim in TABLE:
        found = [reading for reading in readings if reading.claim is claim]
        bounds = claim.unit.spell_bound(claim.floor), claim.unit.spell_bound(claim.aim)
        if len(found) == 1:
            yield _claim_line(claim.row, *bounds, _spell_reading(found[0]))
            continue
        yield _claim_line(claim.row, *bounds, "" if found else "not measured")
        for reading in found:
            yield _claim_line(f"  {reading.subject}", "", "", _spell_reading(reading))


def _claim_line(row: str, floor: str, aim: str, measured: str) -> str:
    return f"{row:66}{floor:>10}{aim:>10}   {measured}".rstrip()


def _spell_reading(reading: Reading) -> str:
    return f"{_spell_figure(reading.figure, reading.claim.unit)} {reading.verdict}"


def _spell_figure(figure: Figure, unit: Unit) -> str:
    measured, *extremes = map(unit.spell, (figure.measured, figure.lowest, figure.highest))
    return f"{measured} ({' to '.join(extremes)})"


def _spell_seconds(seconds: float) -> str:
    for scale, unit in ((1, "s"), (1e3, "ms"), (1e6, "us")):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"
