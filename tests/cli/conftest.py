from __future__ import annotations

import pytest
from emulated import connect, start_emulator

pytest.importorskip("aiohttp", reason="the emulator's extra is not installed")


@pytest.fixture
def emulator():
    with start_emulator() as server:
        yield server


@pytest.fixture
def client(emulator):
    with connect(emulator.endpoint) as made:
        yield made
