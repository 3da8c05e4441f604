"""What a try whose answer was lost may have done: looked up, never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.errors import NotFoundError
from cosfast.protocol import objects
from cosfast.protocol.slices import Uploaded

if TYPE_CHECKING:
    from cosfast.client.call import Call


def settled(call: Call, digest: str, size: int) -> Uploaded | None:
    """Return the file at the call's address where it is the one that was sent, else None.

    Args:
        call: the upload.
        digest: the SHA-1 of what was sent.
        size: its bytes.
    """
    try:
        found = objects.read_stat(call.send(objects.stat(call.address)))
    except NotFoundError:
        return None
    if (found.sha, found.filesize, found.filelen) != (digest, size, size):
        return None
    return Uploaded(
        access_url=found.access_url or "",
        url=call.transport.url_of(call.address),
        source_url=found.source_url or "",
        resource_path=f"/{call.address.appid}/{call.address.bucket}{call.address.path}",
        vid="",
    )
