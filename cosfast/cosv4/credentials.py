"""`Credentials`: an account, its key, and the signatures made with it."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cosfast.cosv4.protocol.addresses import ObjectAddress, check_appid, check_bucket
from cosfast.cosv4.protocol.signing import check_expires_in, new_nonce, sign
from cosfast.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosfast.cosv4.protocol.messages import Request

_REQUEST_EXPIRES_IN = 300  # seconds, as the official Python and Java SDKs have it
_SECRET = re.compile(r"[!-%'-~]+")  # visible ASCII without '&', which separates the signed fields


@dataclass(frozen=True)
class Credentials:
    """An account and one of its keys. Immutable; pickles include the key, `repr` does not.

    Args:
        appid: Number of the account, as text or int.
        secret_id: Id of the key.
        secret_key: The key.

    Raises:
        InputError: If one is malformed; the message names it and does not quote it.
    """

    appid: str
    secret_id: str
    secret_key: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "appid", check_appid(self.appid))
        for name in ("secret_id", "secret_key"):
            value = getattr(self, name)
            if not isinstance(value, str) or not _SECRET.fullmatch(value):
                raise InputError(
                    f"{name} must be visible ASCII characters without blanks or '&': check that it"
                    " was copied whole"
                )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Credentials:
        """Read COSFAST_APPID, COSFAST_SECRET_ID and COSFAST_SECRET_KEY from the environment.

        Args:
            environ: Environment variables; by default those of the process.

        Raises:
            InputError: If a variable is missing or empty.
        """
        environ = os.environ if environ is None else environ
        names = ("COSFAST_APPID", "COSFAST_SECRET_ID", "COSFAST_SECRET_KEY")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise InputError(f"no credentials: set {', '.join(missing)} in the environment")
        return cls(*(environ[name] for name in names))

    def sign_reusable(self, bucket: str, path: str = "", *, expires_in: int = 300) -> str:
        """Return a reusable signature for uploads, folders, stat and list.

        Args:
            bucket: Bucket that the signature is valid for.
            path: File or folder that it is valid for; empty for the whole bucket.
            expires_in: Seconds until it expires, at most 90 days (PROTOCOL.md, section 2: three
                months).

        Raises:
            InputError: If an argument is malformed.
        """
        check_expires_in(expires_in)
        check_bucket(bucket)
        fileid = ObjectAddress(self.appid, bucket, path).fileid if path else ""
        return self._sign(bucket, fileid, expires_in)

    def sign_once(self, bucket: str, path: str) -> str:
        """Return a signature for one delete, update or move of the file or folder `path`.

        Raises:
            InputError: If an argument is malformed.
        """
        return self._sign(bucket, ObjectAddress(self.appid, bucket, path).fileid, None)

    def sign_download(self, bucket: str, path: str, *, expires_in: int) -> str:
        """Return a reusable signature for downloads of the file `path`.

        Args:
            bucket: Bucket of the file.
            path: Path of the file.
            expires_in: Seconds until it expires, at most 90 days.

        Raises:
            InputError: If an argument is malformed.
        """
        check_expires_in(expires_in)
        address = ObjectAddress(self.appid, bucket, path)
        return self._sign(bucket, address.encoded_path, expires_in)

    def sign_request(self, request: Request[Any], *, expires_in: int = _REQUEST_EXPIRES_IN) -> str:
        """Return a new signature of the kind that `request` needs; each attempt needs its own."""
        bucket, path = request.address.bucket, request.address.path
        if request.signing == "once":
            return self.sign_once(bucket, path)
        if request.signing == "download":
            return self.sign_download(bucket, path, expires_in=expires_in)
        return self.sign_reusable(bucket, path, expires_in=expires_in)

    def _sign(self, bucket: str, fileid: str, expires_in: int | None) -> str:
        now = int(time.time())
        return sign(
            appid=self.appid,
            secret_id=self.secret_id,
            secret_key=self.secret_key,
            bucket=bucket,
            fileid=fileid,
            expires_at=0 if expires_in is None else now + expires_in,
            now=now,
            nonce=new_nonce(),
        )
