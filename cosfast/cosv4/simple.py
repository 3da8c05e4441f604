"""An upload in one request: small files (PROTOCOL.md, section 5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cosv4.folders import with_folders
from cosfast.cosv4.protocol import objects
from cosfast.cosv4.result import make_result
from cosfast.cosv4.settle import settled, settled_refusal
from cosfast.errors import ExistsError, SourceChanged
from cosfast.hashing.sha1 import sha1

if TYPE_CHECKING:
    from cosfast.cosv4.call import Call
    from cosfast.cosv4.protocol.slices import Uploaded
    from cosfast.cosv4.result import UploadResult
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source

SIMPLE_LIMIT = 8 * 1024 * 1024
"""Bytes up to which a file goes in one request, as the official SDKs do (PROTOCOL.md, 5)."""

ASK_FIRST_FROM = 1024 * 1024
"""Bytes from which the server is asked first whether the file is there.

It refuses an existing file only after it has received all of the new one. From about this size on,
sending the file in vain costs more than a question before it.
"""


def upload_simply(call: Call, source: Source, size: int, parts: UploadParts | None) -> UploadResult:
    """Send the whole file and its SHA-1, both of the same one reading."""
    content = source.read_slice(0, size)
    source.check_unchanged()
    digest = sha1(content).hexdigest()
    if parts is not None and digest != parts.sha1:
        raise SourceChanged(source.name, "it is no longer what was hashed")
    if size >= ASK_FIRST_FROM and not call.options.overwrite:
        there = settled(call, size, lambda: digest)
        if there is not None:
            return _existing(call, there, digest, size)
    try:
        uploaded = with_folders(call, lambda: _send(call, content, digest))
    except ExistsError as refusal:
        there = settled_refusal(call, refusal, size, lambda: digest)
        if not refusal.tried_before:
            return _existing(call, there, digest, size)
        uploaded = there  # by an earlier try, whose answer was lost
    _acknowledge(call, size)
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
    return objects.read_upload(call.send(request))


def _existing(call: Call, uploaded: Uploaded, digest: str, size: int) -> UploadResult:
    _acknowledge(call, size)
    return make_result(uploaded, digest, size, instant=True, existed=True)


def _acknowledge(call: Call, size: int) -> None:
    if call.options.progress is not None:
        call.options.progress(size)
