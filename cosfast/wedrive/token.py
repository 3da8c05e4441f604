"""`CorpToken`: the access token of an app, fetched, cached and renewed."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, NoReturn, Protocol

from cosfast.errors import InputError
from cosfast.wedrive.protocol.files import MAX_TOKEN, AccessToken
from cosfast.wedrive.protocol.targets import check_id, is_visible
from cosfast.wedrive.shared import SharedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

RENEW_BEFORE = 300.0
"""Seconds before its expiry that a token is renewed; a tenth of its lifetime if that is less."""


class TokenSource(Protocol):
    """Provides the access tokens of a client."""

    def get(
        self,
        endpoint: str,
        fetch: Callable[[str, str], AccessToken],
        check: Callable[[], object],
    ) -> str:
        """Return a valid token.

        Args:
            endpoint: Endpoint that the token is for.
            fetch: Fetches a token, given the corpid and the secret.
            check: Raises if the caller has to stop waiting.
        """

    def replace(self, endpoint: str, refused: str) -> bool:
        """Drop a token that was refused; return whether `get` may return another one."""


class CorpToken:
    """The access token of an app, fetched from the client's endpoint. Threads may share it.

    The token is fetched once for all threads, and again shortly before it expires or after the
    service refused it. It cannot be pickled, so that neither the secret nor the token leaves the
    process.

    Args:
        corpid: Id of the corporation.
        corpsecret: Secret of the app.

    Raises:
        InputError: If one is malformed. The message names it, but does not quote the secret.
    """

    def __init__(self, corpid: str, corpsecret: str) -> None:
        check_id("corpid", corpid)
        if not isinstance(corpsecret, str) or not corpsecret or not is_visible(corpsecret):
            raise InputError("corpsecret must be visible ASCII text without spaces")
        self.corpid = corpid
        self._corpsecret = corpsecret
        self._lock = Lock()
        self._tokens: dict[str, SharedValue[str]] = {}  # by endpoint

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> CorpToken:
        """Return the token of the app in COSFAST_WEDRIVE_CORPID and COSFAST_WEDRIVE_SECRET.

        Args:
            environ: Environment variables; by default those of the process.

        Raises:
            InputError: If a variable is missing or empty; the message names it.
        """
        environ = os.environ if environ is None else environ
        names = ("COSFAST_WEDRIVE_CORPID", "COSFAST_WEDRIVE_SECRET")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise InputError(f"{', '.join(missing)} must be set in the environment")
        return cls(*(environ[name] for name in names))

    def get(
        self,
        endpoint: str,
        fetch: Callable[[str, str], AccessToken],
        check: Callable[[], object],
    ) -> str:
        """Return a token that is valid for some minutes; see `TokenSource`."""

        def fetch_one() -> tuple[str, float]:
            token = fetch(self.corpid, self._corpsecret)
            margin = min(RENEW_BEFORE, token.expires_in / 10)
            return token.value, token.expires_in - margin

        return self._shared(endpoint).get(fetch_one, check)

    def replace(self, endpoint: str, refused: str) -> bool:
        """Drop the token if it is the refused one; see `TokenSource`."""
        self._shared(endpoint).drop(lambda value: value == refused)
        return True

    def __repr__(self) -> str:
        return f"<cosfast.wedrive.CorpToken of {self.corpid}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError(
            "a CorpToken cannot be pickled, since it contains a secret: create one in the other"
            " process"
        )

    def _shared(self, endpoint: str) -> SharedValue[str]:
        with self._lock:
            return self._tokens.setdefault(endpoint, SharedValue())


class _GivenToken:
    """A user's access token, or a user's function that returns one."""

    def __init__(self, given: str | Callable[[], str]) -> None:
        self._given = given

    def get(
        self,
        endpoint: str,
        fetch: Callable[[str, str], AccessToken],
        check: Callable[[], object],
    ) -> str:
        del endpoint, fetch, check
        return self._given if isinstance(self._given, str) else _check(self._given())

    def replace(self, endpoint: str, refused: str) -> bool:
        del endpoint
        return not isinstance(self._given, str) and _check(self._given()) != refused

    def __repr__(self) -> str:
        return "<an access token>"


def token_source(token: CorpToken | str | Callable[[], str]) -> TokenSource:
    """Return the source of tokens for a user's argument.

    Raises:
        InputError: If it is none of the three, or a str that cannot be a token.
    """
    if isinstance(token, CorpToken):
        return token
    if isinstance(token, str):
        return _GivenToken(_check(token))
    if not callable(token):
        raise InputError(
            "token must be a CorpToken, an access token or a function that returns one, not"
            f" {type(token).__name__}"
        )
    return _GivenToken(token)


def _check(token: str) -> str:
    if not isinstance(token, str) or not 0 < len(token) <= MAX_TOKEN or not is_visible(token):
        raise InputError(f"an access token must be visible ASCII text of up to {MAX_TOKEN} bytes")
    return token
