"""Where things are: buckets, regions, paths, and what they become in a URL (PROTOCOL.md, 1)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

from cosfast.errors import InputError
from cosfast.parsing import is_unicode, parse_digits, shown

_FORBIDDEN = frozenset('?*:|\\<>"')
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_HOST_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_APPID = re.compile(r"[0-9]{1,20}")
_URL = re.compile(
    r"(?:http|https)://"
    r"(?:(?P<host>[A-Za-z0-9._-]+)|\[(?P<ipv6>[0-9A-Fa-f:.]+)(?:%[A-Za-z0-9._~-]+)?\])"
    r"(?::(?P<port>[0-9]*))?"
    r"(?:/[^\x00-\x1f\x7f-\x9f?#\\]*)?",
    re.IGNORECASE | re.ASCII,
)
_MAX_PORT = 65535
_MAX_HOST = 253  # characters of a name, RFC 1035
_MAX_LABEL = 63


@dataclass(frozen=True)
class ObjectAddress:
    """A file or a folder of a bucket.

    Args:
        appid: the account's number; an int is taken too.
        bucket: its name.
        path: where in the bucket, with or without the leading ``/``; it is kept with it, and
            ``//`` collapses. A folder's path ends in ``/``; ``/`` alone is the bucket's root.

    Raises:
        InputError: naming what the protocol forbids in them.
    """

    appid: str
    bucket: str
    path: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "appid", check_appid(self.appid))
        check_bucket(self.bucket)
        object.__setattr__(self, "path", normalise_path(self.path))

    @classmethod
    def folder(cls, appid: str, bucket: str, path: str) -> ObjectAddress:
        """Return the address of the folder `path`, whether or not it ends in ``/`` yet."""
        return cls(appid, bucket, path + "/" if isinstance(path, str) else path)

    @property
    def is_folder(self) -> bool:
        """Whether the path is a folder's, which always ends in ``/``."""
        return self.path.endswith("/")

    @property
    def is_root(self) -> bool:
        """Whether this is the bucket itself."""
        return self.path == "/"

    @property
    def url_path(self) -> str:
        """The path of its URL in the API, percent-encoded."""
        return f"/files/v2{self.fileid}"

    @property
    def fileid(self) -> str:
        """``/<appid>/<bucket>/<path>``, percent-encoded: what an API signature is about."""
        return f"/{self.appid}/{self.bucket}{self.encoded_path}"

    @property
    def encoded_path(self) -> str:
        """``/<path>``, percent-encoded: what a download's signature is about."""
        return quote(self.path, safe="/~")

    def parents(self) -> list[ObjectAddress]:
        """Return the folders above it, outermost first, without the root."""
        segments = self.path.strip("/").split("/")
        paths = ("/" + "/".join(segments[:depth]) + "/" for depth in range(1, len(segments)))
        return [ObjectAddress(self.appid, self.bucket, path) for path in paths]

    def __str__(self) -> str:
        return f"cos://{self.bucket}{self.path}"


def require_file(address: ObjectAddress) -> None:
    """Refuse a folder's address where a file's is needed.

    Raises:
        InputError: naming the path.
    """
    if address.is_folder:
        raise InputError(f"{address} is a folder's path: a file's does not end in '/'")


def require_folder(address: ObjectAddress) -> None:
    """Refuse a file's address, or the root's, where a folder below the root is needed.

    Raises:
        InputError: naming the path.
    """
    if not address.is_folder:
        raise InputError(f"{address} is a file's path: a folder's ends in '/'")
    if address.is_root:
        raise InputError(f"{address} is the bucket's root, which always exists")


def normalise_path(path: str) -> str:
    """Return `path` with one leading ``/`` and without empty segments.

    Raises:
        InputError: where it is empty or holds what the protocol forbids; it names which.
    """
    if not isinstance(path, str):
        raise InputError(f"a path is text, not {type(path).__name__}")
    if not path:
        raise InputError("the path is empty; the bucket's root is '/'")
    _check_characters(path)
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments:
        _check_segment(path, segment)
    tail = "/" if segments and path.endswith("/") else ""
    return "/" + "/".join(segments) + tail


