"""Intel's multi-buffer library (libipsec-mb of Debian): the fastest peer for many streams."""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from harness.compiling import shared_library
from harness.errors import UnavailableError

if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST_JOB = 65_472
"""Bytes: the last whole number of blocks that its 16-bit lengths take, 64 bytes short of 64 KiB."""

_DIGEST_SIZES = {"sha1": 20, "sha256": 32}


class IpsecMb:
    """The library, with its own manager."""

    def __init__(self) -> None:
        self._library = shared_library([Path(__file__).with_suffix(".c")], ["IPSec_MB"])
        self._library.peer_manager.restype = ctypes.c_void_p
        self._manager = ctypes.c_void_p(self._library.peer_manager())
        if not self._manager:
            raise UnavailableError("libipsec-mb gives no manager on this machine")

    def digest_many(self, buffers: Sequence[bytes], algorithm: str) -> list[bytes]:
        """Return the digest of each buffer; all are of one length, `LARGEST_JOB` at most."""
        count, length = len(buffers), len(buffers[0])
        pointers = (ctypes.c_char_p * count)(*buffers)
        size = _DIGEST_SIZES[algorithm]
        out = ctypes.create_string_buffer(count * size)
        failures = self._library.peer_digest_many(
            self._manager,
            ctypes.c_int(algorithm == "sha256"),
            pointers,
            ctypes.c_size_t(length),
            ctypes.c_size_t(count),
            out,
        )
        assert failures == 0, f"{failures} jobs of libipsec-mb failed"
        return [out.raw[start : start + size] for start in range(0, len(out), size)]


@cache
def ipsec_mb() -> IpsecMb:
    """Return the library; its binding is compiled and loaded once.

    Raises:
        UnavailableError: If it is not installed.
    """
    try:
        return IpsecMb()
    except UnavailableError as exc:
        raise UnavailableError(f"{exc} (apt-get install libipsec-mb-dev)") from exc
