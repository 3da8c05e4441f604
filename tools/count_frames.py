"""Count cosfast's own frames between a public call and the HTTP adapter.

Each frame that a reader has to follow should add something. Uploads a file of three slices to a
local server and prints, for each kind of request, the frames from the outermost one of cosfast to
the adapter.
"""

from __future__ import annotations

import sys
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

import cosfast
from cosfast.emulator import Emulator

OWN = str(Path(cosfast.__file__).parent)
SIZE = 10 * 1024 * 1024
LIMITS = {"upload_slice_init": 8, "upload_slice_data": 6}


class CountingAdapter(HTTPAdapter):
    """Adapter that records cosfast's frames above `send` for each operation."""

    def __init__(self) -> None:
        super().__init__()
        self.frames: dict[str, list[str]] = {}

    def send(self, request: requests.PreparedRequest, **options: object) -> requests.Response:  # type: ignore[override]
        """Record the frames, and send the request."""
        head = bytes(next(iter(request.body or [b""]), b""))  # type: ignore[arg-type]
        operation = next((name for name in LIMITS if name.encode() in head), "")
        if operation and operation not in self.frames:
            self.frames[operation] = list(reversed(list(own_frames())))
        return super().send(request, **options)  # type: ignore[arg-type]


def own_frames() -> list[str]:
    """Return the names of cosfast's frames above the caller, innermost first."""
    frame = sys._getframe(2)  # noqa: SLF001 - the purpose of this script
    found = []
    while frame is not None:
        if frame.f_code.co_filename.startswith(OWN):
            file = Path(frame.f_code.co_filename).relative_to(OWN)
            found.append(f"{file}:{frame.f_code.co_qualname}")
        frame = frame.f_back  # type: ignore[assignment]
    return found


def main() -> int:
    """Print the frames; return 1 if there are more than the limits allow."""
    with Emulator() as emulator, requests.Session() as session:
        adapter = CountingAdapter()
        session.mount("http://", adapter)
        credentials = cosfast.Credentials(
            emulator.settings.appid, emulator.settings.secret_id, emulator.settings.secret_key
        )
        with cosfast.Client(
            credentials, endpoint=emulator.endpoint, session=session, journal=None
        ) as client:
            client.upload(bytes(SIZE), "bucket", "file")
    for operation, limit in LIMITS.items():
        frames = adapter.frames[operation]
        print(f"{operation}: {len(frames)} frames (at most {limit})")
        for name in frames:
            print(f"    {name}")
    return any(len(adapter.frames[name]) > limit for name, limit in LIMITS.items())


if __name__ == "__main__":
    sys.exit(main())
