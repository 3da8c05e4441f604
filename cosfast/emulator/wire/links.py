"""The addresses that answers give; all of them lead back to this server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosfast.emulator.wire.addressing import encode_path

if TYPE_CHECKING:
    from cosfast.emulator.wire.addressing import Place


class Links:
    """Builds addresses below `endpoint`, `http://HOST:PORT`, which is set once it is known."""

    endpoint = ""

    def of_file(self, place: Place) -> dict[str, str]:
        """Say where a finished file is, in all the words that answers have for it."""
        return {
            "access_url": self.access_url(place),
            "source_url": self.source_url(place),
            "url": f"{self.endpoint}/files/v2/{place.appid}/{place.bucket}"
            f"{encode_path(place.path)}",
            "resource_path": place.fileid,
        }

    def access_url(self, place: Place) -> str:
        """Where the cloud's CDN would serve the file."""
        return self._download(place, "file")

    def source_url(self, place: Place) -> str:
        """Where the cloud's store would serve the file."""
        return self._download(place, "cos")

    def _download(self, place: Place, service: str) -> str:
        host = f"{place.bucket}-{place.appid}.{service}.myqcloud.com"
        return f"{self.endpoint}/{host}{encode_path(place.path)}"
