"""Where the journal is: the user's cache folder, by the convention of the platform."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from cosfast.transfer.journal.failures import JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_NAME = "cosfast-journal.sqlite3"
"""A file of this name is ours, wherever it is."""


def default_path(environ: Mapping[str, str] | None = None, platform: str = sys.platform) -> Path:
    """Return the path in COSFAST_JOURNAL, or else `FILE_NAME` in a folder of ours.

    That folder is ``cosfast`` in XDG_CACHE_HOME or ``~/.cache`` (XDG Base Directory
    Specification), in ``~/Library/Caches`` on macOS, in LOCALAPPDATA on Windows.

    Args:
        environ: where to look; by default the process's environment.
        platform: as `sys.platform` names it.

    Raises:
        JournalError: where the user has no home folder.
    """
    environ = os.environ if environ is None else environ
    chosen = environ.get("COSFAST_JOURNAL")
    if chosen:
        return Path(chosen)
    return _cache_folder(environ, platform) / "cosfast" / FILE_NAME


def _cache_folder(environ: Mapping[str, str], platform: str) -> Path:
    if platform == "darwin":
        return _home() / "Library" / "Caches"
    name = "LOCALAPPDATA" if platform == "win32" else "XDG_CACHE_HOME"
    named = Path(environ.get(name, ""))
    if named.is_absolute():  # the specification has relative ones ignored
        return named
    return _home() / ("AppData/Local" if platform == "win32" else ".cache")


def _home() -> Path:
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - Path.expanduser raises in three ways
    if not home.is_absolute():
        raise JournalError("the user has no home folder")
    return home
