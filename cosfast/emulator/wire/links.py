"""The URLs that answers give, built so that the client that asked can reach them.

A client that has the server's own address gets URLs below it. One that uses the server as its
HTTP proxy asked for `http://gz.file.myqcloud.com/...`: it gets the cloud's URLs, which lead it
through the proxy again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cosfast.emulator.wire.addressing import encode_path
from cosfast.emulator.wire.values import read_host

if TYPE_CHECKING:
    from cosfast.emulator.wire.addressing import Place

_CLOUD = re.compile(
    r"(?P<scheme>https?)://(?P<region>[a-z0-9-]{1,40})\.file\.myqcloud\.com(?P<port>:[0-9]{1,5})?",
    re.IGNORECASE | re.ASCII,
)
_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^/]+)", re.IGNORECASE | re.ASCII)


class Links:
    """Builds the URLs of files.

    Args:
        origin: what the client calls this server, such as `http://127.0.0.1:8080` or
            `http://gz.file.myqcloud.com`; see `is_origin`.
    """

    def __init__(self, origin: str) -> None:
        self._origin = origin
        cloud = _CLOUD.fullmatch(origin)
        self._before_host = f"{cloud['scheme']}://" if cloud else f"{origin}/"
        self._after_host = cloud["port"] or "" if cloud else ""
        self._store = f"cos{cloud['region']}" if cloud else "cos"

    def of_file(self, place: Place) -> dict[str, str]:
        """Say where a finished file is, in all the words that answers have for it."""
        return {
            "access_url": self.access_url(place),
            "source_url": self.source_url(place),
            "url": f"{self._origin}/files/v2/{place.appid}/{place.bucket}{encode_path(place.path)}",
            "resource_path": place.fileid,
        }

    def access_url(self, place: Place) -> str:
        """Where the cloud's CDN would serve the file."""
        return self._download(place, "file")

    def source_url(self, place: Place) -> str:
        """Where the cloud's store would serve the file."""
        return self._download(place, self._store)

    def _download(self, place: Place, service: str) -> str:
        host = f"{place.bucket}-{place.appid}.{service}.myqcloud.com"
        return f"{self._before_host}{host}{self._after_host}{encode_path(place.path)}"


def is_origin(text: str) -> bool:
    """Tell whether a text is a scheme and a host that URLs can be built from."""
    match = _ORIGIN.fullmatch(text)
    return match is not None and read_host(match["host"]) is not None
