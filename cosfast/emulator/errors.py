"""Errors of the emulator's lifecycle, and refusals of requests that all services share."""

from __future__ import annotations

from enum import Enum

from cosfast.errors import CosError


class EmulatorError(CosError, RuntimeError):
    """The server cannot start, is not running, or did not stop; the message has the reason."""


class RootInUseError(EmulatorError):
    """The data folder is used by another server, or contains files of other programs."""


class SchemaError(EmulatorError):
    """The database in the data folder is damaged, or has an unsupported version."""


class Problem(Enum):
    """A kind of failure that all services share; each service maps it to its own code."""

    MALFORMED = "malformed"
    TOO_LARGE = "too large"
    NOT_FOUND = "not found"
    DISK_FULL = "disk full"
    INTERNAL = "internal error"


class RefusalError(Exception):
    """A refused request. Each service has a subclass with its own codes.

    Args:
        message: Text for the client, without secrets or internals of the server.
        close: Whether the connection closes after the response. It must if the end of the
            request's body is not known.
    """

    def __init__(self, message: str, *, close: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.close = close


class BadRequestError(RefusalError):
    """A refusal that all services share; each service maps its problem to its own code."""

    def __init__(self, problem: Problem, message: str, *, close: bool = False) -> None:
        super().__init__(message, close=close)
        self.problem = problem
