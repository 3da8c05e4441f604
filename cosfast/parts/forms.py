"""Parts lists as files hold them: COS's `uploadparts`, WeDrive's `block_sha`."""

from __future__ import annotations

from cosfast.errors import InputError
from cosfast.parts.model import UploadParts, load_json

WEDRIVE_BLOCK_SIZE = 2097152
"""Bytes in a WeDrive block, exactly (PROTOCOL.md, section 8)."""


def read_parts(text: str | bytes, *, filesize: int | None = None) -> UploadParts:
    """Read a list in whichever form it is.

    Args:
        text: JSON: an array of COS parts; or WeDrive's ``{"size":..., "block_sha": [...]}``, or
            that array of hex digits alone.
        filesize: bytes; what the bare array does not tell.

    Raises:
        InputError: where it is none of these; it names what is wrong.
    """
    document = load_json(text)
    if isinstance(document, dict) and isinstance(document.get("block_sha"), list):
        size = document.get("size", document.get("file_size", filesize))
        return _read_wedrive(document["block_sha"], size)
    if isinstance(document, list) and document and isinstance(document[0], str):
        return _read_wedrive(document, filesize)
    return UploadParts.from_entries(document)


def _read_wedrive(block_sha: list[str], filesize: object) -> UploadParts:
    if type(filesize) is not int or filesize < 0:
        raise InputError("a block_sha list needs the file's size beside it")
    return UploadParts(block_sha, filesize, WEDRIVE_BLOCK_SIZE)
