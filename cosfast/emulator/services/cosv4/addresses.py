"""Addresses of COS v4: paths in buckets, hosts of buckets, and URLs of files.

The rules are those of PROTOCOL.md section 1 and section 6, item 8. They exclude names that clients
of this API could not use. They are not a protection against path traversal, which is not needed:
paths are never used in the file system.

A client that uses the server's address gets URLs below it. A client that uses the server as its
HTTP proxy requests `http://gz.file.myqcloud.com/...` and gets the cloud's URLs, which it again
requests through the proxy.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote_to_bytes

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.services.cosv4.envelope import RefusedError
from cosfast.emulator.settings import BUCKET_NAME
from cosfast.emulator.store.tree import Key
from cosfast.emulator.wire.values import read_number

if TYPE_CHECKING:
    from cosfast.emulator.wire.addressing import RequestTarget

SERVICE = "cosv4"
"""Name of the service in the database."""

API_PREFIX = "/files/v2/"
HOST_AS_REGION_PREFIX = "/.file.myqcloud.com"
"""Prefix of the paths of SDKs that are configured with the server's address as region."""

ROOT = "/"
MAX_PATH_BYTES = 1024

_FORBIDDEN = re.compile(r'[?*:|\\<>"\x00-\x1f\x7f]')
_DOWNLOAD_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9_-]{0,62})-(?P<appid>[0-9]{1,20})"
    r"\.(?:file|cos[a-z0-9-]{0,40})\.myqcloud\.com(?::[0-9]{1,5})?",
    re.IGNORECASE | re.ASCII,
)
_CLOUD = re.compile(
    r"(?P<scheme>https?)://(?P<region>[a-z0-9-]{1,40})\.file\.myqcloud\.com(?P<port>:[0-9]{1,5})?",
    re.IGNORECASE | re.ASCII,
)
_API_PREFIXES = (HOST_AS_REGION_PREFIX + API_PREFIX, API_PREFIX)
_APPID_DIGITS = 20


@dataclass(frozen=True)
class Place:
    """A path in a bucket. The path of a folder ends in `/`, that of the bucket is `/`."""

    appid: str
    bucket: str
    path: str

    @property
    def key(self) -> Key:
        """Key of the entry at this path in the store."""
        return Key(SERVICE, self.bucket, self.path)

    @property
    def is_folder(self) -> bool:
        """Whether the path is a folder's."""
        return self.path.endswith("/")

    @property
    def parent(self) -> str:
        """Path of the parent folder; empty for the root."""
        return self.path[: len(self.path) - len(self.name)]

    @property
    def name(self) -> str:
        """Last segment, including the trailing `/` of a folder."""
        head, slash, tail = self.path.rpartition("/")
        return tail or head.rpartition("/")[2] + slash

    @property
    def fileid(self) -> str:
        """File id `/<appid>/<bucket>/<path>`, not encoded."""
        return f"/{self.appid}/{self.bucket}{self.path}"

    def sibling(self, path: str) -> Place:
        """Return another path in the same bucket."""
        return Place(self.appid, self.bucket, path)


@dataclass(frozen=True)
class Target:
    """The target of a request: a file to download, or a place for an operation."""

    place: Place
    is_download: bool


def is_bucket_host(host: str) -> bool:
    """Return whether a `Host` header is the download host of a bucket."""
    return _DOWNLOAD_HOST.fullmatch(host) is not None


def is_served(path: str) -> bool:
    """Return whether a raw path has the API's prefix or begins with the host of a bucket."""
    first = path.lstrip("/").partition("/")[0]
    return _strip_prefix(path, *_API_PREFIXES) is not None or is_bucket_host(first)


def parse_target(target: RequestTarget) -> Target:
    """Parse a request target.

    Raises:
        RefusedError: If it is not a valid path of the API or of a download.
    """
    api_path = _strip_prefix(target.path, *_API_PREFIXES)
    if api_path is not None:
        return Target(_api_place(api_path), is_download=False)
    return Target(_download_place(target.path, target.host), is_download=True)


