"""The settings of a server: whose requests it takes, and how much of them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cosfast.errors import InputError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
DAY = 24 * 3600

SLICE_SIZES = (512 * KIB, 1 * MIB, 2 * MIB, 3 * MIB)
"""The slice sizes of COS v4, in bytes (PROTOCOL.md section 3)."""

BUCKET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_APPID = re.compile(r"[0-9]{1,20}")
_VISIBLE = re.compile(r"[!-~]{1,512}")


@dataclass(frozen=True)
class Limits:
    """Bounds that keep one client from using the server up. Sizes in bytes, times in seconds."""

    file_size: int = 64 * GIB  # of COS v4
    upload_size: int = 20 * MIB  # of COS v4: op=upload (PROTOCOL.md section 4)
    fields_size: int = 9 * MIB  # of COS v4: all fields but the content, with the list of 64 GiB
    fields_count: int = 64
    part_header_size: int = 8 * KIB
    content_memory: int = 32 * MIB  # of all requests together; the rest goes to the disk
    session_lifetime: float = 7 * DAY  # of COS v4
    access_token_lifetime: float = 7200.0  # of WeDrive
    upload_key_lifetime: float = DAY  # of WeDrive
    wedrive_quota: int | None = None  # calls; then 640019, until the server is reset
    wedrive_calls_a_minute: int | None = None  # then 45009
    wedrive_calls_at_once: int | None = None  # then 45033
    pds_file_size: int = 64 * GIB
    pds_part_size: int = 100 * KIB  # of the smallest part that is not the last
    pds_largest_part: int = 5 * GIB
    pds_url_lifetime: float = 15 * 60.0
    pds_session_lifetime: float = 10 * DAY
    idle_timeout: float = 30.0  # between two pieces of a body, or of an answer
    keepalive_timeout: float = 75.0
    body_grace: float = 30.0  # a body may take this long ...
    body_rate: int = 16 * KIB  # ... and one second for every so many bytes
    workers: int = 32


@dataclass(frozen=True)
class Settings:
    """Everything a server needs to know but its address and its folder.

    Attributes:
        appid: COS v4: whose buckets it has.
        secret_id: COS v4: the public half of the key pair that signs.
        secret_key: COS v4: the secret half.
        corpid: WeDrive: whose spaces it has.
        corpsecret: WeDrive: the secret that tokens are fetched with.
        token: PDS: the access token of every request.
        buckets: COS v4: the buckets that exist; None for any that is named.
        slice_size: COS v4: the slice size of every session, whatever a client asks for; the
            protocol allows this, and most clients never meet it.
        serial_upload: COS v4: ask clients to send one slice at a time, likewise.
        pds_parallel_upload: PDS: whether the domain takes parts in any order.
        limits: Sizes and times that requests are held to.
        faults_over_http: Whether anybody who reaches the server can queue faults.
    """

    appid: str = "1250000000"
    secret_id: str = "local-secret-id"  # noqa: S105 - made up, for this server alone
    secret_key: str = field(default="local-secret-key", repr=False)
    corpid: str = "local-corp-id"
    corpsecret: str = field(default="local-corp-secret", repr=False)
    token: str = field(default="local-token", repr=False)
    buckets: frozenset[str] | None = None
    slice_size: int | None = None
    serial_upload: bool = False
    limits: Limits = field(default_factory=Limits)
    pds_parallel_upload: bool = True
    faults_over_http: bool = False

    def __post_init__(self) -> None:
        """Refuse what could never work.

        Raises:
            InputError: If a setting makes no sense; it names the setting.
        """
        if not isinstance(self.appid, str) or not _APPID.fullmatch(self.appid):
            raise InputError(f"appid is not a number of at most 20 digits: {self.appid!r}")
        for name in ("secret_id", "secret_key"):
            if not getattr(self, name):
                raise InputError(f"{name} is empty")
        if not isinstance(self.pds_parallel_upload, bool):
            raise InputError(
                f"pds_parallel_upload is neither True nor False: {self.pds_parallel_upload!r}"
            )
        for bucket in self.buckets or ():
            if not isinstance(bucket, str) or not BUCKET_NAME.fullmatch(bucket):
                raise InputError(f"buckets has what is not a name of a bucket: {bucket!r}")
        for name in ("corpid", "corpsecret", "token"):
            value = getattr(self, name)
            if not isinstance(value, str) or not _VISIBLE.fullmatch(value):
                raise InputError(f"{name} must be text of visible ASCII characters")
        if self.slice_size is not None and self.slice_size not in SLICE_SIZES:
            raise InputError(f"slice_size is none of {SLICE_SIZES}: {self.slice_size}")
