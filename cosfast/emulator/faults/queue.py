"""`FaultQueue`: the faults that are queued for operations, and those that have fired."""

from __future__ import annotations

import dataclasses
from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cosfast.emulator.faults.kinds import Fault

MOST_TIMES = 100_000
"""Maximum number of times that one call may queue a fault, since each one needs memory."""


class Fired(NamedTuple):
    """A fault and its operation."""

    operation: str
    fault: Fault


class FaultQueue:
    """A queue of faults for each operation, first in, first out. Thread-safe.

    Each request takes at most one fault, the next of its operation.

    Args:
        operations: Names of the operations that can have faults; each service defines its own.
    """

    def __init__(self, operations: Iterable[str]) -> None:
        self._operations = frozenset(operations)
        self._lock = Lock()
        self._waiting: dict[str, deque[Fault]] = {}
        self._fired: list[Fired] = []

    def add(self, operation: str, fault: Fault, *, times: int = 1) -> None:
        """Queue a fault for the next requests for an operation.

        Args:
            operation: An `op` of COS v4, ``download``, or an operation of another service with
                the service's name as prefix, such as ``wedrive.file_upload_part``.
            fault: The fault to inject.
            times: Number of requests that get the fault, from 1 to `MOST_TIMES`.

        Raises:
            ValueError: If the operation is unknown or the number is out of range.
        """
        self.add_all([(operation, fault, times)])

    def add_all(self, entries: Iterable[tuple[str, Fault, int]]) -> None:
        """Queue several faults, each with operation and number as for `add`.

        Raises:
            ValueError: If an entry is invalid; then none is queued.
        """
        checked = list(entries)
        for operation, _, times in checked:
            self._check(operation, times)
        with self._lock:
            for operation, fault, times in checked:
                self._waiting.setdefault(operation, deque()).extend([fault] * times)

    def take(self, operation: str) -> Fault | None:
        """Remove and return the next fault of `operation`, and record it as fired."""
        with self._lock:
            waiting = self._waiting.get(operation)
            if not waiting:
                return None
            fault = waiting.popleft()
            self._fired.append(Fired(operation, fault))
            return fault

    @property
    def fired(self) -> list[Fired]:
        """The faults that have fired, in order."""
        with self._lock:
            return list(self._fired)

    @property
    def waiting(self) -> list[Fired]:
        """The faults that have not fired yet."""
        with self._lock:
            return [Fired(name, fault) for name, row in self._waiting.items() for fault in row]

    def clear(self) -> None:
        """Remove all waiting and fired faults."""
        with self._lock:
            self._waiting.clear()
            self._fired.clear()

    def check_all_fired(self) -> None:
        """Fail a test in which a queued fault did not fire, since it tested less than it claims.

        Raises:
            AssertionError: If faults are still waiting; the message lists them.
        """
        left = self.waiting
        if left:
            raise AssertionError(f"{len(left)} faults never fired: {left}")

    def describe(self) -> dict[str, list[dict[str, object]]]:
        """Return the waiting and the fired faults as a JSON-compatible object."""
        return {
            "waiting": [_describe(entry) for entry in self.waiting],
            "fired": [_describe(entry) for entry in self.fired],
        }

    def _check(self, operation: str, times: int) -> None:
        if operation not in self._operations:
            names = ", ".join(sorted(self._operations))
            raise ValueError(f"unknown operation {operation!r}: must be one of {names}")
        if type(times) is not int or not 1 <= times <= MOST_TIMES:
            raise ValueError(f"times must be an integer from 1 to {MOST_TIMES}, not {times!r}")


def _describe(entry: Fired) -> dict[str, object]:
    attributes = dataclasses.asdict(entry.fault)
    return {"operation": entry.operation, "fault": entry.fault.kind, **attributes}
