"""Faults on demand: what a network and a server may do to a client, queued for an operation."""

from cosfast.emulator.faults.kinds import (
    Bandwidth,
    Fault,
    HttpStatus,
    Latency,
    LostAnswer,
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
    "Fault",
    "FaultQueue",
    "Fired",
    "HttpStatus",
    "Latency",
    "LostAnswer",
    "NotJson",
    "Refusal",
    "ResetAfter",
    "SessionExpired",
    "SessionSliceSize",
    "Stall",
    "TruncatedJson",
    "WrongSliceSize",
]
