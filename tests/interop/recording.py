"""The recording: what other clients send, kept in `tests/vectors/recorded_requests.json`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from interop.shape import Shape

FILE = Path(__file__).parents[1] / "vectors" / "recorded_requests.json"

ABOUT = (
    "What clients of the API that were not written here send, asked for every operation on the"
    " same few files; without times, nonces, keys and boundaries. tests/interop makes and checks"
    " it, and says in shape.py what the fields mean."
)


@dataclass(frozen=True)
class Recorded:
    """A request of another client.

    Attributes:
        client: where it is from, its name and version.
        call: its method that made the request, by its own name.
        shape: what the request is.
    """

    client: str
    call: str
    shape: Shape

    def to_json(self) -> dict[str, Any]:
        return {"client": self.client, "call": self.call, **self.shape.to_json()}

    @classmethod
    def of_json(cls, entry: dict[str, Any]) -> Recorded:
        shape = {**entry}
        return cls(shape.pop("client"), shape.pop("call"), Shape.of_json(shape))


def read() -> list[Recorded]:
    """Return what is kept."""
    kept = json.loads(FILE.read_text("utf-8"))["requests"]
    return [Recorded.of_json(entry) for entry in kept]


def write(client: str, recorded: list[Recorded]) -> None:
    """Keep `recorded` in the place of what is kept of this client in any version."""
    kept = read() if FILE.exists() else []
    others = [entry for entry in kept if _name(entry.client) != _name(client)]
    requests = ",\n".join(_line(entry) for entry in ordered([*others, *recorded]))
    about = json.dumps(ABOUT, ensure_ascii=False)
    FILE.write_text(f'{{"about": {about},\n"requests": [\n{requests}\n]}}\n', "utf-8")


def ordered(recorded: list[Recorded]) -> list[Recorded]:
    """Return each once, in an order that does not depend on when they came."""
    lines = {_line(entry): entry for entry in recorded}
    return [lines[line] for line in sorted(lines, key=lambda line: (_operation(lines[line]), line))]


def _operation(entry: Recorded) -> str:
    return entry.shape.operation


def _name(client: str) -> str:
    return re.split("[@=]", client)[0]


def _line(entry: Recorded) -> str:
    return json.dumps(entry.to_json(), ensure_ascii=False)
