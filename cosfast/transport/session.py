"""`Transport`: sends a protocol `Request`, signed afresh on each try, retried with judgement."""

from __future__ import annotations

import logging
import time
from threading import Event
from typing import TYPE_CHECKING

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError
from urllib3.exceptions import TimeoutError as Urllib3Timeout

from cosfast import __version__
from cosfast.errors import RequestError, TransportError, TransportTimeout
from cosfast.protocol.failures import is_retryable, redacted
from cosfast.protocol.messages import read_answer

if TYPE_CHECKING:
    from cosfast.credentials import Credentials
    from cosfast.protocol.messages import Answer, Request
    from cosfast.transport.retry import RetryPolicy

logger = logging.getLogger("cosfast.transport")

MAX_ANSWER_BYTES = 4 * 1024 * 1024
"""An answer is JSON of a page at most; what is longer is not one, and is not read to its end."""


class Transport:
    """Sends requests for one set of credentials to one endpoint; threads may share it.

    Args:
        credentials: sign each try anew, since a signature may expire while a request waits.
        base_url: scheme, host and port, with no slash at its end.
        session: a `requests.Session` to use; by default one is made here and closed by `close`.
        retry: the policy for every request.
        timeout: seconds to connect and seconds to wait for the socket, as requests takes them.
        connections: connections to keep open, where the session is made here.
    """

    def __init__(
        self,
        credentials: Credentials,
        base_url: str,
        *,
        session: requests.Session | None,
        retry: RetryPolicy,
        timeout: tuple[float, float],
        connections: int,
    ) -> None:
        self._credentials = credentials
        self._base_url = base_url
        self._retry = retry
        self._timeout = timeout
        self._owns_session = session is None
        self._session = _new_session(connections) if session is None else session
        self._settings = self._session.merge_environment_settings(base_url, {}, True, None, None)

    def send(self, request: Request, *, cancelled: Event | None = None) -> Answer:
        """Send `request` until it is answered or not worth another try.

        Args:
            request: what to send.
            cancelled: once set, no further try starts and a wait between two ends.

        Raises:
            ServerError: the server's refusal, by code.
            AnswerError: an answer that is not the protocol's.
            TransportError: no answer came.
        """
        cancelled = cancelled or Event()
        started = time.monotonic()
        failures = 0
        while True:
            try:
                return self._send_once(request)
            except RequestError as error:
                failures += 1
                wait = self._wait_after(error, failures, time.monotonic() - started)
                if wait is None or cancelled.wait(wait):
                    raise

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

    def _send_once(self, request: Request) -> Answer:
        started = time.monotonic()
        prepared = self._prepare(request)
        try:
            with self._session.send(
                prepared,
                timeout=self._timeout,
                allow_redirects=False,
                **self._settings,
            ) as response:
                body = response.raw.read(MAX_ANSWER_BYTES, decode_content=True)
        except (requests.RequestException, HTTPError, OSError) as exc:
            raise _transport_error(request, exc) from exc
        logger.debug(
            "%s %s: HTTP %d in %.3f s",
            request.operation,
            request.address,
            response.status_code,
            time.monotonic() - started,
        )
        return read_answer(request, response.status_code, response.headers, body)

    def _prepare(self, request: Request) -> requests.PreparedRequest:
        body = request.encode()
        headers = dict(request.headers)
        if body is not None:
            headers["Content-Type"] = body.content_type
        return self._session.prepare_request(
            requests.Request(
                request.method,
                request.url(self._base_url),
                headers=headers,
                data=body,
                auth=_Signature(self._credentials.sign_request(request)),
            )
        )


class _Signature(AuthBase):
    """Sets the header as requests' own way of authentication, which a netrc entry then is not."""

    def __init__(self, signature: str) -> None:
        self._signature = signature

    def __call__(self, prepared: requests.PreparedRequest) -> requests.PreparedRequest:
        prepared.headers["Authorization"] = self._signature
        return prepared


def _new_session(connections: int) -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(pool_maxsize=connections, max_retries=0)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    session.headers["User-Agent"] = f"cosfast/{__version__}"
    return session


def _transport_error(request: Request, exc: Exception) -> TransportError:
    timed_out = isinstance(exc, (requests.Timeout, Urllib3Timeout, TimeoutError))
    kind = TransportTimeout if timed_out else TransportError
    return kind(_root_cause(exc), operation=request.operation, target=str(request.address))


def _root_cause(exc: BaseException) -> str:
    """Say what went wrong in the words of the exception that all others were raised from.

    Those in between quote the URL, which may carry a signature.
    """
    seen = {id(exc)}
    while True:
        inner = exc.__cause__ or exc.__context__
        if inner is None or id(inner) in seen:
            break
        seen.add(id(inner))
        exc = inner
    return redacted(f"{type(exc).__name__}: {exc}" if str(exc) else type(exc).__name__)
