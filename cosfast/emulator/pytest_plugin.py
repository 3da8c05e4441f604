"""pytest fixtures: a local server of each service, and a client of it.

pytest loads this module wherever cosfast is installed, so the fixtures import what they need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosfast.cosv4 import Client
    from cosfast.emulator import Emulator
    from cosfast.pds import Client as PdsClient
    from cosfast.wedrive import Client as WeDriveClient


@pytest.fixture
def cos_emulator() -> Iterator[Emulator]:
    """Start a local server, empty and for this test alone, at `cos_emulator.endpoint`.

    The test fails if faults that it queued did not happen: it tested less than it says.
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


@pytest.fixture
def wedrive_emulator() -> Iterator[Emulator]:
    """Start a local server of WeDrive, empty and for this test alone.

    Its `settings.corpid` and `settings.corpsecret` get an access token at its `endpoint`. The
    test fails if faults that it queued did not happen.
    """
    from cosfast.emulator import Emulator  # noqa: PLC0415

    with Emulator() as emulator:
        yield emulator
        emulator.faults.check_all_fired()


@pytest.fixture
def wedrive_client(wedrive_emulator: Emulator) -> Iterator[WeDriveClient]:
    """Return a `cosfast.wedrive.Client` of `wedrive_emulator` that leaves no journal behind."""
    from cosfast.wedrive import Client, CorpToken  # noqa: PLC0415

    settings = wedrive_emulator.settings
    token = CorpToken(settings.corpid, settings.corpsecret)
    with Client(token, endpoint=wedrive_emulator.endpoint, journal=None) as client:
        yield client


@pytest.fixture
def pds_emulator() -> Iterator[Emulator]:
    """Start a local PDS server, empty and for this test alone, at `pds_emulator.endpoint`.

    It takes parts of 64 bytes and more, so that small files have many. The access token is
    `pds_emulator.settings.token`; any drive exists. The test fails if faults that it queued did
    not happen.
    """
    from cosfast.emulator import Emulator  # noqa: PLC0415
    from cosfast.emulator.settings import Limits  # noqa: PLC0415

    with Emulator(limits=Limits(pds_part_size=64)) as emulator:
        yield emulator
        emulator.faults.check_all_fired()


@pytest.fixture
def pds_client(pds_emulator: Emulator) -> Iterator[PdsClient]:
    """Return a `cosfast.pds.Client` of `pds_emulator` that leaves no journal behind."""
    from cosfast.pds import Client as PdsClient  # noqa: PLC0415

    with PdsClient(
        token=pds_emulator.settings.token,
        drive_id="drive",
        endpoint=pds_emulator.endpoint,
        journal=None,
    ) as client:
        yield client
