"""`UploadResult`: what an upload came to."""

from __future__ import annotations

from dataclasses import dataclass


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
