"""Fixtures for anybody's tests: `cos_emulator`, a server with one argument, and a client of it.

pytest loads this wherever cosfast is installed, so what the fixtures need is imported by them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4 import Client
    from cosfast.emulator import Emulator


@pytest.fixture
def cos_emulator() -> Iterator[Emulator]:
    """Start a local COS v4 server, empty and the test's own; `cos_emulator.endpoint` is where.

    Faults that the test queued and no request met fail it: it tested less than it says.
    """
    from cosfast.emulator import Emulator  # noqa: PLC0415

    with Emulator() as emulator:
        yield emulator
        emulator.faults.check_all_fired()


@pytest.fixture
def cos_client(cos_emulator: Emulator) -> Iterator[Client]:
    """Return a `cosfast.Client` of `cos_emulator` that leaves no journal behind."""
    from cosfast.cosv4 import Client  # noqa: PLC0415
    from cosfast.cosv4.credentials import Credentials  # noqa: PLC0415

    settings = cos_emulator.settings
    credentials = Credentials(settings.appid, settings.secret_id, settings.secret_key)
    with Client(credentials, endpoint=cos_emulator.endpoint, journal=None) as client:
        yield client
