"""`TransferContext`: the parameters of sending requests, and the retry loop."""

from __future__ import annotations

import logging
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from cosfast.concurrency import Progress
from cosfast.errors import InputError, RequestError
from cosfast.transfer.bandwidth import BandwidthLimit
from cosfast.transfer.cancellation import Cancellation, CancelToken
from cosfast.transfer.retry import RetryPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.transfer.http import HttpClient
    from cosfast.transfer.journal import Journal
    from cosfast.transfer.request import HttpRequest, Request, Service
    from cosfast.transfer.streaming_response import StreamingResponse

T = TypeVar("T")

logger: logging.Logger = logging.getLogger("cosfast.transfer")


@dataclass(frozen=True)
class TransferContext:
    """How the requests of one transfer, or of a client, are sent. Threads may share it.

    Attributes:
        http: Sends one attempt of a request.
        service: Encodes requests, and decides which failed requests may be retried.
        retry: Retry policy of every request.
        journal: Stores what later transfers can reuse.
        cancellation: Stops the transfer: by a token, the deadline, or a failure in another thread.
        bandwidth: Bandwidth limit of the content; None for no limit.
        progress: Counts the bytes that are transferred.

    Raises:
        InputError: If `retry` is not a `RetryPolicy`.
    """

    http: HttpClient
    service: Service
    retry: RetryPolicy
    journal: Journal
    cancellation: Cancellation = field(default_factory=Cancellation)
    bandwidth: BandwidthLimit | None = None
    progress: Progress = field(default_factory=Progress)

    def __post_init__(self) -> None:
        if not isinstance(self.retry, RetryPolicy):
            raise InputError(
                "retry must be a RetryPolicy, such as cosfast.NO_RETRY, not"
                f" {type(self.retry).__name__}"
            )

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
        """Yield the context of one transfer, with its own limits, while the block runs.

        Args:
            progress: Called with numbers of bytes that were transferred.
            max_rate: Bandwidth limit in bytes a second.
            deadline: Deadline in seconds from now.
            cancel: The user's token.
            stopper: Second token, for callers that run many transfers.

        Raises:
            InputError: If a limit is not a positive number.
            Cancelled: If a token was used; this replaces an exception that the block raised.
            DeadlineExceeded: If the deadline was exceeded; likewise.
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
        sent: Progress | None = None,
    ) -> T:
        """Send `request`, with retries, and return its result.

        Args:
            request: The request; encoded again for each attempt, since a signature may expire.
            receive: Reads a response that is content; a `RequestError` that it raises fails the
                attempt.
            find_result: For a request that must not be carried out twice: called after an attempt
                whose response was lost, before the next attempt. Returns the result of the lost
                attempt, or None if it had none.
            sent: Called with numbers of bytes that were sent; the count starts over with each
                attempt.

        Raises:
            RequestError: If no attempt succeeds; the error of the last attempt.
            Cancelled: If the transfer is cancelled.
            DeadlineExceeded: If the deadline is exceeded.
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
                    sent=sent,
                )
            except RequestError as error:
                if sent is not None:
                    sent.restart()
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
            logger.info("attempt %d failed, next attempt in %.2f s: %s", failures, wait, error)
        return wait
