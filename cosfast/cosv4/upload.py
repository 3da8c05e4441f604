"""`upload`: chooses the way that a source takes to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.cosv4.call import Call
from cosfast.cosv4.protocol.addresses import require_file
from cosfast.cosv4.simple import SIMPLE_LIMIT, upload_simply
from cosfast.cosv4.slice_upload import SliceUpload
from cosfast.errors import SourceChanged
from cosfast.parts.sources import open_source
from cosfast.transfer.spool import spooled_and_hashed

if TYPE_CHECKING:
    from cosfast.cosv4.options import UploadOptions
    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.result import UploadResult
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source
    from cosfast.transfer.cancellation import CancelToken
    from cosfast.transfer.http import Transport
    from cosfast.transfer.journal import Journal


def upload(
    transport: Transport,
    journal: Journal,
    source: Any,
    address: ObjectAddress,
    options: UploadOptions,
    *,
    parts: UploadParts | None = None,
    stopper: CancelToken | None = None,
) -> UploadResult:
    """Upload `source` to `address`; see `Client.upload`.

    Args:
        transport: sends the requests.
        journal: remembers.
        source: a path, bytes, or a binary file.
        address: the file to be.
        options: how it was asked for.
        parts: those of the source, where they are known already.
        stopper: stops it as the token in `options` does, for whoever runs many.
    """
    require_file(address)
    with (
        open_source(source) as opened,
        Call.running(transport, journal, address, options, stopper) as call,
    ):
        if opened.size is None:
            with spooled_and_hashed(opened, call) as (copy, hashed):
                return _upload_sized(call, copy, hashed)
        return _upload_sized(call, opened, parts)


def _upload_sized(call: Call, source: Source, parts: UploadParts | None) -> UploadResult:
    size = source.size or 0
    if parts is not None and parts.filesize != size:
        raise SourceChanged(source.name, "it is not as long as when it was hashed")
    if size <= SIMPLE_LIMIT:
        return upload_simply(call, source, size, parts)
    return SliceUpload(call, source, size, parts).run()
