"""What a server is told when it starts: whose requests it takes, and how much of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cosfast.errors import InputError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
DAY = 24 * 3600

SLICE_SIZES = (512 * KIB, 1 * MIB, 2 * MIB, 3 * MIB)
"""The slice sizes of the protocol, in bytes (PROTOCOL.md section 3)."""


_APPID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one client from taking the server from the others.

    Sizes are in bytes, times in seconds.
    """

    file_size: int = 64 * GIB
    upload_size: int = 20 * MIB  # op=upload (PROTOCOL.md section 4)
    fields_size: int = 9 * MIB  # all fields but the content; holds the parts list of 64 GiB
    fields_count: int = 64
    part_header_size: int = 8 * KIB
    content_memory: int = 32 * MIB  # of all requests together; what is above goes to disk
    session_lifetime: float = 7 * DAY
    idle_timeout: float = 30.0  # between two pieces of a body, or of an answer
    keepalive_timeout: float = 75.0
    body_grace: float = 30.0  # a body may take this long ...
    body_rate: int = 16 * KIB  # ... and one second for every so many bytes
    workers: int = 32


@dataclass(frozen=True)
class Settings:
    """Everything a server needs to know but its address and its folder.

    `slice_size` makes the server answer this size whatever was asked for, and
    `serial_upload` makes it ask for one slice at a time: both are the server's
    right (PROTOCOL.md section 4) and most clients never meet them.
    `faults_over_http` lets anybody who reaches the server queue faults.
    """

    appid: str
    secret_id: str
    secret_key: str = field(repr=False)
    slice_size: int | None = None
    serial_upload: bool = False
    limits: Limits = field(default_factory=Limits)
    faults_over_http: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never work.

        Raises:
            InputError: If a setting makes no sense; it names the setting.
        """
        if not isinstance(self.appid, str) or not _APPID.fullmatch(self.appid):
            raise InputError(f"appid is not a number of at most 20 digits: {self.appid!r}")
        if not self.secret_id:
            raise InputError("secret_id is empty")
        if not self.secret_key:
            raise InputError("secret_key is empty")
        if self.slice_size is not None and self.slice_size not in SLICE_SIZES:
            raise InputError(f"slice_size is none of {SLICE_SIZES}: {self.slice_size}")
