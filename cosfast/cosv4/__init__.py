"""What a user of the service calls: `Client` and what its calls return."""

from cosfast.cosv4.client import Client
from cosfast.cosv4.download import DownloadOptions, DownloadResult
from cosfast.cosv4.many import UploadJob
from cosfast.cosv4.upload import UploadOptions, UploadResult

__all__ = [
    "Client",
    "DownloadOptions",
    "DownloadResult",
    "UploadJob",
    "UploadOptions",
    "UploadResult",
]
