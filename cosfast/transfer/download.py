"""Downloads to a path, a binary file or memory, checked against the server's hash."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any, NamedTuple

from cosfast.concurrency import Progress
from cosfast.errors import AnswerError, InputError
from cosfast.hashing.hashes import new
from cosfast.parts.sources import PlainFile
from cosfast.transfer.download_ranges import RangeDownload, RemoteFile
from cosfast.transfer.partial_file import (
    ContentIdentity,
    PartialFile,
    exists_error,
    resolve_target,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.transfer.context import TransferContext


_BLOCK = 1024 * 1024


class DownloadOutcome(NamedTuple):
    """The outcome of a download.

    Attributes:
        digest: Digest of the downloaded bytes, in hex; empty if nothing was hashed.
        resumed_bytes: Bytes that an earlier, interrupted download had received.
        received_bytes: Bytes of content that this call received.
        existed: Whether a file of this content existed at the path and was left as it is.
    """

    digest: str
    resumed_bytes: int
    received_bytes: int
    existed: bool = False


class Download:
    """A download in progress.

    Args:
        context: Sends the requests, with the limits of this download.
        file: The file on the server.
        max_workers: Number of ranges in flight.
        verify: Whether to compare the hash; without it, nothing is hashed or resumed.

    Raises:
        AnswerError: If `verify` is set and the server does not know the hash.
    """

    def __init__(
        self,
        context: TransferContext,
        file: RemoteFile,
        *,
        max_workers: int,
        verify: bool = True,
    ) -> None:
        self._context = context
        self._file = file
        self._max_workers = max_workers
        self._received = Progress()
        self._expected = self._expected_digest() if verify else None

    def to_path(self, path: str, *, overwrite: bool) -> DownloadOutcome:
        """Download to `path`, which `resolve_target` returned."""
        expected = self._expected
        resumed = 0
        with PartialFile.opened(path) as part:
            try:
                if expected is None:
                    part.start_over(None)
                    self._fetch(self._file.span(0, None), part.append, must_match=True)
                    digest = ""
                else:
                    digest, resumed = self._complete(part, expected)
                self._context.cancellation.check()
                resolve_target(path, overwrite=overwrite)
                part.publish(overwrite=overwrite)
            except BaseException:
                if not part.is_resumable:
                    part.discard()
                raise
        return DownloadOutcome(digest, resumed, self._received.total)

    def to_file(self, write: Callable[[memoryview], Any], span: range) -> DownloadOutcome:
        """Pass the bytes of `span` to `write`, in order; only a whole file is checked."""
        digest = ""
        if self._expected is None or len(span) < self._file.size:
            self._fetch(span, write, must_match=True)
        else:
            hasher = new(self._file.algorithm)
            self._fetch(span, write, hasher.update)
            digest = hasher.hexdigest()
            if digest != self._expected:
                raise self._file.differs(digest)
        return DownloadOutcome(digest, 0, self._received.total)

    def _complete(self, part: PartialFile, expected: str) -> tuple[str, int]:
        """Append the missing bytes to `part`; if the digest differs, start over once."""
        content = ContentIdentity(self._file.size, self._file.algorithm, expected)
        if not part.belongs_to(content):
            part.start_over(content)
        resumed = part.length
        digest = self._append_rest(part)
        if resumed and digest != expected:
            part.start_over(content)
            self._context.progress.restart()
            resumed = 0
            digest = self._append_rest(part)
        if digest != expected:
            part.start_over(None)
            raise self._file.differs(digest)
        return digest, resumed

    def _append_rest(self, part: PartialFile) -> str:
        hasher = new(self._file.algorithm)
        part.read_content(hasher.update, self._context.progress.advance)
        self._fetch(self._file.span(part.length, None), part.append, hasher.update)
        return hasher.hexdigest()

    def _fetch(
        self, span: range, *stages: Callable[[memoryview], object], must_match: bool = False
    ) -> None:
        RangeDownload(
            self._context,
            self._file,
            self._received,
            max_workers=self._max_workers,
            must_match=must_match,
        ).run(span, stages)

    def _expected_digest(self) -> str:
        if self._file.digest is None:
            raise AnswerError(
                "the server does not know the file's hash; use verify=False to download it"
                " unchecked",
                operation="download",
                target=self._file.target,
            )
        return self._file.digest


def download(
    context: TransferContext,
    file: RemoteFile,
    target: Any,
    *,
    max_workers: int,
    overwrite: bool,
    verify: bool,
) -> DownloadOutcome:
    """Download `file` to a path or to a binary file object.

    A file at the path that has the content is left as it is. It is hashed to find out, unless it
    may be replaced and nothing is to be hashed (`verify`).

    Raises:
        InputError: If the target is neither.
        OSError: If the target cannot be written; FileExistsError if a file of different content
            exists at the path and `overwrite` is false.
        IntegrityError: If the content does not match the hash.
        CosError: If the server or the connection fails in another way.
    """
    path = None
    if isinstance(target, (str, os.PathLike)):
        path = resolve_target(target)
        if os.path.exists(path):  # noqa: PTH110 - a path stays the text that was given
            if verify or not overwrite:
                digest = _digest_if_same(context, file, path)
                if digest is not None:
                    return DownloadOutcome(digest, 0, 0, existed=True)
            if not overwrite:
                raise exists_error(path)
    run = Download(context, file, max_workers=max_workers, verify=verify)
    if path is not None:
        return run.to_path(path, overwrite=overwrite)
    return run.to_file(writer_of(target), file.span(0, None))


def _digest_if_same(context: TransferContext, file: RemoteFile, path: str) -> str | None:
    """Return the hash of the file at `path` if it has the content of `file`, otherwise None."""
    try:
        existing = PlainFile(path)
    except OSError:  # what cannot be read may be replaced nevertheless
        return None
    hasher = new(file.algorithm)
    with existing:
        if file.digest is None or existing.size != file.size:
            return None
        for offset in range(0, file.size, _BLOCK):
            context.cancellation.check()
            try:
                data = existing.read_slice(offset, min(_BLOCK, file.size - offset))
            except OSError:
                break
            hasher.update(data)
            context.progress.advance(len(data))
    if hasher.hexdigest() == file.digest:
        return file.digest
    context.progress.restart()
    return None


def read(
    context: TransferContext,
    file: RemoteFile,
    start: int,
    length: int | None,
    *,
    max_workers: int,
) -> bytes:
    """Return the bytes of a range; a whole file is checked if the server knows its hash."""
    content = io.BytesIO()
    run = Download(context, file, max_workers=max_workers, verify=file.digest is not None)
    run.to_file(content.write, file.span(start, length))
    return content.getvalue()


def check_target(target: Any) -> None:
    """Check the target of a download, before any request is sent.

    Raises:
        InputError: If it is neither a path nor a binary file object.
        OSError: If the path names something that cannot be replaced.
    """
    if isinstance(target, (str, os.PathLike)):
        resolve_target(target)
    else:
        writer_of(target)


def writer_of(target: Any) -> Callable[[memoryview], None]:
    """Return a function that writes all of a buffer to a binary file object.

    Raises:
        InputError: If `target` is not a binary file object.
    """
    try:
        target.write(b"")
    except (AttributeError, TypeError):
        raise InputError(
            f"the target must be a path or a binary file open for writing, not"
            f" {type(target).__name__}"
        ) from None

    def write(view: memoryview) -> None:
        while view:
            count = target.write(view)
            view = view[len(view) if count is None else count :]

    return write
