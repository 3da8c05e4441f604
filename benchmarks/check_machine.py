"""Tests of the name of the microarchitecture, which names result files and charts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness.machine import microarchitecture, result_name

CPUS = {
    ("AuthenticAMD", 23, 1): "Zen",
    ("AuthenticAMD", 23, 49): "Zen 2",
    ("AuthenticAMD", 25, 1): "Zen 3",
    ("AuthenticAMD", 25, 17): "Zen 4",
    ("AuthenticAMD", 25, 33): "Zen 3",
    ("AuthenticAMD", 25, 97): "Zen 4",
    ("AuthenticAMD", 26, 2): "Zen 5",
    ("GenuineIntel", 6, 106): "Ice Lake-SP",
    ("GenuineIntel", 6, 143): "Sapphire Rapids",
    ("GenuineIntel", 25, 17): "family 25 model 17",
}


@pytest.mark.parametrize("cpu", CPUS)
def test_microarchitectures(cpu: tuple[str, int, int]) -> None:
    """They are told by vendor, family and model."""
    vendor, family, model = cpu
    info = {"vendor_id": vendor, "cpu family": str(family), "model": str(model)}
    assert microarchitecture(info) == CPUS[cpu]


def test_a_machine_that_tells_nothing() -> None:
    """It has a name for its result file nevertheless."""
    assert result_name(microarchitecture({}))


def test_stored_results_have_the_names_of_their_machines() -> None:
    """A result file is of the CPU that it names."""
    for path in (Path(__file__).parent / "results").glob("*.json"):
        stored = json.loads(path.read_text("utf-8"))
        if not stored["quick"]:
            assert path.stem == result_name(stored["machine_info"]["cpu"]["microarchitecture"])
