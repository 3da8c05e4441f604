"""A local server of COS v4, WeDrive and PDS, for tests and for migrations.

It needs the extra `cosfast[emulator]` and listens on loopback by default.
"""

from __future__ import annotations

from cosfast.emulator.errors import EmulatorError, RootInUseError, SchemaError
from cosfast.emulator.server import Emulator, serve
from cosfast.emulator.settings import Limits

__all__ = ["Emulator", "EmulatorError", "Limits", "RootInUseError", "SchemaError", "serve"]
