"""A verified download from the emulator, compared with curl and requests."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest
from harness import claims
from harness.race import LIMIT, OURS, Contender, Race, Work
from harness.servers import BUCKET, connect, running_emulator
from harness.sizes import Sizes, spell_size
from peers import downloaders

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from conftest import Measure
    from harness.files import Files

    import cosfast

OBJECT = "/file.bin"
EXPIRES_IN = 24 * 3600  # seconds


class FromEmulator:
    """A file on the emulator, and a folder for downloads."""

    def __init__(self, client: cosfast.Client, folder: Path) -> None:
        self._client = client
        self._folder = folder
        self._numbers = count()
        self._url = client.download_url(BUCKET, OBJECT, expires_in=EXPIRES_IN)

    def download(self) -> str:
        """Download the file with cosfast; return its SHA-1."""
        return self._client.download(BUCKET, OBJECT, self._new_path()).sha1

    def fetch(self, download: Callable[[str, Path], str]) -> str:
        """Download the file with a peer."""
        return download(self._url, self._new_path())

    def only_fetch(self) -> str:
        """Download the file without checking it."""
        downloaders.curl(self._url, self._new_path())
        return ""

    def is_right(self, result: str, expected: str) -> bool:
        """Check the result of a download, and remove its files before the next one."""
        left = list(self._folder.iterdir())
        for path in left:
            path.unlink()
        return result == expected and len(left) == 1

    def _new_path(self) -> Path:
        return self._folder / f"{next(self._numbers)}.bin"


def is_right(result: str, work: Work) -> bool:
    """Check a download that returned its SHA-1."""
    return bool(work.data.is_right(result, work.expected))


RACE = Race(
    "download",
    "curl, then sha1sum",
    (
        Contender("cosfast", lambda work: work.data.download(), OURS, is_right),
        Contender(
            "curl, then sha1sum",
            lambda work: work.data.fetch(downloaders.curl_and_sha1sum),
            check=is_right,
        ),
        Contender(
            "requests and hashlib",
            lambda work: work.data.fetch(downloaders.requests_and_hashlib),
            check=is_right,
        ),
        Contender(
            "curl alone",
            lambda work: work.data.only_fetch(),
            LIMIT,
            check=lambda result, work: work.data.is_right(result, ""),
        ),
    ),
    {"cosfast": claims.DOWNLOAD},
    rounds=9,
)


@pytest.fixture(scope="module")
def work(sizes: Sizes, files: Files, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    """Run an emulator that has the file."""
    path = files.single(sizes.file)
    root, folder = tmp_path_factory.mktemp("emulator"), tmp_path_factory.mktemp("downloads")
    with running_emulator(root) as endpoint, connect(endpoint) as client:
        sha1 = client.upload(path, BUCKET, OBJECT).sha1
        title = f"{spell_size(sizes.file)} from the emulator"
        yield Work(title, FromEmulator(client, folder), sha1, sizes.file)


@pytest.mark.parametrize("name", RACE.names)
def test_download(measure: Measure, work: Work, name: str) -> None:
    """Download one file."""
    measure(RACE, work, name)
