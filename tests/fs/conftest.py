"""The filesystem of a local server of the test's own."""

from __future__ import annotations

import pytest
from emulated import BUCKET, CREDENTIALS

pytest.importorskip("fsspec", reason="the fsspec extra is not installed")

from cosfast.fs import CosV4FileSystem


@pytest.fixture
def fs(client):
    return CosV4FileSystem(client=client)


@pytest.fixture
def root():
    return f"{BUCKET}/folder"


@pytest.fixture
def settings(emulator, monkeypatch):
    """Set the environment, as a user would; return the same as storage options."""
    options = {
        "appid": CREDENTIALS.appid,
        "secret_id": CREDENTIALS.secret_id,
        "secret_key": CREDENTIALS.secret_key,
        "endpoint": emulator.endpoint,
    }
    for name, value in options.items():
        monkeypatch.setenv(f"COSFAST_{name.upper()}", value)
    yield options
    for kept in CosV4FileSystem._cache.values():
        kept.client.close()
    CosV4FileSystem.clear_instance_cache()
