"""What a request target names: an operation's path in a bucket, or a file to download.

The sources are PROTOCOL.md section 1 and section 6, item 8. A path never touches the
file system, so nothing here is about escaping from a folder: the rules keep out names
that clients of this API could not use.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

from cosfast.cosv4.protocol.codes import Code
from cosfast.emulator.errors import RefusedError
from cosfast.emulator.wire.values import read_number

API_PREFIX = "/files/v2/"
HOST_AS_REGION_PREFIX = "/.file.myqcloud.com"
ROOT = "/"

MAX_PATH_BYTES = 1024
_FORBIDDEN = re.compile(r'[?*:|\\<>"\x00-\x1f\x7f]')
_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}")
_DOWNLOAD_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9_-]{0,62})-(?P<appid>[0-9]{1,20})"
    r"\.(?:file|cos[a-z0-9-]{0,40})\.myqcloud\.com(?::[0-9]{1,5})?",
    re.IGNORECASE | re.ASCII,
)
_APPID_DIGITS = 20
_ABSOLUTE_FORM = re.compile(
    r"(?P<scheme>https?)://(?P<host>[^/?#]*)(?P<rest>.*)", re.IGNORECASE | re.ASCII | re.DOTALL
)


@dataclass(frozen=True)
class Place:
    """A path in a bucket. A folder's path ends in `/`; the bucket's own is `/`."""

    appid: str
    bucket: str
    path: str

    @property
    def is_folder(self) -> bool:
        """Whether the path is that of a folder."""
        return self.path.endswith("/")

    @property
    def parent(self) -> str:
        """The path of the folder around it; the root's is empty."""
        return self.path[: len(self.path) - len(self.name)]

    @property
    def name(self) -> str:
        """The last segment, with the `/` that ends a folder's."""
        head, slash, tail = self.path.rpartition("/")
        return tail or head.rpartition("/")[2] + slash

    @property
    def fileid(self) -> str:
        """`/<appid>/<bucket>/<path>`, not encoded."""
        return f"/{self.appid}/{self.bucket}{self.path}"

    def sibling(self, path: str) -> Place:
        """Another path in the same bucket."""
        return Place(self.appid, self.bucket, path)


@dataclass(frozen=True)
class Target:
    """What a request target names. `is_download` tells a file's own address from the API's."""

    place: Place
    query: str
    is_download: bool


@dataclass(frozen=True)
class Split:
    """A request target taken apart, before anything is looked up.

    `origin` is the scheme and host of an absolute-form target, which is what clients send to an
    HTTP proxy; it is empty for any other. `host` is the host that was asked for.
    """

    origin: str
    host: str
    path: str
    query: str

    @property
    def is_for_bucket(self) -> bool:
        """Whether the host is that of a bucket's downloads."""
        return _DOWNLOAD_HOST.fullmatch(self.host) is not None


def split_target(raw: str, host: str) -> Split:
    """Take a request target apart, in origin-form or absolute-form.

    Args:
        raw: the target as it came, undecoded bytes as surrogates.
        host: the Host header; an absolute-form target replaces it (RFC 9112 section 3.2.2).
    """
    origin = ""
    absolute = _ABSOLUTE_FORM.match(raw)
    if absolute:
        host, raw = absolute["host"], absolute["rest"]
        origin = f"{absolute['scheme'].lower()}://{host}"
    path, _, query = raw.partition("?")
    return Split(origin, host, path if path.startswith("/") else "/" + path, query)


def parse_target(split: Split) -> Target:
    """Look up what a request target names.

    Raises:
        RefusedError: If it names nothing that can exist here.
    """
    raw_path, query, host = split.path, split.query, split.host
    api_path = _strip_prefix(raw_path, HOST_AS_REGION_PREFIX + API_PREFIX, API_PREFIX)
    if api_path is not None:
        return Target(_api_place(api_path), query, is_download=False)
    return Target(_download_place(raw_path, host), query, is_download=True)


def parse_path(raw: str) -> str:
    """Decode and check the path of a place in its bucket (it starts with `/`).

    An encoded slash separates like any other, and `//` collapses.

    Raises:
        RefusedError: code -180.
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
    """Normalise a decoded path, or refuse it with code -180."""
    path = re.sub("/+", "/", "/" + path)
    forbidden = _FORBIDDEN.search(path)
    if forbidden:
        raise RefusedError(Code.BAD_PATH, f"path holds a forbidden character: {forbidden[0]!r}")
    for segment in path.strip("/").split("/"):
        if segment in {".", ".."} or (segment and not segment.strip()):
            raise RefusedError(Code.BAD_PATH, f"path holds a forbidden segment: {segment!r}")
    if len(path.encode("utf-8")) > MAX_PATH_BYTES:
        raise RefusedError(Code.BAD_PATH, f"path is longer than {MAX_PATH_BYTES} bytes")
    return path


def encode_path(path: str) -> str:
    """Percent-encode a path for a URL, keeping its slashes."""
    return quote(path, safe="/~")


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
    if not _BUCKET.fullmatch(bucket):
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
