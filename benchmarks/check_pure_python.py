"""Tests of the pure Python peer, with hashlib and with published values of uploadparts."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path
from typing import Any

import pytest
from peers import pure_python

VECTORS = Path(__file__).parents[1] / "tests" / "vectors" / "uploadparts.json"
LARGEST = 1_310_720  # bytes: the worked values up to here have every kind of edge


def worked_values() -> list[dict[str, Any]]:
    """Return the vectors that do not take pure Python too long."""
    cases = json.loads(VECTORS.read_text("ascii"))["cases"]
    return [case for case in cases if case["size"] <= LARGEST]


@pytest.mark.parametrize("case", worked_values(), ids=lambda case: f"{case['size']} bytes")
def test_worked_value(case: dict[str, Any], tmp_path: Path) -> None:
    """The parts list of a worked value is the published one."""
    path = tmp_path / "content"
    path.write_bytes(hashlib.shake_128(b"cosfast-vector-%d" % case["size"]).digest(case["size"]))
    expected = [part["datasha"] for part in case["uploadparts"]]
    assert pure_python.datashas(path, case["slice_size"]) == expected


def test_against_hashlib() -> None:
    """Messages of every length up to three blocks, cut anywhere, give hashlib's digest."""
    source = random.Random(1)
    for length in range(193):
        message = source.randbytes(length)
        cut = source.randint(0, length)
        sha1 = pure_python.Sha1()
        sha1.update(message[:cut])
        sha1.update(message[cut:])
        assert sha1.hexdigest() == hashlib.sha1(message).hexdigest(), length
