"""Make the screenshot of the emulator's page in README, in a real browser.

Run by `make pictures`. Requires an installed Chromium.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from cosfast import Client, Credentials
from cosfast.emulator import Emulator, faults

MIB = 1024 * 1024
PICTURE = Path(__file__).parents[1] / "docs" / "pictures" / "emulator.png"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def fill(emulator: Emulator) -> None:
    """Create uploads, files and faults for the page to show."""
    settings = emulator.settings
    credentials = Credentials(settings.appid, settings.secret_id, settings.secret_key)
    with Client(credentials, endpoint=emulator.endpoint, journal=None) as client:
        for name, size in (("videos/film.mp4", 42 * MIB), ("videos/film.srt", 61_440)):
            client.upload(bytes(size), "media", name)
        client.upload(b"{}", "settings", "app/config.json")
        for name, size, missing in (
            ("videos/sequel.mp4", 64 * MIB, {*range(20, 31), 47, 48, *range(60, 64)}),
            ("backup.tar", 16 * MIB, set(range(3, 16))),
        ):
            opened = client.slice_init("media", name, filesize=size)
            for index in set(range(size // MIB)) - missing:
                client.slice_data(
                    "media",
                    name,
                    session=opened.session,  # type: ignore[union-attr]  # always a new session
                    offset=index * MIB,
                    content=bytes(MIB),
                )
        emulator.faults.add("stat", faults.HttpStatus(503))
        emulator.faults.add("upload_slice_data", faults.LostAnswer(), times=2)
        client.stat("settings", "app/config.json")


def take(browser: str, url: str) -> None:
    """Take a screenshot of `url` with a headless browser and write it to `PICTURE`."""
    with tempfile.TemporaryDirectory() as profile:
        subprocess.run(  # noqa: S603 - a browser found on PATH
            [
                browser,
                *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--disable-component-update"),
                *("--disable-sync", "--disable-quic", "--hide-scrollbars"),
                f"--user-data-dir={profile}",
                "--window-size=1100,1000",
                f"--screenshot={PICTURE}",
                url,
            ],
            check=True,
            timeout=120,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


def main() -> int:
    """Make the picture; return 1 if no browser is installed."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("no Chromium is installed: on Debian, apt-get install chromium", file=sys.stderr)
        return 1
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    with Emulator() as emulator:
        fill(emulator)
        take(browser, f"{emulator.endpoint}/_emulator/")
    print(PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