def parse_path(raw: str) -> str:
    """Decode and normalise a path in a bucket. The result begins with `/`.

    An encoded slash is a separator too, and several slashes become one.

    Raises:
        RefusedError: With code -180, if the path is not valid.
    """
    encoded = unquote_to_bytes(raw.encode("utf-8", "surrogateescape"))
    if len(encoded) > MAX_PATH_BYTES:
        raise RefusedError(Code.BAD_PATH, f"path is longer than {MAX_PATH_BYTES} bytes")
    try:
        path = encoded.decode("utf-8")
    except UnicodeDecodeError:
        raise RefusedError(Code.BAD_PATH, "path is not UTF-8") from None
    return check_path(path)


def check_path(path: str) -> str:
    """Normalise a decoded path.

    Raises:
        RefusedError: With code -180, if the path is not valid.
    """
    path = re.sub("/+", "/", "/" + path)
    forbidden = _FORBIDDEN.search(path)
    if forbidden:
        raise RefusedError(Code.BAD_PATH, f"path has a forbidden character: {forbidden[0]!r}")
    for segment in path.strip("/").split("/"):
        if segment in {".", ".."} or (segment and not segment.strip()):
            raise RefusedError(Code.BAD_PATH, f"path has a forbidden segment: {segment!r}")
    if len(path.encode("utf-8")) > MAX_PATH_BYTES:
        raise RefusedError(Code.BAD_PATH, f"path is longer than {MAX_PATH_BYTES} bytes")
    return path


class Links:
    """The URLs of files in responses.

    Args:
        origin: Scheme and host by which the client addresses the server, such as
            `http://127.0.0.1:8080` or `http://gz.file.myqcloud.com`.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        cloud = _CLOUD.fullmatch(origin)
        self._before_host = f"{cloud['scheme']}://" if cloud else f"{origin}/"
        self._after_host = cloud["port"] or "" if cloud else ""
        self._store = f"cos{cloud['region']}" if cloud else "cos"

    def of_file(self, place: Place) -> dict[str, object]:
        """Return the fields of a response that locate a complete file."""
        path = quote(place.path, safe="/~")
        return {
            "access_url": self.access_url(place),
            "source_url": self.source_url(place),
            "url": f"{self._origin}{API_PREFIX}{place.appid}/{place.bucket}{path}",
            "resource_path": place.fileid,
        }

    def access_url(self, place: Place) -> str:
        """Return the URL of the file on the cloud's CDN."""
        return self._download(place, "file")

    def source_url(self, place: Place) -> str:
        """Return the URL of the file on the cloud's origin server."""
        return self._download(place, self._store)

    def _download(self, place: Place, service: str) -> str:
        host = f"{place.bucket}-{place.appid}.{service}.myqcloud.com"
        return f"{self._before_host}{host}{self._after_host}{quote(place.path, safe='/~')}"


def _strip_prefix(path: str, *prefixes: str) -> str | None:
    collapsed = re.sub("/+", "/", path)
    for prefix in prefixes:
        if collapsed.startswith(prefix):
            return collapsed[len(prefix) :]
    return None


def _api_place(rest: str) -> Place:
    appid, _, rest = rest.partition("/")
    bucket, _, path = rest.partition("/")
    if read_number(appid, digits=_APPID_DIGITS) is None:
        raise RefusedError(Code.BAD_APPID, "appid in the path is not a number")
    if not BUCKET_NAME.fullmatch(bucket):
        raise RefusedError(Code.BAD_PATH, "bucket name in the path is missing or malformed")
    return Place(appid, bucket, parse_path(path))


def _download_place(raw_path: str, host: str) -> Place:
    in_host = _DOWNLOAD_HOST.fullmatch(host)
    if in_host:
        return Place(in_host["appid"], in_host["bucket"], parse_path(raw_path))
    first, _, rest = raw_path.lstrip("/").partition("/")
    in_path = _DOWNLOAD_HOST.fullmatch(first)
    if in_path:
        return Place(in_path["appid"], in_path["bucket"], parse_path(rest))
    raise RefusedError(Code.NOT_FOUND, "nothing is served at this address", close=True)
