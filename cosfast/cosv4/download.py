"""Downloads from COS v4: locating a file and requesting its ranges."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.addresses import require_file
from cosfast.cosv4.protocol.validation import check_number
from cosfast.errors import AnswerError
from cosfast.transfer import download as engine
from cosfast.transfer.download_ranges import RemoteFile
from cosfast.transfer.options import DownloadOptions
from cosfast.transfer.urls import is_bare_url

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.transfer.context import TransferContext


@dataclass(frozen=True)
class DownloadResult:
    """A completed download.

    Attributes:
        target: The target that was given.
        filesize: Size in bytes.
        sha1: SHA-1 of the downloaded bytes, 40 hex digits; empty if nothing was hashed.
        resumed_bytes: Bytes that an earlier, interrupted download had received.
        received_bytes: Bytes of content that this call received.
        existed: Whether a file of this content existed at the target and was left as it is.
    """

    target: Any
    filesize: int
    sha1: str
    resumed_bytes: int
    received_bytes: int
    existed: bool = False


def download(
    client_context: TransferContext,
    address: ObjectAddress,
    target: Any,
    options: DownloadOptions,
    known: ObjectStat | None = None,
) -> DownloadResult:
    """Download the file at `address` to `target`; see `Client.download`."""
    engine.check_target(target)
    with _opened(client_context, address, options, known) as (context, file):
        outcome = engine.download(
            context,
            file,
            target,
            max_workers=options.concurrency,
            overwrite=bool(options.overwrite),
            verify=options.verify,
        )
    return DownloadResult(target, file.size, *outcome)


def read(
    client_context: TransferContext,
    address: ObjectAddress,
    start: int,
    length: int | None,
    *,
    known: ObjectStat | None,
) -> bytes:
    """Return a range of the bytes of the file at `address`; see `Client.read`."""
    check_number("start", start)
    if length is not None:
        check_number("length", length)
    options = DownloadOptions()
    with _opened(client_context, address, options, known) as (context, file):
        return engine.read(context, file, start, length, max_workers=options.concurrency)


@contextmanager
def _opened(
    client_context: TransferContext,
    address: ObjectAddress,
    options: DownloadOptions,
    known: ObjectStat | None,
) -> Iterator[tuple[TransferContext, RemoteFile]]:
    """Yield the context of one download, and the file on the server."""
    require_file(address)
    with client_context.transfer(
        progress=options.progress,
        max_rate=options.max_rate,
        deadline=options.deadline,
        cancel=options.cancel,
    ) as context:
        found = known if known is not None else context.call(objects.stat(address))
        if found.is_folder or found.filelen != found.filesize:
            raise AnswerError(
                "the file is not complete: it is a folder or an unfinished upload; finish the"
                " upload first",
                operation="download",
                target=str(address),
            )
        location = found.access_url or ""
        if found.filesize and not is_bare_url(location):
            raise AnswerError(
                "the server's access_url is not a valid http(s) URL, so the file cannot be"
                " requested",
                operation="download",
                target=str(address),
            )
        yield (
            context,
            RemoteFile(
                target=str(address),
                size=found.filesize or 0,
                digest=found.sha1,
                request=lambda start, length: objects.download(
                    address, location, start=start, length=length
                ),
            ),
        )
