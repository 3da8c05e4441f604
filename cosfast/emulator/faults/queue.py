"""`FaultQueue`: the faults that are waiting for an operation, and those that have fired."""

from __future__ import annotations

import dataclasses
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from cosfast.emulator.operations.table import OPERATION_NAMES

if TYPE_CHECKING:
    from cosfast.emulator.faults.kinds import Fault

DOWNLOAD = "download"
"""What the reading of a file is called here, which has no `op`."""

MOST_TIMES = 100_000
"""How often one call may queue a fault: each takes its place in memory."""


class Fired(NamedTuple):
    """A fault that a request has met."""

    operation: str
    fault: Fault


class FaultQueue:
    """Faults for each operation in the order of their adding; any thread may use it.

    A request meets the first that waits for its operation, and no more than one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._waiting: dict[str, deque[Fault]] = {}
        self._fired: list[Fired] = []

    def add(self, operation: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next requests for `operation` meet `fault`, one after the other.

        Args:
            operation: an `op` of the protocol, or ``download``.
            fault: what happens.
            times: how many requests, from 1 to `MOST_TIMES`.

        Raises:
            ValueError: where the operation is unknown or the number makes no sense.
        """
        check_entry(operation, times)
        with self._lock:
            self._waiting.setdefault(operation, deque()).extend([fault] * times)

    def take(self, operation: str) -> Fault | None:
        """Return the fault that a request for `operation` meets, which has fired by that."""
        with self._lock:
            waiting = self._waiting.get(operation)
            if not waiting:
                return None
            fault = waiting.popleft()
            self._fired.append(Fired(operation, fault))
            return fault

    @property
    def fired(self) -> list[Fired]:
        """Those that requests have met, in order."""
        with self._lock:
            return list(self._fired)

    @property
    def waiting(self) -> list[Fired]:
        """Those that no request has met yet."""
        with self._lock:
            return [Fired(name, fault) for name, row in self._waiting.items() for fault in row]

    def clear(self) -> None:
        """Forget all of them."""
        with self._lock:
            self._waiting.clear()
            self._fired.clear()

    def check_all_fired(self) -> None:
        """Fail a test whose faults did not all happen: it tested less than it says.

        Raises:
            AssertionError: naming those that nobody met.
        """
        left = self.waiting
        if left:
            raise AssertionError(f"{len(left)} faults never fired: {left}")

    def describe(self) -> dict[str, list[dict[str, object]]]:
        """Return both lists as JSON has them."""
        return {
            "waiting": [_describe(entry) for entry in self.waiting],
            "fired": [_describe(entry) for entry in self.fired],
        }


def check_entry(operation: str, times: int) -> None:
    """Refuse what `FaultQueue.add` does not take.

    Raises:
        ValueError: where the operation is unknown or the number makes no sense.
    """
    if operation not in OPERATION_NAMES and operation != DOWNLOAD:
        names = ", ".join(sorted({*OPERATION_NAMES, DOWNLOAD}))
        raise ValueError(f"unknown operation {operation!r}: there are {names}")
    if type(times) is not int or not 1 <= times <= MOST_TIMES:
        raise ValueError(f"times must be a number from 1 to {MOST_TIMES}, not {times!r}")


def _describe(entry: Fired) -> dict[str, object]:
    attributes = dataclasses.asdict(entry.fault)
    return {"operation": entry.operation, "fault": entry.fault.kind, **attributes}
