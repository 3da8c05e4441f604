"""The upload engine: open a session, send the missing parts, finish; resume and restart.

A service implements one upload as a `PartUpload`. The engine defines the order of the steps, reads
and hashes the source, limits the number of parts in flight, counts bytes, and starts over if the
session is lost or the remembered parts list is wrong. It uses no URLs and no error codes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from cosfast.concurrency import Progress, run_tasks
from cosfast.errors import CosError, IntegrityError, SourceChanged
from cosfast.transfer.buffers import BufferPool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cosfast.parts.sources import Source
    from cosfast.transfer.content import UploadContent
    from cosfast.transfer.context import TransferContext

READ_SIZE = 256 * 1024
"""Bytes of a streamed part in memory at a time, few enough to be in the CPU cache when sent."""

Result = TypeVar("Result")


class Part(NamedTuple):
    """A part of the file: its number, from 0, and its offset and length in bytes."""

    number: int
    offset: int
    length: int


class StreamedPart:
    """The content of one part, read from the source while it is sent.

    Each iteration reads it again, so that a part can be retried. A chunk is valid until the next
    one is requested.

    Args:
        source: Source of the upload.
        part: The part.
        buffers: Pool of buffers for one chunk.
    """

    content_type = ""

    def __init__(self, source: Source, part: Part, buffers: BufferPool) -> None:
        self._source = source
        self._part = part
        self._buffers = buffers

    def __len__(self) -> int:
        return self._part.length

    def __iter__(self) -> Iterator[memoryview]:
        start, end = self._part.offset, self._part.offset + self._part.length
        buffer = self._buffers.take()
        try:
            for offset in range(start, end, len(buffer)):
                yield self._source.read_slice(offset, min(len(buffer), end - offset), buffer)
        finally:
            self._buffers.give_back(buffer)


@dataclass(frozen=True)
class PartSession:
    """An open upload session.

    Attributes:
        token: The service's identifier of the session, of any type.
        part_size: Bytes in each part but the last.
        missing: The parts that the server does not have, in order; iterated once.
        resumed_bytes: Bytes that the server already has.
        serial: Whether parts must be sent one at a time, in order; None if that is not known.
        streamed: Whether parts are read while they are sent, because they are too large for
            memory.
    """

    token: Any
    part_size: int
    missing: Iterable[Part]
    resumed_bytes: int = 0
    serial: bool | None = False
    streamed: bool = False


@dataclass(frozen=True)
class Completed(Generic[Result]):
    """Result of an upload whose content the server already has, so that nothing is sent."""

    result: Result


class PartUpload(ABC, Generic[Result]):
    """The steps of one upload, which a service implements."""

    @abstractmethod
    def open(self) -> PartSession | Completed[Result]:
        """Resume or open a session; return `Completed` if the server already has the content."""

    @abstractmethod
    def send_part(self, session: PartSession, part: Part, data: Any) -> None:
        """Send one part and return when it is acknowledged; called from several threads.

        Args:
            session: The session that `open` returned.
            part: The part.
            data: Bytes of the part: a memoryview, or a `StreamedPart` if the session is streamed.
        """

    @abstractmethod
    def finish(self, session: PartSession) -> Result:
        """Combine the parts to the file, and return the result."""

    @abstractmethod
    def forget(self) -> None:
        """Delete the remembered session from the journal, if any."""

    def is_session_lost(self, error: CosError) -> bool:
        """Return whether an error means that the upload has to start over in a new session."""
        del error
        return False

    def wants_order(self, session: PartSession, error: CosError) -> bool:
        """Return whether a part may have been refused only because earlier parts are missing."""
        del session, error
        return False


class UploadOutcome(NamedTuple, Generic[Result]):
    """The outcome of an upload.

    Attributes:
        result: The service's result.
        instant: Whether the server already had the content.
        sent_bytes: Bytes sent and acknowledged in this call.
        resumed_bytes: Bytes that the server had from an earlier, interrupted upload.
    """

    result: Result
    instant: bool
    sent_bytes: int
    resumed_bytes: int


def upload_in_parts(
    context: TransferContext,
    content: UploadContent,
    upload: PartUpload[Result],
    *,
    max_workers: int,
) -> UploadOutcome[Result]:
    """Upload `content` by the steps of `upload`.

    Args:
        context: Context of this upload: progress, bandwidth limit, deadline and cancellation.
        content: The source, with its parts list if it is known.
        upload: The steps, implemented by the service.
        max_workers: Number of parts in flight.

    Raises:
        SourceChanged: If the source changed after it was hashed.
        CosError: If a step raises it.
    """
    run = _Run(context, content, upload, max_workers)
    try:
        return run.attempt()
    except SourceChanged:
        # A remembered list may be of different bytes with the same time stamps.
        if not content.hash_again():
            raise
    except CosError as error:
        if not upload.is_session_lost(error):
            raise
    run.start_over()
    return run.attempt()


class _Piece(NamedTuple):
    """A part to send.

    Attributes:
        part: The part.
        data: Bytes of the part; None if they are not read yet.
        buffer: Buffer to read them into; None if they are streamed.
    """

    part: Part
    data: memoryview | StreamedPart | None
    buffer: memoryview | None


class _Run(Generic[Result]):
    """An upload in progress; `attempt` may be called again after `start_over`."""

    def __init__(
        self,
        context: TransferContext,
        content: UploadContent,
        upload: PartUpload[Result],
        max_workers: int,
    ) -> None:
        self._context = context
        self._content = content
        self._upload = upload
        self._sent = Progress()
        self._max_workers = max_workers

    def attempt(self) -> UploadOutcome[Result]:
        """Run all steps once."""
        opened = self._upload.open()
        if isinstance(opened, Completed):
            self._context.progress.advance(self._content.size)
            sent = self._sent.total
            return UploadOutcome(opened.result, instant=True, sent_bytes=sent, resumed_bytes=0)
        self._context.progress.advance(opened.resumed_bytes)
        self._send_missing(opened)
        # With a parts list, the server has checked each byte against the hash.
        verified = self._content.parts is not None
        self._content.source.check_unchanged(content_verified=verified)
        result = self._upload.finish(opened)
        self._upload.forget()
        return UploadOutcome(
            result,
            instant=False,
            sent_bytes=self._sent.total,
            resumed_bytes=opened.resumed_bytes,
        )

    def start_over(self) -> None:
        """Forget the session and reset the progress."""
        self._allow_more()
        self._upload.forget()
        self._context.progress.restart()

    def _allow_more(self) -> None:
        """Allow tasks to run after a failure, unless the upload is cancelled or out of time."""
        self._context.cancellation.stop.clear()
        self._context.cancellation.check()

    def _send_missing(self, session: PartSession) -> None:
        at_once = READ_SIZE if session.streamed else session.part_size
        buffers = BufferPool(max(1, min(at_once, self._content.size)))
        pieces = self._read_missing(session, buffers)
        unacknowledged: dict[int, _Piece] = {}

        def noted() -> Iterator[_Piece]:
            for piece in pieces:
                unacknowledged[piece.part.number] = piece
                yield piece

        def send(piece: _Piece) -> None:
            self._send(session, piece)
            del unacknowledged[piece.part.number]
            if piece.buffer is not None:
                buffers.give_back(piece.buffer)

        max_workers = 1 if session.serial else self._max_workers
        try:
            self._run(send, noted(), max_workers)
        except CosError as refusal:
            if max_workers <= 1 or not self._upload.wants_order(session, refusal):
                raise
            # Send the parts that were in flight first, then the rest.
            self._allow_more()
            first = [unacknowledged[number] for number in sorted(unacknowledged)]
            self._run(send, chain(first, noted()), 1)

    def _run(
        self, send: Callable[[_Piece], None], pieces: Iterable[_Piece], max_workers: int
    ) -> None:
        cancellation = self._context.cancellation
        run_tasks(
            send,
            pieces,
            max_workers=max_workers,
            stop=cancellation.stop,
            abort=cancellation.abort,
        )
        cancellation.check()

    def _send(self, session: PartSession, piece: _Piece) -> None:
        part, data, buffer = piece
        if data is None:
            data = self._content.source.read_slice(part.offset, part.length, buffer)
        try:
            self._upload.send_part(session, part, data)
        except IntegrityError as refusal:
            sent = None if isinstance(data, StreamedPart) else data
            self._content.check_part(part.offset, part.length, sent, refusal)
            raise
        self._sent.advance(part.length)
        self._context.progress.advance(part.length)

    def _read_missing(self, session: PartSession, buffers: BufferPool) -> Iterator[_Piece]:
        """Yield the missing parts; they are already read if they are hashed while they are sent."""
        hasher = self._content.start_hasher()
        for part in session.missing:
            if session.streamed:
                yield _Piece(part, StreamedPart(self._content.source, part, buffers), None)
                continue
            buffer = buffers.take()
            if hasher is None:
                yield _Piece(part, None, buffer)
                continue
            data = self._content.source.read_slice(part.offset, part.length, buffer)
            yield _Piece(part, data, buffer)
            # The part may already be sent and its buffer returned. Only this loop fills buffers, so
            # the data is still intact.
            hasher.update(data)
