"""`WeDriveService`: encodes calls as HTTP with a valid access token, and counts them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote

from cosfast.transfer.context import TransferContext
from cosfast.transfer.journal import NO_JOURNAL
from cosfast.transfer.request import HttpRequest
from cosfast.wedrive.protocol.errors import ThrottledError, is_retryable, wants_new_token
from cosfast.wedrive.protocol.files import AccessToken, gettoken
from cosfast.wedrive.protocol.messages import Request

if TYPE_CHECKING:
    from cosfast.errors import RequestError
    from cosfast.transfer.cancellation import Cancellation
    from cosfast.transfer.http import HttpClient
    from cosfast.transfer.retry import RetryPolicy
    from cosfast.wedrive.token import TokenSource

T = TypeVar("T")

THROTTLED = 5
"""Factor by which the delay after a throttled call is longer than after another failure."""

_TOKEN = "access_token="  # noqa: S105 - the name of a parameter


class CallCounter:
    """Counts calls. Threads may share it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.count: int = 0

    def add(self) -> None:
        """Count one call."""
        with self._lock:
            self.count += 1


@dataclass(frozen=True)
class WeDriveService:
    """How calls are encoded as HTTP; implements `cosfast.transfer.request.Service`.

    Attributes:
        http: Sends the calls that fetch a token.
        tokens: Provides the access tokens.
        retry: Retry policy, from which the delay after a throttled call is derived.
        cancellation: Ends the wait for a token.
        calls: Counts every call that is sent, including those that fetch tokens.
    """

    http: HttpClient
    tokens: TokenSource
    retry: RetryPolicy
    cancellation: Cancellation
    calls: CallCounter = field(default_factory=CallCounter)

    def encode(self, request: Any) -> HttpRequest:
        """Return a call for one attempt, with an access token.

        Raises:
            RequestError: If no token can be fetched; that was already retried.
        """
        if not isinstance(request, Request):  # for the content of a file, which needs no token
            encoded: HttpRequest = request.encode()
            return encoded
        query = request.query
        if query is None:
            token = self.tokens.get(
                self.http.base_url, self._fetch_token, self.cancellation.check_going
            )
            query = _TOKEN + quote(token, safe="")
        self.calls.add()
        return HttpRequest(
            request.method,
            f"{self.http.base_url}{request.path}?{query}",
            body=request.encode(),
        )

    def is_retryable(self, error: RequestError, tried: HttpRequest | None) -> bool:
        """Return whether the call may be retried; drop the token if it was refused."""
        if tried is None:
            return False  # the call that it depends on has used up its own attempts
        _, has_token, refused = tried.url.partition(_TOKEN)
        if has_token and wants_new_token(error):
            return self.tokens.replace(self.http.base_url, unquote(refused))
        if isinstance(error, ThrottledError):
            wait = THROTTLED * self.retry.base_delay * 2.0 ** min(error.tries_alike - 1, 60)
            error.retry_after = max(error.retry_after or 0.0, wait)
        return is_retryable(error)

    def _fetch_token(self, corpid: str, corpsecret: str) -> AccessToken:
        return self.call_first(gettoken(corpid, corpsecret))

    def call_first(self, request: Request[T]) -> T:
        """Make a call that another call depends on, with its own retries."""
        context = TransferContext(
            self.http, self, self.retry, NO_JOURNAL, cancellation=self.cancellation
        )
        return context.call(request)


def counted(context: TransferContext) -> tuple[TransferContext, CallCounter]:
    """Return the context of one transfer with its own counter of calls, and that counter."""
    service: Any = context.service
    calls = CallCounter()
    own = replace(service, cancellation=context.cancellation, calls=calls)
    return replace(context, service=own), calls
