"""Verification of signatures (PROTOCOL.md section 2)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.wire.values import BLANKS, read_number

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosfast.emulator.services.cosv4.addresses import Place

MAX_LIFETIME = 92 * 24 * 3600
"""Maximum seconds until expiry: three months, which have at most 92 days."""

_HMAC_SIZE = 20
_NUMBER_DIGITS = 20
_REQUIRED = ("a", "k", "e", "t", "r", "f", "b")


@dataclass(frozen=True)
class Signature:
    """A signature whose HMAC, owner, bucket, file and dates have been verified.

    Attributes:
        expires: Expiry in seconds since 1970; 0 for a one-time signature.
        fileid: Signed file id as sent, possibly encoded.
        digest: SHA-256 of the signature's bytes, which identifies it without revealing it.
    """

    expires: int
    fileid: str
    digest: bytes

    @property
    def is_once(self) -> bool:
        """Whether it is a one-time signature (`e` is 0)."""
        return self.expires == 0

    def require_reusable(self) -> None:
        """Refuse a one-time signature with code -74."""
        if self.is_once:
            raise RefusedError(
                Code.REUSABLE_WITHOUT_EXPIRY, "this operation needs a signature with an expiry"
            )

    def require_once(self) -> None:
        """Refuse a reusable signature with code -73."""
        if not self.is_once:
            raise RefusedError(
                Code.ONCE_WITH_EXPIRY, "this operation needs a one-time signature: e must be 0"
            )


class Verifier:
    """The verifier of the signatures of one key pair."""

    def __init__(
        self,
        appid: str,
        secret_id: str,
        secret_key: str,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._appid = appid
        self._secret_id = secret_id
        self._key = secret_key.encode("utf-8")
        self._clock = clock

    def verify(self, text: str, place: Place, *, for_download: bool = False) -> Signature:
        """Verify a signature, except for its kind, which depends on the operation.

        Args:
            text: Base64 from the Authorization header or from `sign=`.
            place: Place of the request.
            for_download: Whether the signed file id may also be the path alone.

        Raises:
            RefusedError: With the code of the first violated rule. The HMAC is checked before
                bucket, file id and dates.
        """
        if not text:
            raise RefusedError(Code.SIGNATURE_MISSING, "the request is not signed")
        signed = _decode(text)
        mac, plain = signed[:_HMAC_SIZE], signed[_HMAC_SIZE:]
        fields = _parse(plain)
        if fields["k"] != self._secret_id:
            raise RefusedError(Code.UNKNOWN_SECRET_ID, "the signature's SecretId is unknown")
        if fields["a"] != self._appid:
            raise RefusedError(
                Code.APPID_MISMATCH, "the signature's appid does not match its SecretId"
            )
        if not hmac.compare_digest(mac, hmac.new(self._key, plain, hashlib.sha1).digest()):
            raise RefusedError(Code.SIGNATURE_WRONG, "the signature does not match")
        signature = Signature(int(fields["e"]), fields["f"], hashlib.sha256(signed).digest())
        if fields["b"] != place.bucket:
            raise RefusedError(Code.BUCKET_MISMATCH, "the signature is for another bucket")
        _check_fileid(signature, place, for_download=for_download)
        if not signature.is_once:
            self._check_dates(signature.expires, int(fields["t"]))
        return signature

    def _check_dates(self, expires: int, signed_at: int) -> None:
        now = self._clock()
        if expires <= now or expires <= signed_at:
            raise RefusedError(Code.SIGNATURE_EXPIRED, "the signature has expired")
        if expires > now + MAX_LIFETIME:
            raise RefusedError(
                Code.SIGNATURE_EXPIRED, "the signature expires more than three months from now"
            )


def _decode(text: str) -> bytes:
    try:
        signed = base64.b64decode(text.strip(BLANKS), validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError(Code.SIGNATURE_WRONG, "the signature is not base64") from None
    if len(signed) <= _HMAC_SIZE:
        raise RefusedError(Code.SIGNATURE_WRONG, "the signature is too short")
    return signed


def _parse(plain: bytes) -> dict[str, str]:
    """Parse the fields by name, since their order differs between SDKs."""
    try:
        text = plain.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(Code.SIGNATURE_WRONG, "the signed text is not UTF-8") from None
    fields: dict[str, str] = {}
    for pair in text.split("&"):
        name, _, value = pair.partition("=")
        if name in fields:
            raise RefusedError(Code.SIGNATURE_WRONG, f"the signed text has {name[:80]!r} twice")
        fields[name] = value
    for name in _REQUIRED:
        if name not in fields:
            raise RefusedError(Code.SIGNATURE_WRONG, f"the signed text lacks the field {name!r}")
    for name in ("e", "t", "r"):
        if read_number(fields[name], digits=_NUMBER_DIGITS) is None:
            raise RefusedError(
                Code.SIGNATURE_WRONG,
                f"the signed text's field {name!r} is not a number of at most"
                f" {_NUMBER_DIGITS} digits",
            )
    return fields


def _check_fileid(signature: Signature, place: Place, *, for_download: bool) -> None:
    """Check the file id, decoded too: SDKs encode it differently, and one encodes it twice."""
    if not signature.fileid and not signature.is_once:
        return
    allowed = {place.fileid}
    if for_download:
        allowed.add(place.path)
    if not signature.is_once:
        allowed.add(f"/{place.appid}/{place.bucket}/")
    decoded = unquote(signature.fileid, errors="replace")
    for fileid in (signature.fileid, decoded, unquote(decoded, errors="replace")):
        if re.sub("/+", "/", fileid) in allowed:
            return
    raise RefusedError(Code.FILEID_MISMATCH, "the signature is for another file")
