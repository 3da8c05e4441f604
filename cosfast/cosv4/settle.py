"""What is at an upload's address already: looked up, never guessed.

A refusal with -177 has two causes: an earlier try of the same request, whose answer was lost, has
made the file; or the file was there before. Either way the file counts as uploaded if its content
is the source's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.codes import Code
from cosfast.cosv4.protocol.slices import Uploaded
from cosfast.errors import ExistsError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.cosv4.call import Call


def settled(call: Call, size: int, digest: Callable[[], str]) -> Uploaded | None:
    """Return the file at the call's address if it has the source's content, else None.

    Args:
        call: the upload.
        size: bytes of the source.
        digest: returns the SHA-1 of the source; called only if a file of this size is there, as
            it may have to read the source.
    """
    try:
        found = objects.read_stat(call.send(objects.stat(call.address)))
    except NotFoundError:
        return None
    if (found.filesize, found.filelen) != (size, size) or found.sha is None:
        return None
    if found.sha != digest():
        return None
    return Uploaded(
        access_url=found.access_url or "",
        url=call.transport.url_of(call.address),
        source_url=found.source_url or "",
        resource_path=f"/{call.address.appid}/{call.address.bucket}{call.address.path}",
        vid="",
    )


def settled_refusal(
    call: Call, refusal: ExistsError, size: int, digest: Callable[[], str]
) -> Uploaded:
    """Return the file that `refusal` is about if it has the source's content.

    Raises:
        ExistsError: If it has other content.
    """
    done = None if refusal.code == Code.PATH_CONFLICT else settled(call, size, digest)
    if done is None:
        raise with_advice(refusal, "its content is not the source's") from refusal
    return done


def with_advice(refusal: ExistsError, reason: str = "") -> ExistsError:
    """Return `refusal` with what to do about it.

    A file cannot replace a folder, so a path conflict (-178) stays as it is.
    """
    if refusal.code == Code.PATH_CONFLICT:
        return refusal
    advice = "use overwrite=True (--overwrite) to replace it"
    advised = ExistsError(
        refusal.code,
        "; ".join(filter(None, (refusal.message, reason, advice))),
        refusal.request_id,
        refusal.http_status or 0,
        operation=refusal.operation,
        target=refusal.target,
    )
    advised.tried_before = refusal.tried_before
    return advised
