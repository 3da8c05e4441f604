"""Signatures of requests (PROTOCOL.md, section 2)."""

from __future__ import annotations

import base64
import hmac
import secrets

from cosfast.errors import InputError
from cosfast.parsing import shown

MAX_EXPIRES_IN = 90 * 24 * 3600
"""Maximum lifetime of a reusable signature in seconds: three months, taken as 90 days."""

_NONCE_LIMIT = 10**10  # ten digits, the documented maximum


def sign(
    *,
    appid: str,
    secret_id: str,
    secret_key: str,
    bucket: str,
    fileid: str,
    expires_at: int,
    now: int,
    nonce: int,
) -> str:
    """Return ``base64(HMAC-SHA1(secret_key, plain) + plain)``.

    Args:
        appid: Number of the account.
        secret_id: Id of the key.
        secret_key: The key.
        bucket: Name of the bucket.
        fileid: File or folder that the signature is valid for, percent-encoded; empty for the whole
            bucket.
        expires_at: Seconds since 1970; 0 for a signature that is valid once.
        now: Seconds since 1970.
        nonce: Random number that makes signatures of the same second differ.
    """
    fields = (
        ("a", appid),
        ("k", secret_id),
        ("e", expires_at),
        ("t", now),
        ("r", nonce),
        ("f", fileid),
        ("b", bucket),
    )
    plain = "&".join(f"{name}={value}" for name, value in fields).encode()
    digest = hmac.new(secret_key.encode(), plain, "sha1").digest()
    return base64.b64encode(digest + plain).decode()


def new_nonce() -> int:
    """Return a random number of at most ten digits."""
    return secrets.randbelow(_NONCE_LIMIT)


def check_expires_in(expires_in: int) -> None:
    """Check the lifetime of a reusable signature.

    Raises:
        InputError: If it is not a positive whole number of seconds up to `MAX_EXPIRES_IN`.
    """
    if type(expires_in) is not int or not 0 < expires_in <= MAX_EXPIRES_IN:
        raise InputError(
            f"expires_in must be from 1 to {MAX_EXPIRES_IN} seconds (90 days),"
            f" not {shown(expires_in)}"
        )
