"""Errors of contenders."""

from __future__ import annotations


class UnavailableError(Exception):
    """A contender cannot run on this machine; the message says why and what to install."""


class WrongResultError(AssertionError):
    """A contender returned a wrong result."""
