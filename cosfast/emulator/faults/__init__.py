"""Faults of a network or a server, queued by operation and injected into requests."""

from cosfast.emulator.faults.kinds import (
    Bandwidth,
    EmptyAnswer,
    Fault,
    HttpStatus,
    Latency,
    LostAnswer,
    Malformed,
    NotJson,
    Refusal,
    ResetAfter,
    SessionExpired,
    SessionSliceSize,
    Stall,
    TruncatedJson,
    WrongSliceSize,
)
from cosfast.emulator.faults.queue import FaultQueue, Fired

__all__ = [
    "Bandwidth",
    "EmptyAnswer",
    "Fault",
    "FaultQueue",
    "Fired",
    "HttpStatus",
    "Latency",
    "LostAnswer",
    "Malformed",
    "NotJson",
    "Refusal",
    "ResetAfter",
    "SessionExpired",
    "SessionSliceSize",
    "Stall",
    "TruncatedJson",
    "WrongSliceSize",
]
