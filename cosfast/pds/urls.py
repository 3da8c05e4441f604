"""Signed URLs of the client: fetched in batches, and renewed before or after they expire."""

from __future__ import annotations

import time
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cosfast.pds.protocol.values import PartUrl

UPLOAD_URL_SECONDS = 15 * 60
"""Seconds that the URL of a part is valid."""

_MARGIN = 0.8
"""Fraction of its lifetime for which a URL is used: clocks differ, and requests are retried."""


class _Known(NamedTuple):
    url: PartUrl
    until: float  # monotonic


class UploadUrls:
    """The signed URLs of the parts of an upload. Threads may share it.

    Args:
        fetch: Returns the URLs of the given parts, by part number.
        batch: Returns the numbers of the parts whose URLs are fetched with that of the given part,
            which comes first.
        lifetime: Seconds that a URL is valid.
    """

    def __init__(
        self,
        fetch: Callable[[Sequence[int]], Mapping[int, PartUrl]],
        batch: Callable[[int], Sequence[int]],
        lifetime: float = UPLOAD_URL_SECONDS,
    ) -> None:
        self._fetch = fetch
        self._batch = batch
        self._lifetime = lifetime
        self._lock = Lock()
        self._known: dict[int, _Known] = {}

    def add(self, urls: Mapping[int, PartUrl]) -> None:
        """Add URLs that have just been fetched."""
        until = time.monotonic() + _MARGIN * self._lifetime
        for number, url in urls.items():
            self._known[number] = _Known(url, until)

    def of(self, number: int) -> UrlOfPart:
        """Return the URL of a part; it is fetched unless a valid one is known."""
        with self._lock:
            if not self._is_fresh(number):
                self._fetch_batch(number)
        return UrlOfPart(self, number)

    def current(self, number: int) -> PartUrl:
        """Return the URL of a part for which `of` was called."""
        return self._known[number].url

    def renew(self, number: int, expired: PartUrl) -> None:
        """Fetch another URL, unless another thread has already replaced `expired`."""
        with self._lock:
            if self._known[number].url == expired:
                # The URLs fetched with it have expired too. They are kept: some may be in use.
                for each, known in self._known.items():
                    self._known[each] = known._replace(until=0.0)
                self._fetch_batch(number)

    def forget(self, number: int) -> None:
        """Forget the URL of a part that the server has."""
        with self._lock:
            self._known.pop(number, None)

    def _is_fresh(self, number: int) -> bool:
        known = self._known.get(number)
        return known is not None and time.monotonic() < known.until

    def _fetch_batch(self, number: int) -> None:
        others = [each for each in self._batch(number) if each != number]
        wanted = [number, *(each for each in others if not self._is_fresh(each))]
        self.add(self._fetch(wanted))


class UrlOfPart:
    """The signed URL of one part; implements `cosfast.pds.protocol.messages.SignedUrl`."""

    def __init__(self, urls: UploadUrls, number: int) -> None:
        self._urls = urls
        self._number = number

    @property
    def current(self) -> PartUrl:
        """The current URL."""
        return self._urls.current(self._number)

    def renew(self, expired: PartUrl) -> None:
        """Replace `expired`; see `UploadUrls.renew`."""
        self._urls.renew(self._number, expired)


class ContentUrl:
    """The signed URL of a file's content. Threads may share it.

    Args:
        fetch: Returns a new URL.
        lifetime: Seconds that a URL is valid.
    """

    def __init__(self, fetch: Callable[[], PartUrl], lifetime: float) -> None:
        self._fetch = fetch
        self._lifetime = lifetime
        self._lock = Lock()
        self._known: _Known | None = None

    def ensure(self) -> None:
        """Fetch a URL unless a valid one is known."""
        with self._lock:
            if self._known is None or time.monotonic() >= self._known.until:
                self._replace()

    @property
    def current(self) -> PartUrl:
        """The current URL; `ensure` must have been called."""
        if self._known is None:
            raise RuntimeError("no URL was fetched")
        return self._known.url

    def renew(self, expired: PartUrl) -> None:
        """Fetch another URL, unless another thread has already replaced `expired`."""
        with self._lock:
            if self._known is None or self._known.url == expired:
                self._replace()

    def _replace(self) -> None:
        self._known = _Known(self._fetch(), time.monotonic() + _MARGIN * self._lifetime)
