"""`UsageError`: words that make no sense together."""

from __future__ import annotations


class UsageError(Exception):
    """The command line as a whole makes no sense; exit code 2."""
