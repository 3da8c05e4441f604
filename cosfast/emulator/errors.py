"""Errors of the emulator: those of its start, and refusals of requests that no service owns."""

from __future__ import annotations

from enum import Enum

from cosfast.errors import CosError


class EmulatorError(CosError, RuntimeError):
    """The server cannot start, is not running, or did not stop; the message says why."""


class RootInUseError(EmulatorError):
    """The data folder is used by another server, or holds files that no server has made."""


class SchemaError(EmulatorError):
    """The data folder's database is damaged, or of a version that cannot be read."""


class Problem(Enum):
    """What is wrong with a request, or with the server, before a service gives it a code."""

    MALFORMED = "malformed"
    TOO_LARGE = "too large"
    NOT_FOUND = "not found"
    DISK_FULL = "disk full"
    INTERNAL = "internal error"


class RefusalError(Exception):
    """A request that gets an answer of failure. Each service has a subclass with its own codes.

    Args:
        message: For the client; it holds no secret and nothing of the server's inside.
        close: Whether the connection closes after the answer, as it must when the end of the
            request's body is in doubt.
    """

    def __init__(self, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.close = close


class BadRequestError(RefusalError):
    """A refusal that is the same for every service, which gives it a code of its own."""

    def __init__(self, problem: Problem, message: str, *, close: bool = False) -> None:
        super().__init__(message, close=close)
        self.problem = problem
