"""pytest fixtures for each service: a local server, a client of it, and an environment.

pytest loads this module wherever cosfast is installed, so the fixtures import what they need.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    import cosfast
    from cosfast import pds, wedrive
    from cosfast.emulator import Emulator

_DRIVE = "drive"


@pytest.fixture(scope="session")
def cosfast_emulator_settings() -> Mapping[str, Any]:
    """Return the keyword arguments of every `Emulator` that a fixture starts: none.

    Override it in a `conftest.py`, in a test module, or by parametrization of a single test.
    """
    return {}


@pytest.fixture
def cos_emulator(cosfast_emulator_settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Start a local COS v4 server, empty and for this test alone, at `cos_emulator.endpoint`.

    The test fails if faults that it queued did not happen: it tested less than it says.
    """
    with _started(cosfast_emulator_settings) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def cos_emulator_session(cosfast_emulator_settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Start a local COS v4 server for the whole session; `reset()` empties it."""
    with _started(cosfast_emulator_settings) as emulator:
        yield emulator


@pytest.fixture
def cos_client(cos_emulator: Emulator) -> Iterator[cosfast.Client]:
    """Return a `cosfast.Client` of `cos_emulator` that leaves no journal behind."""
    from cosfast.cosv4 import Client  # noqa: PLC0415
    from cosfast.cosv4.credentials import Credentials  # noqa: PLC0415

    settings = cos_emulator.settings
    credentials = Credentials(settings.appid, settings.secret_id, settings.secret_key)
    with Client(credentials, endpoint=cos_emulator.endpoint, journal=None) as client:
        yield client


@pytest.fixture
def cos_env(
    cos_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    """Set the environment variables of `cos_emulator`, until the test ends; return them.

    They are COSFAST_APPID, COSFAST_SECRET_ID, COSFAST_SECRET_KEY, COSFAST_ENDPOINT and
    COSFAST_JOURNAL, a file in `tmp_path`; COSFAST_REGION is unset.
    """
    settings = cos_emulator.settings
    monkeypatch.delenv("COSFAST_REGION", raising=False)
    return _set(
        monkeypatch,
        tmp_path,
        {
            "COSFAST_APPID": settings.appid,
            "COSFAST_SECRET_ID": settings.secret_id,
            "COSFAST_SECRET_KEY": settings.secret_key,
            "COSFAST_ENDPOINT": cos_emulator.endpoint,
        },
    )


@pytest.fixture
def wedrive_emulator(cosfast_emulator_settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Start a local server of WeDrive, empty and for this test alone.

    Its `settings.corpid` and `settings.corpsecret` get an access token at its `endpoint`. The
    test fails if faults that it queued did not happen.
    """
    with _started(cosfast_emulator_settings) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def wedrive_emulator_session(cosfast_emulator_settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Start a local server of WeDrive for the whole session; `reset()` empties it."""
    with _started(cosfast_emulator_settings) as emulator:
        yield emulator


@pytest.fixture
def wedrive_client(wedrive_emulator: Emulator) -> Iterator[wedrive.Client]:
    """Return a `cosfast.wedrive.Client` of `wedrive_emulator` that leaves no journal behind."""
    from cosfast.wedrive import Client, CorpToken  # noqa: PLC0415

    settings = wedrive_emulator.settings
    token = CorpToken(settings.corpid, settings.corpsecret)
    with Client(token, endpoint=wedrive_emulator.endpoint, journal=None) as client:
        yield client


@pytest.fixture
def wedrive_env(
    wedrive_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    """Set the environment variables of `wedrive_emulator`, until the test ends; return them.

    They are COSFAST_WEDRIVE_CORPID, COSFAST_WEDRIVE_SECRET, COSFAST_WEDRIVE_ENDPOINT and
    COSFAST_JOURNAL, a file in `tmp_path`.
    """
    settings = wedrive_emulator.settings
    return _set(
        monkeypatch,
        tmp_path,
        {
            "COSFAST_WEDRIVE_CORPID": settings.corpid,
            "COSFAST_WEDRIVE_SECRET": settings.corpsecret,
            "COSFAST_WEDRIVE_ENDPOINT": wedrive_emulator.endpoint,
        },
    )


@pytest.fixture
def pds_emulator(cosfast_emulator_settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Start a local PDS server, empty and for this test alone, at `pds_emulator.endpoint`.

    It takes parts of 64 bytes and more, so that small files have many, unless the settings have
    other `limits`. The access token is `pds_emulator.settings.token`; any drive exists. The test
    fails if faults that it queued did not happen.
    """
    with _started(_with_small_parts(cosfast_emulator_settings)) as emulator:
        yield emulator


@pytest.fixture(scope="session")
def pds_emulator_session(cosfast_emulator_settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Start a local PDS server for the whole session; `reset()` empties it."""
    with _started(_with_small_parts(cosfast_emulator_settings)) as emulator:
        yield emulator


@pytest.fixture
def pds_client(pds_emulator: Emulator) -> Iterator[pds.Client]:
    """Return a `cosfast.pds.Client` of `pds_emulator` that leaves no journal behind."""
    from cosfast.pds import Client  # noqa: PLC0415

    with Client(
        token=pds_emulator.settings.token,
        drive_id=_DRIVE,
        endpoint=pds_emulator.endpoint,
        journal=None,
    ) as client:
        yield client


@pytest.fixture
def pds_env(
    pds_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> dict[str, str]:
    """Set the environment variables of `pds_emulator`, until the test ends; return them.

    They are COSFAST_PDS_TOKEN, COSFAST_PDS_DRIVE, COSFAST_PDS_ENDPOINT and COSFAST_JOURNAL, a
    file in `tmp_path`; COSFAST_PDS_DOMAIN is unset.
    """
    monkeypatch.delenv("COSFAST_PDS_DOMAIN", raising=False)
    return _set(
        monkeypatch,
        tmp_path,
        {
            "COSFAST_PDS_TOKEN": pds_emulator.settings.token,
            "COSFAST_PDS_DRIVE": _DRIVE,
            "COSFAST_PDS_ENDPOINT": pds_emulator.endpoint,
        },
    )


@contextmanager
def _started(settings: Mapping[str, Any]) -> Iterator[Emulator]:
    """Run a server while a fixture is in use, and check its faults at the end."""
    from cosfast.emulator import Emulator  # noqa: PLC0415

    with Emulator(**settings) as emulator:
        yield emulator
        emulator.faults.check_all_fired()


def _with_small_parts(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    from cosfast.emulator import Limits  # noqa: PLC0415

    return {"limits": Limits(pds_part_size=64), **settings}


def _set(
    monkeypatch: pytest.MonkeyPatch, folder: Path, variables: dict[str, str]
) -> dict[str, str]:
    """Set variables, and a journal that is not the user's."""
    variables["COSFAST_JOURNAL"] = str(folder / "cosfast-journal.sqlite")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables
