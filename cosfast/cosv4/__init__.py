"""The COS v4 client: `Client`, and the options and results of its methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.lazy import lazy_names

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4.client import Client
    from cosfast.cosv4.download import DownloadResult
    from cosfast.cosv4.many import UploadJob
    from cosfast.cosv4.upload import UploadOptions, UploadResult
    from cosfast.transfer.options import DownloadOptions

__all__ = [
    "Client",
    "DownloadOptions",
    "DownloadResult",
    "UploadJob",
    "UploadOptions",
    "UploadResult",
]

__getattr__: Callable[[str], object]
__dir__: Callable[[], list[str]]
__getattr__, __dir__ = lazy_names(
    __name__,
    {
        "cosfast.cosv4.client": ("Client",),
        "cosfast.cosv4.download": ("DownloadResult",),
        "cosfast.cosv4.many": ("UploadJob",),
        "cosfast.cosv4.upload": ("UploadOptions", "UploadResult"),
        "cosfast.transfer.options": ("DownloadOptions",),
    },
)
