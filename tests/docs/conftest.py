"""The place where a page's blocks run: its files, its account, and a server for its region."""

from __future__ import annotations

import shutil

import pytest
from emulated import CREDENTIALS
from worked_values import content

FILM_SIZE = 12_500_000  # bytes: twelve slices, of which the last is shorter
PHOTOS = ("beach.jpg", "city.jpg", "2024/snow.jpg")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with the files that the pages speak of, and go there."""
    from docs.documents import ROOT

    made = tmp_path / "reader"
    (made / "photos" / "2024").mkdir(parents=True)
    (made / "film.mp4").write_bytes(content(FILM_SIZE))
    for size, name in enumerate(PHOTOS, start=100_000):
        (made / "photos" / name).write_bytes(content(size))
    shutil.copy(ROOT / "README.md", made)
    monkeypatch.chdir(made)
    return made


@pytest.fixture
def account(monkeypatch):
    """Put an account into the environment, and nothing else of cosfast's."""
    for name in ("COSFAST_ENDPOINT", "COSFAST_REGION", "COSFAST_JOURNAL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COSFAST_APPID", CREDENTIALS.appid)
    monkeypatch.setenv("COSFAST_SECRET_ID", CREDENTIALS.secret_id)
    monkeypatch.setenv("COSFAST_SECRET_KEY", CREDENTIALS.secret_key)
    monkeypatch.setenv("COSFAST_WEDRIVE_CORPID", "local-corp-id")
    monkeypatch.setenv("COSFAST_WEDRIVE_SECRET", "local-corp-secret")
    monkeypatch.setenv("COSFAST_PDS_TOKEN", "local-token")
    monkeypatch.setenv("COSFAST_PDS_DOMAIN", "bj123")
    monkeypatch.setenv("COSFAST_PDS_DRIVE", "1")


@pytest.fixture
def region(account, emulator, monkeypatch):
    """Let a server here stand for every service: in this process and in others."""
    from cosfast import pds, wedrive
    from cosfast.cosv4 import client
    from cosfast.cosv4.protocol.addresses import api_base

    def base_of(region=None, endpoint=None):
        return api_base(region, endpoint or emulator.endpoint)

    monkeypatch.setattr(client, "api_base", base_of)
    monkeypatch.setattr(pds.client, "ENDPOINT", emulator.endpoint)
    monkeypatch.setattr(wedrive.client, "ENDPOINT", emulator.endpoint)
    monkeypatch.setenv("COSFAST_ENDPOINT", emulator.endpoint)
    monkeypatch.setenv("COSFAST_WEDRIVE_ENDPOINT", emulator.endpoint)
    monkeypatch.setenv("COSFAST_PDS_ENDPOINT", emulator.endpoint)
