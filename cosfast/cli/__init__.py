"""The `cosfast` command."""

from cosfast.cli.main import main

__all__ = ["main"]
