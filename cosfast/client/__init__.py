"""What a user of the service calls: `Client` and what its calls return."""

from cosfast.client.client import Client
from cosfast.client.download import DownloadResult
from cosfast.client.download_options import DownloadOptions
from cosfast.client.many import UploadJob
from cosfast.client.options import UploadOptions
from cosfast.client.result import UploadResult

__all__ = [
    "Client",
    "DownloadOptions",
    "DownloadResult",
    "UploadJob",
    "UploadOptions",
    "UploadResult",
]