def _check_characters(path: str) -> None:
    found = sorted(_FORBIDDEN.intersection(path))
    if found:
        raise InputError(f"path {path!r} holds {' '.join(found)}, which the protocol forbids")
    if _CONTROL.search(path):
        raise InputError(f"path {path!r} holds a control character")
    check_text("path", path)


def _check_segment(path: str, segment: str) -> None:
    if segment.isspace():
        raise InputError(f"path {path!r} has a segment of blanks alone")
    if segment in {".", ".."}:
        raise InputError(f"path {path!r} has a segment {segment!r}; spell the path out")


def check_text(name: str, text: str) -> None:
    """Refuse what has no UTF-8, such as a file name's undecodable bytes.

    Raises:
        InputError: naming `name`.
    """
    if not isinstance(text, str):
        raise InputError(f"{name} is text, not {type(text).__name__}")
    if not is_unicode(text):
        raise InputError(f"{name} {text!r} cannot be written as UTF-8")


def check_appid(appid: str | int) -> str:
    """Return the account's number as text.

    Raises:
        InputError: where it is not a number.
    """
    text = str(appid) if type(appid) is int and 0 <= appid < 10**20 else appid
    if not isinstance(text, str) or not _APPID.fullmatch(text):
        raise InputError(f"appid must be a number of at most 20 digits, not {shown(appid)}")
    return text


def check_bucket(bucket: str) -> None:
    """Refuse a bucket name that cannot stand in a URL and a signature as it is.

    Raises:
        InputError: naming it.
    """
    if not isinstance(bucket, str) or not _BUCKET.fullmatch(bucket):
        raise InputError(
            f"bucket {bucket!r}: letters, digits, '-', '_' and '.' make a bucket's name"
        )


def check_region(region: str) -> None:
    """Refuse a region that would not be one label of a host name.

    Raises:
        InputError: naming it.
    """
    if not isinstance(region, str) or not _HOST_LABEL.fullmatch(region):
        raise InputError(f"region {region!r}: a region is a short name such as 'gz' or 'sh'")


def api_base(region: str | None = None, endpoint: str | None = None) -> str:
    """Return what every API URL starts with, without a trailing ``/``.

    Args:
        region: a short name such as ``gz``; the API is then reached over HTTPS.
        endpoint: an address that takes the region's place, such as ``http://127.0.0.1:8080``.

    Raises:
        InputError: where neither is given, or one is malformed.
    """
    if region is not None:
        check_region(region)
    if endpoint is not None:
        return _check_endpoint(endpoint)
    if region is None:
        raise InputError("neither a region nor an endpoint is given")
    return f"https://{region}.file.myqcloud.com"


def download_url(address: ObjectAddress, region: str) -> str:
    """Return where a file is downloaded from, past the CDN (PROTOCOL.md, section 1).

    Raises:
        InputError: where the region is malformed or the address is a folder's.
    """
    check_region(region)
    require_file(address)
    host = f"{address.bucket}-{address.appid}.cos{region}.myqcloud.com"
    return f"https://{host}{address.encoded_path}"


def is_bare_url(url: str) -> bool:
    """Tell whether `url` is ``http(s)://HOST[:PORT][/PATH]`` and can be requested.

    A user, a query and a fragment are not taken, nor a host that is neither a name in ASCII nor an
    IP address, nor a port above 65535. Python's `urlsplit` would take some of these, and raise
    ValueError for others.
    """
    found = _URL.fullmatch(url)
    if found is None or not is_unicode(url):
        return False
    port = parse_digits(found["port"]) if found["port"] else _MAX_PORT
    if port is None or not 0 < port <= _MAX_PORT:
        return False
    if found["ipv6"] is None:
        labels = found["host"].removesuffix(".").split(".")
        return len(found["host"]) <= _MAX_HOST and all(0 < len(it) <= _MAX_LABEL for it in labels)
    try:
        ipaddress.IPv6Address(found["ipv6"])
    except ValueError:
        return False
    return True


def _check_endpoint(endpoint: str) -> str:
    if isinstance(endpoint, str) and any(mark in endpoint for mark in "@?#"):
        # not quoted: it may well be a password that stands there
        raise InputError("the endpoint is a scheme, a host and a port, without a user or a query")
    if not isinstance(endpoint, str) or not is_bare_url(endpoint):
        raise InputError("the endpoint is not a URL such as http://127.0.0.1:8080")
    return endpoint.rstrip("/")
