"""Access control: access tokens, quota, rate limits, download cookies."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import deque
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from cosfast.emulator.services.wedrive.envelope import RefusedError
from cosfast.wedrive.protocol.codes import ErrCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.emulator.services import Context

MINUTE = 60.0
DOWNLOAD_LIFETIME = 2 * 3600
COOKIE_NAME = "cosfast_drive_auth"


class Tokens:
    """The access tokens, kept in memory. They expire after `Limits.access_token_lifetime`."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = Lock()
        self._expiry: dict[str, float] = {}

    def fetch(self, corpid: str, corpsecret: str) -> tuple[str, int]:
        """Return a token and its remaining seconds; a new one after half the lifetime.

        Raises:
            RefusedError: If the corpid or the secret is wrong.
        """
        settings = self._context.settings
        if not hmac.compare_digest(corpid.encode(), settings.corpid.encode()):
            raise RefusedError(ErrCode.BAD_CORPID, "invalid corpid")
        if not hmac.compare_digest(corpsecret.encode(), settings.corpsecret.encode()):
            raise RefusedError(ErrCode.BAD_SECRET, "invalid credential")
        lifetime = settings.limits.access_token_lifetime
        now = self._context.clock()
        with self._lock:
            for token, expiry in self._expiry.items():
                if expiry - now > lifetime / 2:
                    return token, int(expiry - now)
            token = secrets.token_urlsafe(160)
            self._expiry[token] = now + lifetime
            return token, int(lifetime)

    def check(self, token: str) -> None:
        """Refuse a call whose token is missing, unknown or expired."""
        if not token:
            raise RefusedError(ErrCode.TOKEN_MISSING, "access_token missing")
        with self._lock:
            expiry = self._expiry.get(token)
        if expiry is None:
            raise RefusedError(ErrCode.INVALID_TOKEN, "invalid access_token")
        if self._context.clock() >= expiry:
            raise RefusedError(ErrCode.TOKEN_EXPIRED, "access_token expired")

    def revoke_all(self) -> None:
        """Revoke all tokens."""
        with self._lock:
            self._expiry.clear()


class Meter:
    """Counts calls against the quota and the rate limits of `Limits` that are set."""

    def __init__(self, context: Context) -> None:
        self._limits = context.settings.limits
        self._clock = context.clock
        self._lock = Lock()
        self._used = 0
        self._active = 0
        self._recent: deque[float] = deque()

    @contextmanager
    def active(self) -> Iterator[None]:
        """Count a call as active within the `with` block."""
        with self._lock:
            self._active += 1
        try:
            yield
        finally:
            with self._lock:
                self._active -= 1

    def count(self) -> None:
        """Count one call.

        Raises:
            RefusedError: With code 640019 if the quota is used up, 45009 if there were too many
                calls within a minute, 45033 if too many are active at once.
        """
        with self._lock:
            self._check()
            self._used += 1

    def reset(self) -> None:
        """Reset the counts, as at the beginning of a month."""
        with self._lock:
            self._used = 0
            self._recent.clear()

    def _check(self) -> None:
        limits, now = self._limits, self._clock()
        if limits.wedrive_quota is not None and self._used >= limits.wedrive_quota:
            raise RefusedError(ErrCode.QUOTA_USED_UP, "the quota of API calls is used up")
        at_once = limits.wedrive_calls_at_once
        if at_once is not None and self._active > at_once:
            raise RefusedError(ErrCode.TOO_MANY_AT_ONCE, "api concurrent out of limit")
        if limits.wedrive_calls_a_minute is not None:
            while self._recent and self._recent[0] <= now - MINUTE:
                self._recent.popleft()
            if len(self._recent) >= limits.wedrive_calls_a_minute:
                raise RefusedError(ErrCode.TOO_MANY_CALLS, "api freq out of limit")
            self._recent.append(now)


class Cookies:
    """Sealed cookies that permit downloads of a file for two hours. They are not stored."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._key = secrets.token_bytes(32)

    def make(self, fileid: str) -> str:
        """Return the value of a cookie for a file."""
        expiry = self._context.now() + DOWNLOAD_LIFETIME
        return f"{expiry}.{self._seal(fileid, expiry)}"

    def is_good(self, value: str, fileid: str) -> bool:
        """Return whether a cookie is valid for a file and has not expired."""
        expiry, _, seal = value.partition(".")
        if not (
            expiry.isascii() and expiry.isdigit() and seal.isascii() and len(expiry) < len(seal)
        ):
            return False
        genuine = hmac.compare_digest(seal, self._seal(fileid, int(expiry)))
        return genuine and int(expiry) > self._context.clock()

    def _seal(self, fileid: str, expiry: int) -> str:
        return hmac.new(self._key, f"{expiry} {fileid}".encode(), hashlib.sha256).hexdigest()
