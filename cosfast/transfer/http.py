"""`Transport`: sends a protocol `Request`, signed afresh on each try, retried with judgement."""

from __future__ import annotations

import logging
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from cosfast import __version__
from cosfast.cosv4.protocol.errors import is_retryable, redacted
from cosfast.cosv4.protocol.messages import read_answer
from cosfast.errors import InputError, RequestError, TransportError, TransportTimeout
from cosfast.transfer.adapter import ControlledAdapter, controlled
from cosfast.transfer.cancellation import Control
from cosfast.transfer.retry import RetryPolicy
from cosfast.transfer.streaming_response import BROKEN, Incoming
from cosfast.transfer.timeouts import SocketTimeout, StallGuard, Timeouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cosfast.cosv4.credentials import Credentials
    from cosfast.cosv4.protocol.addresses import ObjectAddress
    from cosfast.cosv4.protocol.messages import Answer, Request
    from cosfast.cosv4.protocol.multipart import Body
    from cosfast.transfer.bandwidth import RateLimit

logger: logging.Logger = logging.getLogger("cosfast.transfer")

Result = TypeVar("Result")

_BYTES_FOLLOW = frozenset({200, 206})


class Transport:
    """Sends requests for one set of credentials to one endpoint; threads may share it.

    Of a session that is given, the adapters, the headers, the proxies and the TLS settings are
    used; cookies, hooks and redirects are not, as the API has none.

    Args:
        credentials: sign each try anew, since a signature may expire while a request waits.
        base_url: scheme, host and port, with no slash at its end.
        session: a `requests.Session` to use; by default one is made here and closed by `close`.
        retry: the policy for every request.
        timeout: seconds to connect and to wait for bytes: one number, or a tuple of two.
        connections: connections to keep open, where the session is made here.

    Raises:
        InputError: If `retry` or `timeout` is not usable.
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str,
        *,
        session: requests.Session | None,
        retry: RetryPolicy,
        timeout: float | tuple[float, float],
        connections: int,
    ) -> None:
        if not isinstance(retry, RetryPolicy):
            raise InputError(f"retry must be a RetryPolicy, not {type(retry).__name__}")
        self._credentials = credentials
        self.base_url = base_url
        self._retry = retry
        self._timeouts = Timeouts.of(timeout)
        self._owns_session = session is None
        self._session = _new_session(connections) if session is None else session
        self._settings: Any = self._session.merge_environment_settings(
            base_url, {}, True, None, None
        )

    def send(
        self,
        request: Request,
        *,
        control: Control | None = None,
        limit: RateLimit | None = None,
    ) -> Answer:
        """Send `request` until it is answered or not worth another try.

        Args:
            request: what to send.
            control: may stop it, also in the midst of a try or of a wait between two.
            limit: spaces out the bytes of its body.

        Raises:
            ServerError: the server's refusal, by code.
            AnswerError: an answer that is not the protocol's.
            TransportError: no answer came.
        """
        control = control or Control()
        return self._retried(lambda: self._send_once(request, control, limit), control)

    def fetch(
        self,
        request: Request,
        receive: Callable[[Incoming], Result],
        *,
        control: Control | None = None,
    ) -> Result:
        """Send a `request` whose answer is bytes, until they are received or not worth it.

        Args:
            request: what to send.
            receive: takes the answer of each try that got one, and what is to be returned from
                it; a `RequestError` of its own ends the try as one of the connection would.
            control: may stop it, also in the midst of a try or of a wait between two.

        Raises:
            CosError: as `send` does, and what `receive` raises.
        """
        control = control or Control()
        return self._retried(lambda: self._fetch_once(request, receive, control), control)

    def _retried(self, attempt: Callable[[], Result], control: Control) -> Result:
        started = time.monotonic()
        failures = 0
        while True:
            try:
                return attempt()
            except RequestError as error:
                error.tried_before = failures > 0
                failures += 1
                wait = self._wait_after(error, failures, time.monotonic() - started)
                if wait is None:
                    raise
                control.wait(wait)

    def url_of(self, address: ObjectAddress) -> str:
        """Return the API's URL of a file or a folder."""
        return self.base_url + address.url_path

    def close(self) -> None:
        """Close the connections, where the session was made here."""
        if self._owns_session:
            self._session.close()

    def _wait_after(self, error: RequestError, failures: int, elapsed: float) -> float | None:
        if not is_retryable(error):
            return None
        wait = self._retry.wait_before_next(failures, elapsed, at_least=error.retry_after)
        if wait is not None:
            logger.info("try %d failed, the next in %.2f s: %s", failures, wait, error)
        return wait

    def _send_once(self, request: Request, control: Control, limit: RateLimit | None) -> Answer:
        prepared = self._prepare(request, control, limit)
        with self._answered(request, prepared, control) as incoming:
            body = incoming.read_whole(request.answer_limit)
        return read_answer(request, incoming.http_status, incoming.headers, body)

    def _fetch_once(
        self, request: Request, receive: Callable[[Incoming], Result], control: Control
    ) -> Result:
        prepared = self._prepare(request, control, None)
        with self._answered(request, prepared, control) as incoming:
            if incoming.http_status in _BYTES_FOLLOW:
                return receive(incoming)
            body = incoming.read_whole(request.answer_limit)
        answer = read_answer(request, incoming.http_status, incoming.headers, body)
        raise answer.error("the answer says success, but has no bytes")

    @contextmanager
    def _answered(
        self, request: Request, prepared: requests.PreparedRequest, control: Control
    ) -> Iterator[Incoming]:
        """Yield the answer to one try, whose body may be read in the block."""
        started = time.monotonic()
        url = prepared.url or ""
        left = max(0.001, control.remaining())
        timeout = (min(self._timeouts.connect, left), min(self._timeouts.read, left))
        guard = StallGuard(self._timeouts.read, control)
        with controlled(control, guard):
            try:
                response = self._session.get_adapter(url).send(
                    prepared, timeout=timeout, **self._settings_for(request, url)
                )
            except BROKEN as exc:
                raise _transport_error(request, exc) from exc
            with response:
                yield Incoming(request, response, _transport_error, guard)
        logger.debug(
            "%s %s: HTTP %d in %.3f s",
            request.operation,
            request.address,
            response.status_code,
            time.monotonic() - started,
        )

    def _settings_for(self, request: Request, url: str) -> Any:
        """Return the settings for the server asked: another one may be behind another proxy."""
        if request.location is None:
            return self._settings
        return self._session.merge_environment_settings(url, {}, True, None, None)

    def _prepare(
        self, request: Request, control: Control, limit: RateLimit | None
    ) -> requests.PreparedRequest:
        """Fill in a request by hand: what `Session.prepare_request` would add is not wanted here.

        It would take a netrc entry's password for our signature, and for each slice anew it
        would merge settings that never change.
        """
        body = request.encode()
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = request.url(self.base_url)
        headers: Any = self._session.headers
        prepared.headers = CaseInsensitiveDict(headers)
        # A compressed file would have neither its length nor its ranges, and of a compressed
        # answer nobody knows how large it becomes.
        prepared.headers["Accept-Encoding"] = "identity"
        prepared.headers.update(request.headers)
        prepared.headers["Authorization"] = self._credentials.sign_request(request)
        prepared.hooks = {}
        if body is not None:
            prepared.headers["Content-Type"] = body.content_type
            prepared.headers["Content-Length"] = str(len(body))
            paced: Any = body if limit is None else _Paced(body, limit, control)
            prepared.body = paced  # requests sends whatever can be iterated over
        elif request.method == "POST":
            prepared.headers["Content-Length"] = "0"
        return prepared


class _Paced:
    """A body whose bytes wait for their time."""

    def __init__(self, body: Body, limit: RateLimit, control: Control) -> None:
        self._body = body
        self._limit = limit
        self._control = control

    def __len__(self) -> int:
        return len(self._body)

    def __iter__(self) -> Iterator[bytes | memoryview]:
        return self._limit.pace(self._body, self._control.wait)


def _new_session(connections: int) -> requests.Session:
    session = requests.Session()
    adapter = ControlledAdapter(pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = f"cosfast/{__version__}"
    return session


def _transport_error(request: Request, exc: Exception) -> TransportError:
    cause = _root_cause(exc)
    timed_out = isinstance(exc, (requests.Timeout, Urllib3Timeout)) or isinstance(
        cause, (SocketTimeout, TimeoutError)
    )
    kind = TransportTimeout if timed_out else TransportError
    # Those in between quote the URL, which may carry a signature.
    text = redacted(f"{type(cause).__name__}: {cause}" if str(cause) else type(cause).__name__)
    return kind(text, operation=request.operation, target=str(request.address))


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
