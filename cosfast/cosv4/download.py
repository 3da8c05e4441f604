"""Downloads: to a path, a binary file or memory, whole, and checked against the server's SHA-1."""

from __future__ import annotations

import io
import os
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Callable

from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.addresses import require_file
from cosfast.cosv4.protocol.validation import check_number
from cosfast.errors import AnswerError, InputError
from cosfast.hashing.sha1 import sha1
from cosfast.transfer.bandwidth import RateLimit
from cosfast.transfer.cancellation import Control
from cosfast.transfer.download_ranges import Received, RemoteFile
from cosfast.transfer.partial_file import PartialFile, resolve_target

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4.download_options import DownloadOptions
    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.transfer.http import Transport


@dataclass(frozen=True)
class DownloadResult:
    """A file that is here, whole.

    Attributes:
        target: what was given for it.
        filesize: bytes.
        sha1: what the bytes were found to have, 40 hex digits; empty where nothing was hashed.
        resumed_bytes: bytes that were there from an earlier download that was not finished.
        received_bytes: bytes of content that this call received.
    """

    target: Any
    filesize: int
    sha1: str
    resumed_bytes: int
    received_bytes: int


def download(
    transport: Transport,
    address: ObjectAddress,
    target: Any,
    options: DownloadOptions,
    known: ObjectStat | None = None,
) -> DownloadResult:
    """Download the file at `address` to `target`; see `Client.download`."""
    if isinstance(target, (str, os.PathLike)):
        path = resolve_target(target, overwrite=options.overwrite)
        with _opened(transport, address, options, known) as file:
            digest, resumed = _to_path(file, path, options)
    else:
        write = _writer(target)
        with _opened(transport, address, options, known) as file:
            digest, resumed = _to_file(file, write, file.span(0, None), options), 0
    received = file.progress.received
    return DownloadResult(target, file.filesize, digest, resumed, received)


def read(
    transport: Transport,
    address: ObjectAddress,
    start: int,
    length: int | None,
    *,
    known: ObjectStat | None,
    options: DownloadOptions,
) -> bytes:
    """Return a range of the bytes of the file at `address`; see `Client.read`."""
    check_number("start", start)
    if length is not None:
        check_number("length", length)
    content = io.BytesIO()
    with _opened(transport, address, options, known) as file:
        checked = replace(options, verify=file.known.sha is not None)
        _to_file(file, content.write, file.span(start, length), checked)
    return content.getvalue()


@contextmanager
def _opened(
    transport: Transport,
    address: ObjectAddress,
    options: DownloadOptions,
    known: ObjectStat | None,
) -> Iterator[RemoteFile]:
    """Yield the file on the server, while the token and the deadline are heard."""
    require_file(address)
    control = Control([options.cancel] if options.cancel else [], options.deadline)
    with control.running():
        if known is None:
            known = objects.read_stat(transport.send(objects.stat(address), control=control))
        if known.is_folder or known.filelen != known.filesize:
            raise _answer_error(address, "it is not a whole file")
        limit = None if options.max_rate is None else RateLimit(options.max_rate)
        progress = Received(options.progress)
        yield RemoteFile(transport, address, known, control, limit, progress)


def _to_file(
    file: RemoteFile, write: Callable[[memoryview], Any], span: range, options: DownloadOptions
) -> str:
    """Pass a part of the file to `write`, in order; return the SHA-1 where that was checked."""
    if not options.verify or len(span) < file.filesize:
        file.fetch(span, [write], concurrency=options.concurrency, must_match=True)
        return ""
    expected, hasher = _expected_sha(file), sha1()
    file.fetch(span, [write, hasher.update], concurrency=options.concurrency)
    digest = hasher.hexdigest()
    if digest != expected:
        raise file.differs(digest)
    return digest


def _to_path(file: RemoteFile, path: str, options: DownloadOptions) -> tuple[str, int]:
    """Make the file at `path`; return its SHA-1 and how many bytes of it were there."""
    expected = _expected_sha(file) if options.verify else None
    with PartialFile.opened(path) as part:
        try:
            if expected is None:
                part.start_over(None, file.filesize)
                span = file.span(0, None)
                file.fetch(span, [part.append], concurrency=options.concurrency, must_match=True)
                digest, resumed = "", 0
            else:
                digest, resumed = _complete(file, part, expected, options)
            file.control.check()
            resolve_target(path, overwrite=options.overwrite)
            part.publish(overwrite=options.overwrite)
        except BaseException:
            if not part.is_resumable:
                part.discard()
            raise
    return digest, resumed


def _complete(
    file: RemoteFile, part: PartialFile, expected: str, options: DownloadOptions
) -> tuple[str, int]:
    """Append what `part` lacks; where it then is something else, do all of it anew, once."""
    if not part.belongs_to(expected, file.filesize):
        part.start_over(expected, file.filesize)
    resumed = part.length
    digest = _append_rest(file, part, options)
    if resumed and digest != expected:
        part.start_over(expected, file.filesize)
        file.progress.restart()
        resumed = 0
        digest = _append_rest(file, part, options)
    if digest != expected:
        part.start_over(None, file.filesize)
        raise file.differs(digest)
    return digest, resumed


def _append_rest(file: RemoteFile, part: PartialFile, options: DownloadOptions) -> str:
    hasher = part.hash_content(file.progress.resume)
    file.fetch(
        file.span(part.length, None),
        [part.append, hasher.update],
        concurrency=options.concurrency,
    )
    return hasher.hexdigest()


def _writer(target: Any) -> Callable[[memoryview], None]:
    """Return what writes all of a buffer to a binary file.

    Raises:
        InputError: where `target` is no such file.
    """
    try:
        target.write(b"")
    except (AttributeError, TypeError):
        raise InputError(
            f"the target must be a path or a file open for writing bytes, not"
            f" {type(target).__name__}"
        ) from None

    def write(view: memoryview) -> None:
        while view:
            count = target.write(view)
            view = view[len(view) if count is None else count :]

    return write


def _expected_sha(file: RemoteFile) -> str:
    if file.known.sha is None:
        raise _answer_error(
            file.address, "the server does not know its SHA-1; verify=False takes it unchecked"
        )
    return file.known.sha


def _answer_error(address: ObjectAddress, reason: str) -> AnswerError:
    return AnswerError(reason, operation="download", target=str(address))
