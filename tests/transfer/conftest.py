"""A journal for one test, and its path."""

from __future__ import annotations

import pytest

from cosfast.transfer.journal import Journal, schema


@pytest.fixture
def path(tmp_path):
    return tmp_path / "cache" / schema.FILE_NAME


@pytest.fixture
def journal(path):
    return Journal(path)
