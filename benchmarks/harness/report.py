"""The outcomes of all races, and the measurements for the claims."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from harness.claims import TABLE

if TYPE_CHECKING:
    from harness.claims import Claim, Figure
    from harness.race import Outcome, Race, Work


@dataclass(frozen=True)
class Reading:
    """A measurement for a claim; `subject` distinguishes several measurements of one claim."""

    claim: Claim
    figure: Figure
    subject: str = ""

    @property
    def verdict(self) -> str:
        """How the figure compares with the claim."""
        return self.claim.verdict(self.figure.measured)

    def as_json(self) -> dict[str, object]:
        """Return the reading for the result file."""
        return {
            "claim": self.claim.row,
            "subject": self.subject,
            **asdict(self.figure),
            "floor": self.claim.floor,
            "aim": self.claim.aim,
            "unit": self.claim.unit.name,
            "verdict": self.verdict,
        }


class Report:
    """Runs each race once, when its first contender is tested, and stores its outcome.

    Args:
        most_rounds: Rounds that a race may take, however many it asks for.
    """

    def __init__(self, most_rounds: int) -> None:
        self._most_rounds = most_rounds
        self._outcomes: dict[tuple[str, str], Outcome] = {}
        self._readings: list[Reading] = []

    def outcome(self, race: Race, work: Work) -> Outcome:
        """Return the outcome of a race, which runs on the first call."""
        key = (race.group, work.title)
        if key not in self._outcomes:
            self._outcomes[key] = race.run(work, min(race.rounds, self._most_rounds))
        return self._outcomes[key]

    def outcomes(self) -> list[Outcome]:
        """Return the outcomes of all races, in the order in which they ran."""
        return list(self._outcomes.values())

    def add(self, reading: Reading) -> None:
        """Store a measurement that is not the result of a race."""
        self._readings.append(reading)

    def readings(self) -> list[Reading]:
        """Return the measurements for all claims, in the order of the claims."""
        from_races = [
            Reading(claim, figure)
            for outcome in self._outcomes.values()
            for name, claim in outcome.race.claims.items()
            if (figure := outcome.compare(name)) is not None
        ]
        return sorted([*from_races, *self._readings], key=lambda r: TABLE.index(r.claim))


def extra_info(outcome: Outcome, name: str) -> dict[str, object]:
    """Return the data that pytest-benchmark stores with the times of a contender."""
    figure = outcome.compare(name)
    return {
        "work": outcome.work.title,
        "contender": name,
        "role": outcome.race.contender(name).role,
        "bytes": outcome.work.size,
        "peer": outcome.race.peer,
        "against_peer": asdict(figure) if figure else None,
        "unit": outcome.race.comparison.unit.name,
    }
