"""An upload in one request: small files (PROTOCOL.md, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.client.folders import with_folders
from cosfast.client.result import make_result
from cosfast.client.settle import settled
from cosfast.errors import ExistsError, SourceChanged
from cosfast.hashing.sha1 import sha1
from cosfast.protocol import objects

if TYPE_CHECKING:
    from cosfast.client.call import Call
    from cosfast.client.result import UploadResult
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source
    from cosfast.protocol.slices import Uploaded

SIMPLE_LIMIT = 8 * 1024 * 1024
"""Bytes up to which a file goes in one request, as the official SDKs do (PROTOCOL.md, 5)."""


def upload_simply(call: Call, source: Source, size: int, parts: UploadParts | None) -> UploadResult:
    """Send the whole file and its SHA-1, both of the same one reading."""
    content = source.read_slice(0, size)
    source.check_unchanged()
    digest = sha1(content).hexdigest()
    if parts is not None and digest != parts.sha1:
        raise SourceChanged(source.name, "it is no longer what was hashed")
    uploaded = with_folders(call, lambda: _send(call, content, digest))
    if call.options.progress is not None:
        call.options.progress(size)
    shown = "" if call.options.integrity == "none" else digest
    return make_result(uploaded, shown, size, sent_bytes=size)


def _send(call: Call, content: memoryview, digest: str) -> Uploaded:
    request = objects.upload(
        call.address,
        content,
        sha=None if call.options.integrity == "none" else digest,
        biz_attr=call.options.biz_attr,
        overwrite=call.options.overwrite,
    )
    try:
        return objects.read_upload(call.send(request))
    except ExistsError as exc:
        # It may be there by our own first try, whose answer was lost.
        done = settled(call, digest, len(content)) if exc.tried_before else None
        if done is None:
            raise
        return done
