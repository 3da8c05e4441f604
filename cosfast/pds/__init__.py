"""Alibaba Cloud PDS (Drive and Photo Service): uploads in parallel parts, with hash contexts."""

from __future__ import annotations

from cosfast.pds.client import Client
from cosfast.pds.download import DownloadResult
from cosfast.pds.errors import (
    ExistsError,
    ForbiddenError,
    IntegrityRefusal,
    NotFoundError,
    ParallelUploadError,
    PartExistsError,
    PartOrderError,
    PdsError,
    PreHashMatchedError,
    QuotaError,
    SessionError,
    ThrottledError,
    TokenError,
    UrlExpiredError,
)
from cosfast.pds.options import UploadResult
from cosfast.pds.protocol.values import File

__all__ = [
    "Client",
    "DownloadResult",
    "ExistsError",
    "File",
    "ForbiddenError",
    "IntegrityRefusal",
    "NotFoundError",
    "ParallelUploadError",
    "PartExistsError",
    "PartOrderError",
    "PdsError",
    "PreHashMatchedError",
    "QuotaError",
    "SessionError",
    "ThrottledError",
    "TokenError",
    "UploadResult",
    "UrlExpiredError",
]
