"""`UploadResult`: what an upload came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosfast.cosv4.protocol.slices import Uploaded


@dataclass(frozen=True)
class UploadResult:
    """A file that is on the server, whole.

    Attributes:
        access_url: where to read it, through the CDN.
        url: where to operate on it.
        source_url: where to read it, past the CDN.
        resource_path: ``/<appid>/<bucket>/<path>``.
        vid: the server's mark of this version, where it gave one.
        sha1: 40 hex digits; empty where nothing was hashed (``integrity="none"``).
        filesize: bytes.
        instant: the server had the content already, and took no bytes.
        sent_bytes: bytes of content that this call sent and the server acknowledged.
        resumed_bytes: bytes that the server held from an earlier upload that was not finished.
        existed: the file was at this path before, with this content, and was left as it is.
    """

    access_url: str
    url: str
    source_url: str
    resource_path: str
    vid: str
    sha1: str
    filesize: int
    instant: bool
    sent_bytes: int
    resumed_bytes: int
    existed: bool = False


def make_result(
    uploaded: Uploaded,
    digest: str,
    size: int,
    *,
    instant: bool = False,
    sent_bytes: int = 0,
    resumed_bytes: int = 0,
    existed: bool = False,
) -> UploadResult:
    """Put together what the server said and what is known here."""
    return UploadResult(
        access_url=uploaded.access_url,
        url=uploaded.url,
        source_url=uploaded.source_url,
        resource_path=uploaded.resource_path,
        vid=uploaded.vid,
        sha1=digest,
        filesize=size,
        instant=instant,
        sent_bytes=sent_bytes,
        resumed_bytes=resumed_bytes,
        existed=existed,
    )
