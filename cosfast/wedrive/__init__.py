"""WeCom's WeDrive (企业微信微盘) and WeDoc: resumable and instant block uploads, and downloads."""

from cosfast.transfer.options import DownloadOptions
from cosfast.wedrive.client import Client
from cosfast.wedrive.download import DownloadResult
from cosfast.wedrive.protocol.errors import (
    BlockRefusedError,
    NotFoundError,
    ParameterError,
    PermissionDeniedError,
    QuotaError,
    ThrottledError,
    TokenError,
    UnconfirmedError,
    WeDriveError,
)
from cosfast.wedrive.protocol.files import DriveEntry
from cosfast.wedrive.token import CorpToken
from cosfast.wedrive.upload import DocumentUploadResult, UploadOptions, UploadResult

__all__ = [
    "BlockRefusedError",
    "Client",
    "CorpToken",
    "DocumentUploadResult",
    "DownloadOptions",
    "DownloadResult",
    "DriveEntry",
    "NotFoundError",
    "ParameterError",
    "PermissionDeniedError",
    "QuotaError",
    "ThrottledError",
    "TokenError",
    "UnconfirmedError",
    "UploadOptions",
    "UploadResult",
    "WeDriveError",
]
