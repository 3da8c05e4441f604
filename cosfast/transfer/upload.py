"""The upload engine: open a session, send the parts that are missing, finish; resume and restart.

A service describes one upload as a `PartUpload`. The engine knows the order of the steps, reads and
hashes the source, keeps a bounded number of parts in flight, counts bytes, and starts over when the
session or the remembered list turns out to be of no use. It knows no URL and no error code.
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
"""Bytes of a streamed part in memory at a time: they are still in the core's cache when sent."""

Result = TypeVar("Result")


class Part(NamedTuple):
    """A part of the file: its number from 0, its offset and its length in bytes."""

    number: int
    offset: int
    length: int


class StreamedPart:
    """The content of one part, read from the source as it is sent.

    Each iteration reads it again, so that a part can be retried. A chunk is valid until the next
    one is asked for.

    Args:
        source: Is read.
        part: Which part of it.
        buffers: Give the memory for one chunk.
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
        token: The service's own name for it, whatever that is.
        part_size: Bytes in each part but the last.
        missing: The parts that the server does not have, in order; iterated once.
        resumed_bytes: Bytes that the server has already.
        serial: Whether parts must go one at a time, in order; None if the server does not say.
        streamed: Whether a part is read while it is sent, because parts are too large to be held
            in memory.
    """

    token: Any
    part_size: int
    missing: Iterable[Part]
    resumed_bytes: int = 0
    serial: bool | None = False
    streamed: bool = False


@dataclass(frozen=True)
class Completed(Generic[Result]):
    """The content is on the server already: nothing is to be sent."""

    result: Result


class PartUpload(ABC, Generic[Result]):
    """One upload, as its service sees it."""

    @abstractmethod
    def open(self) -> PartSession | Completed[Result]:
        """Resume or open a session; or learn that the server has the content."""

    @abstractmethod
    def send_part(self, session: PartSession, part: Part, data: Any) -> None:
        """Send one part and return when it is acknowledged; called from several threads.

        Args:
            session: What `open` returned.
            part: Which part.
            data: Its bytes: a memoryview, or a `StreamedPart` if the session is streamed.
        """

    @abstractmethod
    def finish(self, session: PartSession) -> Result:
        """Make the file of its parts."""

    @abstractmethod
    def forget(self) -> None:
        """Forget the session that is remembered, if any."""

    def is_session_lost(self, error: CosError) -> bool:
        """Tell whether an error means that the upload has to start over, in a new session."""
        del error
        return False

    def wants_order(self, session: PartSession, error: CosError) -> bool:
        """Tell whether a part may have been refused only because those before it are missing."""
        del session, error
        return False


class UploadOutcome(NamedTuple, Generic[Result]):
    """What an upload came to.

    Attributes:
        result: The service's own.
        instant: Whether the server had the content already.
        sent_bytes: Bytes sent and acknowledged in this call.
        resumed_bytes: Bytes that the server held from an earlier upload.
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
        context: Progress, bandwidth, deadline and cancellation of this upload.
        content: The source and what is known of its hash.
        upload: The service's side.
        max_workers: Parts in flight.

    Raises:
        SourceChanged: If the source is no longer what was hashed.
        CosError: What the service raises.
    """
    run = _Run(context, content, upload, max_workers)
    try:
        return run.attempt()
    except SourceChanged:
        # A remembered list may be of other bytes that have the same time stamps.
        if not content.hash_again():
            raise
    except CosError as error:
        if not upload.is_session_lost(error):
            raise
    run.start_over()
    return run.attempt()


class _Piece(NamedTuple):
    """A part to be sent.

    Attributes:
        part: Which part.
        data: Its bytes; None if they are yet to be read.
        buffer: What they are read into; None if they are streamed.
    """

    part: Part
    data: memoryview | StreamedPart | None
    buffer: memoryview | None


class _Run(Generic[Result]):
    """One upload under way; `attempt` may be called again after `start_over`."""

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
        """Go through all steps once."""
        opened = self._upload.open()
        if isinstance(opened, Completed):
            self._context.progress.advance(self._content.size)
            sent = self._sent.total
            return UploadOutcome(opened.result, instant=True, sent_bytes=sent, resumed_bytes=0)
        self._context.progress.advance(opened.resumed_bytes)
        self._send_missing(opened)
        # With a parts list the server has compared each byte with what was hashed.
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
        """Forget the session and take back the progress."""
        self._allow_more()
        self._upload.forget()
        self._context.progress.restart()

    def _allow_more(self) -> None:
        """Let tasks run again after one has failed; what stopped them from outside still does."""
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
            # The parts that were on their way go first, then the rest.
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
        """Yield the missing parts; already read if they are hashed on the way."""
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
            # The part may be on its way already. Only this loop fills buffers, so it is intact.
            hasher.update(data)
