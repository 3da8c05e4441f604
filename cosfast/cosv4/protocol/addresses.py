"""Addresses of files and folders: buckets, regions, paths and URLs (PROTOCOL.md, 1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, shown
from cosfast.transfer.urls import check_endpoint

_FORBIDDEN = frozenset('?*:|\\<>"')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_APPID = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True)
class ObjectAddress:
    """The address of a file or a folder.

    Args:
        appid: Number of the account, as text or int.
        bucket: Name of the bucket.
        path: Path in the bucket, with or without a leading ``/``. It is stored with one, and
            without empty segments. The path of a folder ends in ``/``; ``/`` is the root of the
            bucket.

    Raises:
        InputError: If the protocol does not allow one of them.
    """

    appid: str
    bucket: str
    path: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "appid", check_appid(self.appid))
        check_bucket(self.bucket)
        if self.bucket.endswith(f"-{self.appid}"):
            raise InputError(
                f"bucket {self.bucket!r} ends in the number of the account, which is not part of a"
                f" bucket's name in COS v4: use {self.bucket.removesuffix(f'-{self.appid}')!r}"
            )
        object.__setattr__(self, "path", normalise_path(self.path))

    @classmethod
    def folder(cls, appid: str, bucket: str, path: str) -> ObjectAddress:
        """Return the address of the folder `path`, with or without a trailing ``/``."""
        return cls(appid, bucket, path + "/" if isinstance(path, str) else path)

    @property
    def is_folder(self) -> bool:
        """Whether this is a folder, whose path always ends in ``/``."""
        return self.path.endswith("/")

    @property
    def is_root(self) -> bool:
        """Whether this is the root of the bucket."""
        return self.path == "/"

    @property
    def url_path(self) -> str:
        """The path of the URL in the API, percent-encoded."""
        return f"/files/v2{self.fileid}"

    @property
    def fileid(self) -> str:
        """``/<appid>/<bucket>/<path>``, percent-encoded, as in signatures of API requests."""
        return f"/{self.appid}/{self.bucket}{self.encoded_path}"

    @property
    def encoded_path(self) -> str:
        """``/<path>``, percent-encoded, as in signatures of downloads."""
        return quote(self.path, safe="/~")

    def parents(self) -> list[ObjectAddress]:
        """Return the parent folders, outermost first, without the root."""
        segments = self.path.strip("/").split("/")
        paths = ("/" + "/".join(segments[:depth]) + "/" for depth in range(1, len(segments)))
        return [ObjectAddress(self.appid, self.bucket, path) for path in paths]

    def __str__(self) -> str:
        return f"cos://{self.bucket}{self.path}"


def require_file(address: ObjectAddress) -> None:
    """Check that an address is that of a file.

    Raises:
        InputError: If it is that of a folder.
    """
    if address.is_folder:
        raise InputError(f"{address} is the path of a folder: remove the '/' at its end for a file")


def require_folder(address: ObjectAddress) -> None:
    """Check that an address is that of a folder below the root.

    Raises:
        InputError: If it is that of a file or the root.
    """
    if not address.is_folder:
        raise InputError(f"{address} is the path of a file: add a '/' at its end for a folder")
    if address.is_root:
        raise InputError(
            f"{address} is the root of the bucket, which cannot be created or deleted: give the"
            " path of a folder in it"
        )


def normalise_path(path: str) -> str:
    """Return `path` with one leading ``/`` and without empty segments.

    Raises:
        InputError: If the path is empty or the protocol does not allow it.
    """
    if not isinstance(path, str):
        raise InputError(f"the path in the bucket must be text, not {type(path).__name__}")
    if not path:
        raise InputError("the path in the bucket is empty: use '/' for the root of the bucket")
    _check_characters(path)
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments:
        _check_segment(path, segment)
    tail = "/" if segments and path.endswith("/") else ""
    return "/" + "/".join(segments) + tail


def _check_characters(path: str) -> None:
    found = sorted(_FORBIDDEN.intersection(path))
    if found:
        raise InputError(
            f"path {path!r} contains {' '.join(found)}, which the service does not allow: choose"
            " another name"
        )
    if _CONTROL.search(path):
        raise InputError(f"path {path!r} contains a control character: choose another name")
    check_text("path", path)


def _check_segment(path: str, segment: str) -> None:
    if segment.isspace():
        raise InputError(
            f"path {path!r} has a segment that consists of blanks: choose another name"
        )
    if segment in {".", ".."}:
        raise InputError(f"path {path!r} has a segment {segment!r}: write the path without it")


def check_text(name: str, text: str) -> None:
    """Check that `text` can be encoded as UTF-8, unlike a file name with undecodable bytes.

    Raises:
        InputError: If it cannot; the message begins with `name`.
    """
    if not isinstance(text, str):
        raise InputError(f"{name} must be text, not {type(text).__name__}")
    if not is_unicode(text):
        raise InputError(f"{name} {text!r} cannot be encoded as UTF-8: use Unicode text")


def check_appid(appid: str | int) -> str:
    """Return the number of the account as text.

    Raises:
        InputError: If it is not a number of at most 20 digits.
    """
    text = str(appid) if type(appid) is int and 0 <= appid < 10**20 else appid
    if not isinstance(text, str) or not _APPID.fullmatch(text):
        raise InputError(f"appid must be a number of at most 20 digits, not {shown(appid)}")
    return text


def check_bucket(bucket: str) -> None:
    """Check the name of a bucket: it is not encoded in URLs and signatures.

    Raises:
        InputError: If it has characters that are not allowed.
    """
    if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
        raise InputError(
            f"bucket {bucket!r} is not a valid name: it may have letters, digits, '-', '_' and '.',"
            " and starts with a letter or digit"
        )


def check_region(region: str) -> None:
    """Check that a region is one label of a host name.

    Raises:
        InputError: If it is not.
    """
    if not isinstance(region, str) or not _HOST_LABEL.fullmatch(region):
        raise InputError(
            f"region {region!r} is not valid: use a short name such as 'gz', 'sh' or 'tj'"
        )


def api_base(region: str | None = None, endpoint: str | None = None) -> str:
    """Return the base URL of the API, without a trailing ``/``.

    Args:
        region: Short name of a region, such as ``gz``; the URL then has the scheme ``https``.
        endpoint: URL to use instead of a region, such as ``http://127.0.0.1:8080``.

    Raises:
        InputError: If neither is given, or one is malformed.
    """
    if region is not None:
        check_region(region)
    if endpoint is not None:
        return check_endpoint(endpoint)
    if region is None:
        raise InputError(
            "no server: use region='gz', for example, or endpoint='http://127.0.0.1:8080'; only the"
            " command line and fsspec read COSFAST_REGION and COSFAST_ENDPOINT"
        )
    return f"https://{region}.file.myqcloud.com"


def download_url(address: ObjectAddress, region: str) -> str:
    """Return the URL of a file's download without the CDN (PROTOCOL.md, section 1).

    Raises:
        InputError: If the region is malformed or the address is that of a folder.
    """
    check_region(region)
    require_file(address)
    host = f"{address.bucket}-{address.appid}.cos{region}.myqcloud.com"
    return f"https://{host}{address.encoded_path}"
