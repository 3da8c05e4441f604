"""What a user of the service calls: `Client` and what its calls return."""

from cosfast.cosv4.client import Client
from cosfast.cosv4.download import DownloadResult
from cosfast.cosv4.download_options import DownloadOptions
from cosfast.cosv4.many import UploadJob
from cosfast.cosv4.options import UploadOptions
from cosfast.cosv4.result import UploadResult

__all__ = [
    "Client",
    "DownloadOptions",
    "DownloadResult",
    "UploadJob",
    "UploadOptions",
    "UploadResult",
]
