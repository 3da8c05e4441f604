"""The bytes of a remote file: received by several threads, processed in order.

Pieces of one size are received concurrently into reused buffers. Each piece passes through the
stages, such as writing and hashing, in file order; the stages work on different pieces at the same
time. A window limits how far receiving may be ahead of the last stage.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock, Semaphore
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from cosfast.concurrency import Progress, run_tasks
from cosfast.errors import AnswerError, ContentMismatchError, RequestError
from cosfast.hashing.state import algorithm_named
from cosfast.transfer.buffers import BufferPool
from cosfast.transfer.headers import header
from cosfast.transfer.ranges import byte_range, check_range

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cosfast.transfer.context import TransferContext
    from cosfast.transfer.request import Request
    from cosfast.transfer.streaming_response import StreamingResponse

PIECE_SIZE = 4 * 1024 * 1024
"""Bytes received by one request, and lost if its connection breaks."""

AHEAD = 2
"""Pieces in memory for each thread: one that it receives, and one that waits for its stages."""

READ_SIZE = 256 * 1024
"""Bytes read between two checks for a stop."""

PATIENCE = 0.1
"""Seconds that a thread waits for a buffer before it checks for a stop."""


Stage = Callable[[memoryview], object]
Item = TypeVar("Item")


@dataclass(frozen=True)
class RemoteFile:
    """A file on a server, with a function that builds the request for a range of it.

    Attributes:
        target: Name in error messages.
        size: Size in bytes.
        digest: Digest in lower-case hex; None if the server does not know it.
        request: Builds the request for a range, from its offset and length in bytes.
        algorithm: Algorithm of `digest`, ``"sha1"`` or ``"sha256"``.
    """

    target: str
    size: int
    digest: str | None
    request: Callable[[int, int], Request[Any]]
    algorithm: str = "sha1"

    def span(self, start: int, length: int | None) -> range:
        """Return the range of at most `length` offsets from `start` that are within the file."""
        end = self.size if length is None else min(start + length, self.size)
        return range(min(start, end), end)

    def differs(self, digest: str) -> ContentMismatchError:
        """Return the error for content with the wrong `digest`."""
        title = algorithm_named(self.algorithm).title
        return ContentMismatchError(
            f"the received content has the {title} {digest}, not {self.digest}",
            operation="download",
            target=self.target,
        )


@dataclass
class _Piece:
    """A range of the file in progress; `stages` is the number of stages it has yet to pass."""

    index: int
    start: int
    view: memoryview
    buffer: memoryview
    stages: int


class InOrder(Generic[Item]):
    """Call `take` with items 0, 1, 2 and so on, one call at a time.

    The thread that puts the next item also passes on the items that were waiting for it. A thread
    that puts an item too early, or while another thread calls `take`, leaves it and returns.

    Args:
        take: Called by any thread that calls `put`. If it raises, that thread gets the exception,
            and no further item is passed on.
    """

    def __init__(self, take: Callable[[Item], object]) -> None:
        self._take = take
        self._lock = Lock()
        self._waiting: dict[int, Item] = {}
        self._next = 0
        self._busy = False

    def put(self, index: int, item: Item) -> None:
        """Add the item with that index."""
        with self._lock:
            self._waiting[index] = item
            if self._busy or index != self._next:
                return
            self._busy = True
        ready: Item | None = item
        while (ready := self._pop_next()) is not None:
            self._take(ready)

    def _pop_next(self) -> Item | None:
        with self._lock:
            item = self._waiting.pop(self._next, None)
            if item is None:
                self._busy = False
            else:
                self._next += 1
            return item


class RangeDownload:
    """One pass over a range of a remote file.

    Args:
        context: Sends the requests, and counts the progress.
        file: The file on the server.
        received: Counts the received bytes; bytes that are received again count once.
        max_workers: Number of pieces in flight.
        must_match: Whether all responses must have the same `ETag`: needed if no hash will show
            that the file changed between two requests.
    """

    def __init__(
        self,
        context: TransferContext,
        file: RemoteFile,
        received: Progress,
        *,
        max_workers: int,
        must_match: bool = False,
    ) -> None:
        self._context = context
        self._file = file
        self._received = received
        self._max_workers = max_workers
        self._must_match = must_match
        self._lock = Lock()
        self._etag: str | None = None

    def run(self, span: range, stages: Sequence[Stage]) -> None:
        """Pass the bytes of `span` through each of `stages`, in order.

        Args:
            span: Offsets of the bytes.
            stages: Functions, each called by one thread at a time, with the pieces in order.

        Raises:
            AnswerError: If the server sends another range than requested.
            CosError: If the server or the connection fails in another way.
            Exception: If a stage raises it.
        """
        if not span:
            return
        max_workers = min(self._max_workers, -(-len(span) // PIECE_SIZE))
        buffers = BufferPool(min(PIECE_SIZE, len(span)))
        window = Semaphore(AHEAD * max_workers)
        queues: list[InOrder[_Piece]] = []

        def through(stage: Stage) -> Callable[[_Piece], None]:
            def take(piece: _Piece) -> None:
                self._context.cancellation.check()
                stage(piece.view)
                with self._lock:
                    piece.stages -= 1
                    done = not piece.stages
                if done:
                    buffers.give_back(piece.buffer)
                    window.release()

            return take

        def fetch(piece: _Piece) -> None:
            request = self._file.request(piece.start, len(piece.view))
            self._context.call(request, lambda response: self._receive(request, response, piece))
            for queue in queues:
                queue.put(piece.index, piece)

        queues.extend(InOrder[_Piece](through(stage)) for stage in stages)
        cancellation = self._context.cancellation
        try:
            run_tasks(
                fetch,
                self._pieces(span, buffers, window, len(stages)),
                max_workers=max_workers,
                stop=cancellation.stop,
                abort=cancellation.abort,
            )
        finally:
            queues.clear()  # break a reference cycle that would keep the buffers alive
        cancellation.check()

    def _pieces(
        self, span: range, buffers: BufferPool, window: Semaphore, stages: int
    ) -> Iterator[_Piece]:
        """Yield the pieces in order, each when the window allows it."""
        for index, start in enumerate(range(span.start, span.stop, PIECE_SIZE)):
            while not window.acquire(timeout=PATIENCE):
                if self._context.cancellation.stop.is_set():
                    return
            buffer = buffers.take()
            view = buffer[: min(PIECE_SIZE, span.stop - start)]
            yield _Piece(index, start, view, buffer, stages)

    def _receive(self, request: Request[Any], response: StreamingResponse, piece: _Piece) -> None:
        view = piece.view
        check_range(
            request,
            response.http_status,
            response.headers,
            wanted=byte_range(piece.start, len(view)),
            filesize=self._file.size,
        )
        self._check_etag(request, response)
        received = 0
        try:
            for wanted in self._paced(view):
                self._context.cancellation.check_going()
                response.fill(wanted)
                received += len(wanted)
                self._advance(len(wanted))
            response.end()
        except RequestError:
            self._advance(-received)
            raise

    def _advance(self, count: int) -> None:
        self._received.advance(count)
        self._context.progress.advance(count)

    def _paced(self, view: memoryview) -> Iterator[Any]:
        cut = (view[at : at + READ_SIZE] for at in range(0, len(view), READ_SIZE))
        if self._context.bandwidth is None:
            return cut
        return self._context.bandwidth.pace(cut, self._context.cancellation.wait)

    def _check_etag(self, request: Request[Any], response: StreamingResponse) -> None:
        etag = header(response.headers, "ETag")
        if not etag:
            return
        with self._lock:
            self._etag = self._etag or etag
        if self._must_match and etag != self._etag:
            raise AnswerError(
                "the file changed during the download: its ETag is different; download it again",
                operation=request.operation,
                target=request.target,
                http_status=response.http_status,
            )
        # The protocols do not define the ETag; if it is another digest, the content is different.
        told, known = etag.strip('"').lower(), self._file.digest
        if known is not None and told != known and re.fullmatch(f"[0-9a-f]{{{len(known)}}}", told):
            raise self._file.differs(told)
