"""`TransferContext`: everything that sends a request needs, and the one retry loop."""

from __future__ import annotations

import logging
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from cosfast.concurrency import Progress
from cosfast.errors import RequestError
from cosfast.transfer.bandwidth import BandwidthLimit
from cosfast.transfer.cancellation import Cancellation, CancelToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.transfer.http import HttpClient
    from cosfast.transfer.journal import Journal
    from cosfast.transfer.request import HttpRequest, Request, Service
    from cosfast.transfer.retry import RetryPolicy
    from cosfast.transfer.streaming_response import StreamingResponse

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cosfast.transfer")


@dataclass(frozen=True)
class TransferContext:
    """How the requests of one transfer, or of a client, are sent. Threads may share it.

    Attributes:
        http: Sends one try of a request.
        service: Encodes requests, and says which failures are worth another try.
        retry: The policy for every request.
        journal: Remembers what may be of use to a later transfer.
        cancellation: Stops the transfer: by its tokens, its deadline, or a failure beside it.
        bandwidth: Spaces out the bytes of content; None for no limit.
        progress: Is told of the bytes that are done.
    """

    http: HttpClient
    service: Service
    retry: RetryPolicy
    journal: Journal
    cancellation: Cancellation = field(default_factory=Cancellation)
    bandwidth: BandwidthLimit | None = None
    progress: Progress = field(default_factory=Progress)

    @contextmanager
    def transfer(
        self,
        *,
        progress: Callable[[int], object] | None = None,
        max_rate: float | None = None,
        deadline: float | None = None,
        cancel: CancelToken | None = None,
        stopper: CancelToken | None = None,
    ) -> Iterator[TransferContext]:
        """Yield the context of one transfer, with limits of its own, while the block runs.

        Args:
            progress: Called with each number of bytes.
            max_rate: Bytes a second.
            deadline: Seconds from now.
            cancel: The user's token.
            stopper: A second token, for a caller that runs many transfers.

        Raises:
            InputError: If a limit is not a positive number.
            Cancelled: By a token, whatever the block raised because of it.
            DeadlineExceeded: By the deadline, likewise.
        """
        tokens = [token for token in (cancel, stopper) if token is not None]
        cancellation = Cancellation(tokens, deadline)
        with cancellation.running():
            yield replace(
                self,
                cancellation=cancellation,
                bandwidth=None if max_rate is None else BandwidthLimit(max_rate),
                progress=Progress(progress),
            )

    def call(
        self,
        request: Request[T],
        receive: Callable[[StreamingResponse], T] | None = None,
        *,
        find_result: Callable[[], T | None] | None = None,
    ) -> T:
        """Send `request` until it is answered or not worth another try; return what was read.

        Args:
            request: Encoded anew for each try, since a signature may expire meanwhile.
            receive: Takes the response if it is content; a `RequestError` of its own ends the try.
            find_result: For a request that must not be carried out twice: looks up the result of a
                try whose response was lost, before the next try. Returns None if there is none.

        Raises:
            RequestError: The last failure.
            Cancelled: If the transfer is cancelled.
            DeadlineExceeded: If its deadline passes.
        """
        started = time.monotonic()
        failures = 0
        kinds: Counter[type[RequestError]] = Counter()
        while True:
            encoded = None
            try:
                encoded = self.service.encode(request)
                return self.http.send(
                    request,
                    encoded,
                    cancellation=self.cancellation,
                    bandwidth=self.bandwidth,
                    receive=receive,
                )
            except RequestError as error:
                failures += 1
                kinds[type(error)] += 1
                error.tries, error.tries_alike = failures, kinds[type(error)]
                if find_result is not None and encoded is not None and error.is_lost:
                    found = find_result()
                    if found is not None:
                        return found
                wait = self._wait_after(error, encoded, failures, time.monotonic() - started)
                if wait is None:
                    raise
                self.cancellation.wait(wait)

    def _wait_after(
        self, error: RequestError, tried: HttpRequest | None, failures: int, elapsed: float
    ) -> float | None:
        if not self.service.is_retryable(error, tried):
            return None
        wait = self.retry.wait_before_next(failures, elapsed, at_least=error.retry_after)
        if wait is not None:
            logger.info("try %d failed, the next in %.2f s: %s", failures, wait, error)
        return wait
