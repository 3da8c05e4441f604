"""`Credentials`: who is asking, and the signatures that prove it."""

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
_SECRET = re.compile(r"[!-%'-~]+")  # visible ASCII without '&', which divides the signed fields


@dataclass(frozen=True)
class Credentials:
    """An account and one of its keys. Immutable; pickles whole, prints without the key.

    Args:
        appid: the account's number; an int is taken too.
        secret_id: which of its keys.
        secret_key: the key.

    Raises:
        InputError: naming the one that is malformed, but never quoting it.
    """

    appid: str
    secret_id: str
    secret_key: str = field(repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "appid", check_appid(self.appid))
        for name in ("secret_id", "secret_key"):
            value = getattr(self, name)
            if not isinstance(value, str) or not _SECRET.fullmatch(value):
                raise InputError(f"{name} must be visible ASCII text without blanks or '&'")

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Credentials:
        """Read COSFAST_APPID, COSFAST_SECRET_ID and COSFAST_SECRET_KEY.

        Args:
            environ: where to look; by default the process's environment.

        Raises:
            InputError: naming the variable that is missing or empty.
        """
        environ = os.environ if environ is None else environ
        names = ("COSFAST_APPID", "COSFAST_SECRET_ID", "COSFAST_SECRET_KEY")
        missing = [name for name in names if not environ.get(name)]
        if missing:
            raise InputError(f"{', '.join(missing)} must be set in the environment")
        return cls(*(environ[name] for name in names))

    def sign_reusable(self, bucket: str, path: str = "", *, expires_in: int = 300) -> str:
        """Sign for uploads, folders, stat and list, as often as wanted until it expires.

        Args:
            bucket: the only bucket it is good for.
            path: the only file or folder it is good for; empty for the whole bucket.
            expires_in: seconds, at most 90 days (PROTOCOL.md, section 2: three months).

        Raises:
            InputError: where one of them is malformed.
        """
        check_expires_in(expires_in)
        check_bucket(bucket)
        fileid = ObjectAddress(self.appid, bucket, path).fileid if path else ""
        return self._sign(bucket, fileid, expires_in)

    def sign_once(self, bucket: str, path: str) -> str:
        """Sign for one delete, update or move of the file or folder `path`.

        Raises:
            InputError: where bucket or path is malformed.
        """
        return self._sign(bucket, ObjectAddress(self.appid, bucket, path).fileid, None)

    def sign_download(self, bucket: str, path: str, *, expires_in: int) -> str:
        """Sign for downloads of the file `path`, as often as wanted until it expires.

        Args:
            bucket: the file's bucket.
            path: the file's path.
            expires_in: seconds, at most 90 days.

        Raises:
            InputError: where one of them is malformed.
        """
        check_expires_in(expires_in)
        address = ObjectAddress(self.appid, bucket, path)
        return self._sign(bucket, address.encoded_path, expires_in)

    def sign_request(self, request: Request[Any], *, expires_in: int = _REQUEST_EXPIRES_IN) -> str:
        """Return a fresh signature of the kind that `request` needs; each try takes a new one."""
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
