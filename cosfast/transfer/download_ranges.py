"""The bytes of a file on the server: fetched by several threads, passed on in order.

Pieces of one size are fetched side by side into buffers that are used again. Each goes through
the stages, such as writing and hashing, in the order of the file; one stage may be at one piece
while another is at the next. A window bounds how far the first may be ahead of the last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from threading import Lock, Semaphore
from typing import TYPE_CHECKING, Any, Callable

from cosfast.concurrency import Progress, run_workers
from cosfast.cosv4.protocol import objects
from cosfast.cosv4.protocol.addresses import is_bare_url
from cosfast.cosv4.protocol.codes import Code
from cosfast.cosv4.protocol.errors import header
from cosfast.cosv4.protocol.messages import Answer
from cosfast.cosv4.protocol.ranges import check_range
from cosfast.errors import AnswerError, IntegrityError, RequestError
from cosfast.transfer.buffers import Buffers
from cosfast.transfer.download_order import InOrder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.protocol.messages import Request
    from cosfast.cosv4.protocol.stats import ObjectStat
    from cosfast.transfer.bandwidth import RateLimit
    from cosfast.transfer.cancellation import Control
    from cosfast.transfer.http import Transport
    from cosfast.transfer.streaming_response import Incoming

PIECE_SIZE = 4 * 1024 * 1024
"""Bytes fetched by one request, and lost where its connection breaks."""

AHEAD = 2
"""Pieces in memory for each thread: the one it fetches, and one that waits for its turn."""

READ_SIZE = 256 * 1024
"""Bytes read between two looks at whether to stop."""

PATIENCE = 0.1
"""Seconds that a thread waits for a buffer before it looks whether to stop."""

_SHA1 = re.compile("[0-9a-f]{40}")

Stage = Callable[[memoryview], object]


@dataclass
class _Piece:
    """A range of the file on its way; `stages` is the number of those it has yet to pass."""

    index: int
    start: int
    view: memoryview
    buffer: memoryview
    stages: int


class Received:
    """Counts the bytes that came, and tells a callback of them and of those that were there.

    Args:
        callback: see `Client.download`'s `progress`; or None.
    """

    def __init__(self, callback: Callable[[int], object] | None) -> None:
        self._shown = Progress(callback)
        self._received = Progress(self._shown.advance)

    @property
    def received(self) -> int:
        """Bytes that came, without those that had to come again."""
        return self._received.total

    def advance(self, count: int) -> None:
        """Add bytes that came; negative where they have to come again."""
        self._received.advance(count)

    def resume(self, count: int) -> None:
        """Add bytes that were there."""
        self._shown.advance(count)

    def restart(self) -> None:
        """Take all of it back."""
        self._shown.advance(-self._shown.total)


@dataclass(frozen=True)
class RemoteFile:
    """A file on the server, and how to get at it.

    Attributes:
        transport: sends the requests.
        address: where it is.
        known: what the server said of it.
        control: may stop the reading of it.
        limit: spaces out its bytes, or None.
        progress: is told of the bytes that have come.
    """

    transport: Transport
    address: ObjectAddress
    known: ObjectStat
    control: Control
    limit: RateLimit | None
    progress: Received

    @property
    def filesize(self) -> int:
        """Bytes in the whole file."""
        return self.known.filesize or 0

    def span(self, start: int, length: int | None) -> range:
        """Return the offsets from `start` on that are within the file, at most `length`."""
        end = self.filesize if length is None else min(start + length, self.filesize)
        return range(min(start, end), end)

    def differs(self, sha: str) -> IntegrityError:
        """Return the error that the content has the SHA-1 `sha`, and not the one that is known."""
        return IntegrityError(
            Code.SHA_DIFFERS,
            f"what came has the SHA-1 {sha}, not {self.known.sha}",
            "",
            200,
            operation="download",
            target=str(self.address),
        )

    def fetch(
        self,
        span: range,
        stages: Sequence[Stage],
        *,
        concurrency: int,
        must_match: bool = False,
    ) -> None:
        """Pass the bytes of `span` through each of `stages`, in order.

        Args:
            span: their offsets.
            stages: each is called by one thread at a time, with one piece after the other.
            concurrency: pieces on their way at a time.
            must_match: whether all must come with one `ETag`: where no SHA-1 will tell that the
                file changed between them.

        Raises:
            AnswerError: If the server sends something else than the range asked for, or has
                named no URL to ask for it.
            CosError: what else it or the way to it comes to, and what a stage raises.
        """
        if span and not is_bare_url(self.known.access_url or ""):
            raise AnswerError(
                "the server's access_url is not a URL that can be requested",
                operation="download",
                target=str(self.address),
            )
        if span:
            _Fetch(self, span, stages, concurrency, must_match=must_match).run()


class _Fetch:
    def __init__(
        self,
        file: RemoteFile,
        span: range,
        stages: Sequence[Stage],
        concurrency: int,
        *,
        must_match: bool,
    ) -> None:
        self._file = file
        self._span = span
        self._must_match = must_match
        self._threads = min(concurrency, -(-len(span) // PIECE_SIZE))
        self._buffers = Buffers(min(PIECE_SIZE, len(span)))
        self._window = Semaphore(AHEAD * self._threads)
        self._lock = Lock()
        self._etag: str | None = None
        self._stages = [InOrder[_Piece](self._through(stage)) for stage in stages]

    def run(self) -> None:
        control = self._file.control
        try:
            run_workers(
                self._fetch_piece,
                self._pieces(),
                threads=self._threads,
                stop=control.stop,
                abort=control.abort,
            )
        finally:
            self._stages.clear()  # they lead back here, and would keep the buffers from going
        control.check()

    def _pieces(self) -> Iterator[_Piece]:
        """Yield the pieces in order, each when there is a buffer for it."""
        for index, start in enumerate(range(self._span.start, self._span.stop, PIECE_SIZE)):
            while not self._window.acquire(timeout=PATIENCE):
                if self._file.control.stop.is_set():
                    return
            buffer = self._buffers.take()
            view = buffer[: min(PIECE_SIZE, self._span.stop - start)]
            yield _Piece(index, start, view, buffer, len(self._stages))

    def _fetch_piece(self, piece: _Piece) -> None:
        request = objects.download(
            self._file.address,
            self._file.known.access_url or "",
            start=piece.start,
            length=len(piece.view),
        )
        self._file.transport.fetch(
            request,
            lambda incoming: self._receive(request, incoming, piece.view),
            control=self._file.control,
        )
        for stage in self._stages:
            stage.put(piece.index, piece)

    def _receive(self, request: Request, incoming: Incoming, view: memoryview) -> None:
        size = self._file.filesize
        check_range(request, incoming.http_status, incoming.headers, filesize=size)
        self._check_etag(request, incoming)
        received = 0
        try:
            for wanted in self._paced(view):
                self._file.control.check_going()
                incoming.fill(wanted)
                received += len(wanted)
                self._file.progress.advance(len(wanted))
            incoming.end()
        except RequestError:
            self._file.progress.advance(-received)
            raise

    def _paced(self, view: memoryview) -> Iterator[Any]:
        cut = (view[at : at + READ_SIZE] for at in range(0, len(view), READ_SIZE))
        if self._file.limit is None:
            return cut
        return self._file.limit.pace(cut, self._file.control.wait)

    def _check_etag(self, request: Request, incoming: Incoming) -> None:
        etag = header(incoming.headers, "ETag")
        if not etag:
            return
        with self._lock:
            self._etag = self._etag or etag
        if self._must_match and etag != self._etag:
            answer = Answer(request, incoming.http_status, "", {})
            raise answer.error("the file changed while it was downloaded")
        # The protocol does not say what it is; where it is a SHA-1, it tells of other content.
        told, known = etag.strip('"').lower(), self._file.known.sha
        if known is not None and told != known and _SHA1.fullmatch(told):
            raise self._file.differs(told)

    def _through(self, stage: Stage) -> Callable[[_Piece], None]:
        def take(piece: _Piece) -> None:
            self._file.control.check()
            stage(piece.view)
            with self._lock:
                piece.stages -= 1
                done = not piece.stages
            if done:
                self._buffers.give_back(piece.buffer)
                self._window.release()

        return take
