"""The worked values of uploadparts (PROTOCOL.md, section 3), and the content that they speak of."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

VECTORS = Path(__file__).parent / "vectors"


def content(size: int) -> bytes:
    """Return the vectors' content of `size` bytes."""
    return hashlib.shake_128(b"cosfast-vector-%d" % size).digest(size)


def upload_vectors() -> list[dict[str, Any]]:
    return json.loads((VECTORS / "uploadparts.json").read_text("ascii"))["cases"]


def vector_id(case: dict[str, Any]) -> str:
    return f"{case['size']}-in-{case['slice_size']}"


def wedrive_example() -> dict[str, Any]:
    """Return WeCom's published example of `block_sha`, with its `content`."""
    example: dict[str, Any] = json.loads((VECTORS / "wedrive.json").read_text("ascii"))
    return {**example, "content": (b"1234567890\r\n" * 500000)[:-2]}
