"""`upload`: chooses the way that a source takes to the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosfast.client.call import Call
from cosfast.client.simple import SIMPLE_LIMIT, upload_simply
from cosfast.client.sliceupload import SliceUpload
from cosfast.client.spool import spooled_and_hashed
from cosfast.errors import SourceChanged
from cosfast.parts.sources import open_source
from cosfast.protocol.addresses import require_file

if TYPE_CHECKING:
    from cosfast.client.options import UploadOptions
    from cosfast.client.result import UploadResult
    from cosfast.parts.model import UploadParts
    from cosfast.parts.sources import Source
    from cosfast.protocol.addresses import ObjectAddress
    from cosfast.transport.control import CancelToken
    from cosfast.transport.journal import Journal
    from cosfast.transport.session import Transport


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
