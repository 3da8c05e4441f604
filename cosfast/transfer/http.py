"""`HttpClient`: send one attempt of a request on a requests session, and read its response."""

from __future__ import annotations

import logging
import re
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import NameResolutionError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from cosfast import __version__
from cosfast.errors import TransportError, TransportTimeout
from cosfast.transfer.adapter import TransferAdapter, TransferBody
from cosfast.transfer.redaction import hidden_queries, redacted
from cosfast.transfer.request import HttpResponse
from cosfast.transfer.streaming_response import BROKEN, StreamingResponse
from cosfast.transfer.timeouts import StallGuard, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.concurrency import Progress
    from cosfast.transfer.bandwidth import BandwidthLimit
    from cosfast.transfer.cancellation import Cancellation
    from cosfast.transfer.request import HttpRequest, Request

logger: logging.Logger = logging.getLogger("cosfast.transfer")

T = TypeVar("T")

CONNECTIONS = 32
"""Maximum number of idle connections in a pool; further connections are closed after use."""

_UNRESOLVED = re.compile("Failed to resolve '([^']*)'")
_CONTENT_FOLLOWS = frozenset({200, 206})


class HttpClient:
    """Sends requests to one endpoint; threads may share it.

    The adapters, headers, proxies and TLS settings of a given session are used. Its cookies, hooks
    and redirects are not, since the services have none.

    Args:
        base_url: Scheme, host and port, without a trailing slash.
        session: A `requests.Session` to use; by default a new one, which `close` closes.
        timeout: Seconds to connect and to wait for bytes: one number, or a tuple of two.
        host_advice: What to do if no address is known of a host, for the error.

    Raises:
        InputError: If `timeout` is not valid.
    """

    def __init__(
        self,
        base_url: str,
        *,
        session: requests.Session | None,
        timeout: float | tuple[float, float],
        host_advice: str = "check the endpoint and the network",
    ) -> None:
        self.base_url = base_url
        self._host_advice = host_advice
        self._timeouts = Timeouts.of(timeout)
        self._owns_session = session is None
        self._session = _new_session() if session is None else session
        self._settings: Any = self._session.merge_environment_settings(
            base_url, {}, True, None, None
        )

    def send(
        self,
        request: Request[T],
        encoded: HttpRequest,
        *,
        cancellation: Cancellation,
        bandwidth: BandwidthLimit | None = None,
        receive: Callable[[StreamingResponse], T] | None = None,
        sent: Progress | None = None,
    ) -> T:
        """Send a request once and return its result.

        Args:
            request: The request; it reads the response, and errors name it.
            encoded: The request as HTTP.
            cancellation: Shuts down the socket if the transfer is stopped.
            bandwidth: Bandwidth limit of the body.
            receive: Reads a response that is content, instead of `request.read_response`.
            sent: Called with numbers of bytes that were sent; not by adapters of a user's session.

        Raises:
            TransportError: If no response or only a part of it was received.
            CosError: If reading the response raises it.
        """
        started = time.monotonic()
        guard = StallGuard(self._timeouts.read, cancellation)
        body = TransferBody(encoded.body, cancellation, bandwidth, guard, sent)
        adapter: Any = self._session.get_adapter(encoded.url)
        left = max(0.001, cancellation.remaining())
        failure = None
        try:
            try:
                with nullcontext() if isinstance(adapter, TransferAdapter) else hidden_queries():
                    response = adapter.send(
                        self._prepare(encoded, body, adapter),
                        timeout=(min(self._timeouts.connect, left), min(self._timeouts.read, left)),
                        **self._settings_for(encoded.url),
                    )
            except BROKEN as exc:
                if body.failure is not None:
                    raise body.failure from None
                failure = _transport_error(request, exc, self._host_advice)
            if failure is not None:  # raised outside of the `except` block: no __context__
                raise failure from failure.__cause__
            with response:
                if body.failure is not None:  # urllib3 passes over a BrokenPipeError
                    raise body.failure
                incoming = StreamingResponse(request, response, _transport_error, guard)
                if receive is not None and incoming.http_status in _CONTENT_FOLLOWS:
                    return receive(incoming)
                content = incoming.read_whole(request.answer_limit)
        finally:
            body.detach()
        logger.debug(
            "%s %s: HTTP %d in %.3f s",
            request.operation,
            request.target,
            response.status_code,
            time.monotonic() - started,
        )
        return request.read_response(HttpResponse(response.status_code, response.headers, content))

    def close(self) -> None:
        """Close the connections, unless the session was given."""
        if self._owns_session:
            self._session.close()

    def _settings_for(self, url: str) -> Any:
        """Return the session's settings for a URL: another host may need another proxy."""
        if url.startswith(self.base_url):
            return self._settings
        return self._session.merge_environment_settings(url, {}, True, None, None)

    def _prepare(
        self, encoded: HttpRequest, body: TransferBody, adapter: Any
    ) -> requests.PreparedRequest:
        """Prepare a request without `Session.prepare_request`.

        That would replace the signature by a password from a netrc file, and merge settings that
        never change again for each part.
        """
        prepared = requests.PreparedRequest()
        prepared.method = encoded.method
        prepared.url = encoded.url
        headers: Any = self._session.headers
        prepared.headers = CaseInsensitiveDict(headers)
        # The length and the ranges of a compressed file would be wrong, and the decompressed size
        # of other responses would not be known.
        prepared.headers["Accept-Encoding"] = "identity"
        prepared.headers.update(encoded.headers)
        prepared.hooks = {}
        if encoded.body is not None:
            if encoded.body.content_type:
                prepared.headers["Content-Type"] = encoded.body.content_type
            prepared.headers["Content-Length"] = str(len(encoded.body))
        elif encoded.method not in {"GET", "HEAD"}:
            prepared.headers["Content-Length"] = "0"
        if encoded.body is not None or isinstance(adapter, TransferAdapter):
            carried: Any = body  # requests accepts any iterable
            prepared.body = carried
        return prepared


