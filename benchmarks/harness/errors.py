"""Why a contender has no time: it cannot take part here, or did something other than the work."""

from __future__ import annotations


class UnavailableError(Exception):
    """A contender cannot take part here; says why, and how it could."""


class WrongResultError(AssertionError):
    """A contender did not return what the work asks for."""
