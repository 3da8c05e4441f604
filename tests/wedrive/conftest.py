from __future__ import annotations

import pytest
from wedrive.scripted_drive import connect, scripted_drive


@pytest.fixture
def drive():
    """Start a small WeDrive that answers as it is told to."""
    with scripted_drive() as made:
        yield made


@pytest.fixture
def client(drive):
    """Return a client of it, which remembers nothing."""
    with connect(drive) as made:
        yield made