def _new_session() -> requests.Session:
    session = requests.Session()
    adapter = TransferAdapter(pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = f"cosfast/{__version__}"
    return session


def _transport_error(
    request: Request[Any], exc: Exception, host_advice: str = ""
) -> TransportError:
    """Return the error for an exception of requests or urllib3, chained to its root cause.

    Exceptions between the root cause and `exc` quote the URL, which may contain a signature or a
    token. Therefore only the root cause is chained, and not if it quotes the URL itself.
    """
    cause = _root_cause(exc)
    timed_out = isinstance(exc, (requests.Timeout, Urllib3Timeout)) or isinstance(
        cause, TimeoutError
    )
    kind = TransportTimeout if timed_out else TransportError
    text = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    host = _unresolved_host(exc)
    if host:
        text = f"no address is known of the host {host!r}; {host_advice} ({text})"
    error = kind(redacted(text), operation=request.operation, target=request.target)
    error.__cause__ = cause if redacted(text) == text else None
    return error


def _unresolved_host(exc: BaseException) -> str:
    """Return the host, of a server or of a proxy, that has no address; empty if that is not it."""
    for each in _causes(exc):
        if isinstance(each, NameResolutionError):
            found = _UNRESOLVED.search(str(each))
            return found[1] if found else ""
    return ""


def _root_cause(exc: BaseException) -> BaseException:
    """Return the first exception in the chain of causes and contexts of `exc`."""
    return list(_causes(exc))[-1]


def _causes(exc: BaseException) -> Iterator[BaseException]:
    """Yield an exception, and those that it was raised from, up to the root cause."""
    seen: set[int] = set()
    inner: BaseException | None = exc
    while inner is not None and id(inner) not in seen:
        seen.add(id(inner))
        yield inner
        inner = inner.__cause__ or inner.__context__
