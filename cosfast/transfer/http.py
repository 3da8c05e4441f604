"""`HttpClient`: send one try of a request on a requests session, and read its response."""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from cosfast import __version__
from cosfast.errors import TransportError, TransportTimeout
from cosfast.transfer.adapter import TransferAdapter, TransferBody
from cosfast.transfer.redaction import hidden_queries, redacted
from cosfast.transfer.request import HttpResponse
from cosfast.transfer.streaming_response import BROKEN, StreamingResponse
from cosfast.transfer.timeouts import StallGuard, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.transfer.bandwidth import BandwidthLimit
    from cosfast.transfer.cancellation import Cancellation
    from cosfast.transfer.request import HttpRequest, Request

logger: logging.Logger = logging.getLogger("cosfast.transfer")

T = TypeVar("T")

CONNECTIONS = 32
"""Connections that a client keeps open at most; more than these may be made, and are closed."""

_CONTENT_FOLLOWS = frozenset({200, 206})


class HttpClient:
    """Sends requests to one endpoint; threads may share it.

    Of a session that is given, the adapters, the headers, the proxies and the TLS settings are
    used; cookies, hooks and redirects are not, as the services have none.

    Args:
        base_url: Scheme, host and port, with no slash at its end.
        session: A `requests.Session` to use; by default one is made here and closed by `close`.
        timeout: Seconds to connect and to wait for bytes: one number, or a tuple of two.

    Raises:
        InputError: If `timeout` is not usable.
    """

    def __init__(
        self,
        base_url: str,
        *,
        session: requests.Session | None,
        timeout: float | tuple[float, float],
    ) -> None:
        self.base_url = base_url
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
    ) -> T:
        """Send a request once and return what was read of its response.

        Args:
            request: Reads the response, and is named by errors.
            encoded: What is sent.
            cancellation: Shuts the socket down if the transfer is to stop.
            bandwidth: Spaces out the bytes of the body.
            receive: Takes the response if it is content, in place of the request's own reader.

        Raises:
            TransportError: If no response came, or not all of it.
            CosError: What reading the response raises.
        """
        started = time.monotonic()
        guard = StallGuard(self._timeouts.read, cancellation)
        body = TransferBody(encoded.body, cancellation, bandwidth, guard)
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
                failure = _transport_error(request, exc)
            if failure is not None:  # raised here, it has no context
                raise failure from failure.__cause__
            with response:
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
        """Close the connections, if the session was made here."""
        if self._owns_session:
            self._session.close()

    def _settings_for(self, url: str) -> Any:
        """Return the settings for the server asked: another host may be behind another proxy."""
        if url.startswith(self.base_url):
            return self._settings
        return self._session.merge_environment_settings(url, {}, True, None, None)

    def _prepare(
        self, encoded: HttpRequest, body: TransferBody, adapter: Any
    ) -> requests.PreparedRequest:
        """Fill in a request by hand: what `Session.prepare_request` would add is not wanted here.

        It would take a netrc entry's password for our signature, and for each part anew it would
        merge settings that never change.
        """
        prepared = requests.PreparedRequest()
        prepared.method = encoded.method
        prepared.url = encoded.url
        headers: Any = self._session.headers
        prepared.headers = CaseInsensitiveDict(headers)
        # A compressed file would have neither its length nor its ranges, and of a compressed
        # answer nobody knows how large it becomes.
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
            carried: Any = body  # requests sends whatever can be iterated over
            prepared.body = carried
        return prepared


def _new_session() -> requests.Session:
    session = requests.Session()
    adapter = TransferAdapter(pool_maxsize=CONNECTIONS, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = f"cosfast/{__version__}"
    return session


def _transport_error(request: Request[Any], exc: Exception) -> TransportError:
    """Return the error for what requests or urllib3 raised, and its cause.

    Exceptions between the root cause and `exc` quote the URL, which may carry a signature or a
    token. So the root cause is the only one that is chained, unless it quotes the URL itself.
    """
    cause = _root_cause(exc)
    timed_out = isinstance(exc, (requests.Timeout, Urllib3Timeout)) or isinstance(
        cause, TimeoutError
    )
    kind = TransportTimeout if timed_out else TransportError
    text = f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__
    error = kind(redacted(text), operation=request.operation, target=request.target)
    error.__cause__ = cause if redacted(text) == text else None
    return error


def _root_cause(exc: BaseException) -> BaseException:
    """Return the exception that all others were raised from."""
    seen = {id(exc)}
    while True:
        inner = exc.__cause__ or exc.__context__
        if inner is None or id(inner) in seen:
            break
        seen.add(id(inner))
        exc = inner
    return exc
