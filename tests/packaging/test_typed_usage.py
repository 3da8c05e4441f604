"""The sample that type checkers read (typed_usage.py) has every public name in it."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

SAMPLE = Path(__file__).with_name("typed_usage.py").read_text("utf-8")
NEEDS = {"cosfast": "cffi", "cosfast.emulator": "aiohttp", "cosfast.fs": "fsspec"}


@pytest.mark.parametrize("package", NEEDS)
def test_every_public_name_is_used(package):
    pytest.importorskip(NEEDS[package])
    names = importlib.import_module(package).__all__
    used = set(re.findall(rf"\b{re.escape(package)}\.(\w+)", SAMPLE))
    assert set(names) - used == set()
