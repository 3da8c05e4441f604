"""A local server of the COS v4 JSON API, for tests and for migrations.

It needs the extra `cosfast[emulator]`. It listens on loopback unless told otherwise.
"""

from __future__ import annotations

from cosfast.emulator.errors import EmulatorError, RootInUseError, SchemaError
from cosfast.emulator.server import Emulator, serve
from cosfast.emulator.settings import Limits

__all__ = ["Emulator", "EmulatorError", "Limits", "RootInUseError", "SchemaError", "serve"]
