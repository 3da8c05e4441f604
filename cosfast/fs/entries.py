"""What fsspec is told of a file or a folder: `describe`."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.stats import ObjectStat


def describe(path: str, stat: ObjectStat) -> dict[str, Any]:
    """Return fsspec's description of what is at `path`.

    Returns:
        `name`, `type` (``file`` or ``directory``), `size` in bytes (0 for a folder), `created` and
        `mtime` (aware datetimes), `sha1` (40 hex digits, or None) and `biz_attr`.
    """
    return {
        "name": path,
        "type": "directory" if stat.is_folder else "file",
        "size": stat.filesize or 0,
        "created": stat.ctime,
        "mtime": stat.mtime,
        "sha1": stat.sha1,
        "biz_attr": stat.biz_attr,
    }


def version_of(info: dict[str, Any]) -> str:
    """Return 40 hex digits that change when the content does: its SHA-1 where that is known."""
    if info["sha1"]:
        return str(info["sha1"])
    known = [str(info[name]) for name in ("name", "type", "size", "created", "mtime")]
    return hashlib.sha1("\0".join(known).encode()).hexdigest()
